// SPDX-License-Identifier: MIT
//
// Sources: fs/binfmt_script.c, fs/binfmt_elf.c, elf(5), ld.so(8).
#include <sysfd/detail/program_file.hpp>

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t most_read = 256;  // BINPRM_BUF_SIZE: of a script the kernel reads no more

// How many of the bytes from `offset` on are there.
std::size_t read_at(BorrowedFd file, std::uint64_t offset, void* room, std::size_t size) noexcept {
  const long got =
      system_call_retried(SYS_pread64, file.get(), room, size, static_cast<long>(offset));
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

template <class T>
std::optional<T> read_struct(BorrowedFd file, std::uint64_t offset) noexcept {
  T value;
  if (read_at(file, offset, &value, sizeof value) != sizeof value) return std::nullopt;
  return value;
}

// `start`: the file's first bytes, without the "#!". Empty: there is none, or its end is not among
// these bytes.
std::string_view interpreter_of_script(std::string_view start) noexcept {
  const std::size_t newline = start.find('\n');
  std::string_view line = start.substr(0, newline);
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
  const std::size_t end = line.find_first_of(std::string_view(" \t\0", 3));
  const bool has_end = newline != start.npos || end != line.npos || start.size() + 2 < most_read;
  return has_end ? line.substr(0, end) : std::string_view();
}

// What both kinds of ELF files say, each in fields of its own size.
struct Segments {
  std::uint64_t offset;  // of the first one's header
  std::uint64_t header_size;
  int count;
};
struct Segment {
  std::uint32_t type;
  std::uint64_t offset, address, size;
};

template <class Header, class SegmentHeader>
std::optional<Segments> read_segments(BorrowedFd file) noexcept {
  const auto header = read_struct<Header>(file, 0);
  if (!header || header->e_phentsize != sizeof(SegmentHeader)) return std::nullopt;
  return Segments{header->e_phoff, header->e_phentsize, header->e_phnum};
}

template <class SegmentHeader>
std::optional<Segment> read_segment(BorrowedFd file, std::uint64_t offset) noexcept {
  const auto header = read_struct<SegmentHeader>(file, offset);
  if (!header) return std::nullopt;
  return Segment{header->p_type, header->p_offset, header->p_vaddr, header->p_filesz};
}

// Calls `visit` with each segment until it returns false. Returns false if the file is damaged.
template <class Visit>
bool for_each_segment(BorrowedFd file, bool is_64, Visit visit) {
  constexpr int most_segments = 1024;
  const auto segments = is_64 ? read_segments<Elf64_Ehdr, Elf64_Phdr>(file)
                              : read_segments<Elf32_Ehdr, Elf32_Phdr>(file);
  if (!segments) return false;
  for (int i = 0; i < std::min(segments->count, most_segments); ++i) {
    const auto offset = segments->offset + static_cast<unsigned>(i) * segments->header_size;
    const auto segment =
        is_64 ? read_segment<Elf64_Phdr>(file, offset) : read_segment<Elf32_Phdr>(file, offset);
    if (!segment) return false;
    if (!visit(*segment)) break;
  }
  return true;
}

std::string loader_of(BorrowedFd file, bool is_64) {
  std::string loader;
  const bool is_sound = for_each_segment(file, is_64, [&](const Segment& segment) {
    if (segment.type != PT_INTERP) return true;
    if (segment.size > most_read) return false;
    char room[most_read];
    const std::string_view path(room, read_at(file, segment.offset, room, segment.size));
    loader = path.substr(0, path.find('\0'));
    return false;
  });
  return is_sound ? loader : std::string();
}

// The string at this place in a file: at most `most` bytes, without its NUL.
std::string string_at(BorrowedFd file, std::uint64_t offset, std::size_t most) {
  std::string text;
  while (text.size() < most) {
    char room[most_read];
    const std::string_view part(room, read_at(file, offset + text.size(), room, sizeof room));
    const auto end = part.find('\0');
    text += part.substr(0, end);
    if (end != part.npos || part.empty()) break;
  }
  return text;
}

struct DynamicEntry {
  std::int64_t tag;
  std::uint64_t value;
};

std::optional<DynamicEntry> read_dynamic_entry(BorrowedFd file, bool is_64, std::uint64_t offset) {
  if (is_64) {
    const auto entry = read_struct<Elf64_Dyn>(file, offset);
    if (!entry) return std::nullopt;
    return DynamicEntry{entry->d_tag, entry->d_un.d_val};
  }
  const auto entry = read_struct<Elf32_Dyn>(file, offset);
  if (!entry) return std::nullopt;
  return DynamicEntry{entry->d_tag, entry->d_un.d_val};
}

// The entries of the dynamic section, up to DT_NULL. Empty: there is none.
std::vector<DynamicEntry> dynamic_entries(BorrowedFd file, bool is_64) {
  constexpr std::uint64_t most_entries = 4096;
  std::vector<DynamicEntry> entries;
  for_each_segment(file, is_64, [&](const Segment& segment) {
    if (segment.type != PT_DYNAMIC) return true;
    const std::uint64_t size = is_64 ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
    for (std::uint64_t i = 0; i < std::min(segment.size / size, most_entries); ++i) {
      const auto entry = read_dynamic_entry(file, is_64, segment.offset + i * size);
      if (!entry || entry->tag == DT_NULL) break;
      entries.push_back(*entry);
    }
    return false;
  });
  return entries;
}

// Where in the file that is what a process has at this address.
std::optional<std::uint64_t> offset_of(BorrowedFd file, bool is_64, std::uint64_t address) {
  std::optional<std::uint64_t> offset;
  for_each_segment(file, is_64, [&](const Segment& segment) {
    if (segment.type != PT_LOAD || address < segment.address ||
        address - segment.address >= segment.size)
      return true;
    offset = segment.offset + (address - segment.address);
    return false;
  });
  return offset;
}

// The two kinds of programs that a processor of this kind executes.
#if defined(__x86_64__)
constexpr Elf64_Half machine = EM_X86_64, small_machine = EM_386;
#elif defined(__aarch64__)
constexpr Elf64_Half machine = EM_AARCH64, small_machine = EM_ARM;
#elif defined(__riscv)
constexpr Elf64_Half machine = EM_RISCV, small_machine = EM_RISCV;
#else
constexpr Elf64_Half machine = EM_NONE, small_machine = EM_NONE;
#endif

// The part that both kinds have in common, which tells which it is.
std::optional<Elf32_Ehdr> elf_header(BorrowedFd file) noexcept {
  const auto header = read_struct<Elf32_Ehdr>(file, 0);
  constexpr auto own_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_DATA] != own_order)
    return std::nullopt;
  return header;
}

std::optional<std::string> loader_if_elf(BorrowedFd file) {
  const auto header = elf_header(file);
  if (!header) return std::nullopt;
  if (header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_machine == machine)
    return loader_of(file, true);
  if (header->e_ident[EI_CLASS] == ELFCLASS32 &&
      (header->e_machine == small_machine || header->e_machine == machine))  // x32
    return loader_of(file, false);
  return std::nullopt;
}

// Opens a regular file again, for reading. Anything else is not opened.
Result<OwnedFd> open_for_reading(BorrowedFd file) noexcept {
  struct stat status;
  if (const long answer = system_call(SYS_fstat, file.get(), &status); answer < 0)
    return failure(static_cast<int>(-answer));
  if (!S_ISREG(status.st_mode)) return failure(ENOEXEC);
  return open_proc_link("thread-self/fd", NumberedPath("", file.get()).get(),
                        O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

}  // namespace

Result<Format> format_of(BorrowedFd file) {
  const auto readable = open_for_reading(file);
  if (!readable) return std::unexpected(readable.error());
  char room[most_read];
  const std::string_view start(room, read_at(*readable, 0, room, sizeof room));
  if (start.starts_with("#!"))
    return Format{Format::Kind::script, std::string(interpreter_of_script(start.substr(2)))};
  if (auto loader = loader_if_elf(*readable)) return Format{Format::Kind::elf, *std::move(loader)};
  return Format{};
}

Result<ElfNeeds> elf_needs(BorrowedFd file, std::size_t most) {
  constexpr std::int64_t auxiliary = 0x7ffffffd, filter = 0x7fffffff;  // DT_AUXILIARY, DT_FILTER
  const auto readable = open_for_reading(file);
  if (!readable) return std::unexpected(readable.error());
  const auto header = elf_header(*readable);
  if (!header) return failure(ENOEXEC);
  const bool is_64 = header->e_ident[EI_CLASS] == ELFCLASS64;
  ElfNeeds found;
  found.word_size = header->e_ident[EI_CLASS];
  found.machine = header->e_machine;
  bool is_sound = for_each_segment(*readable, is_64, [&](const Segment& segment) {
    if (segment.type != PT_INTERP) return true;
    found.loader =
        string_at(*readable, segment.offset, std::min<std::size_t>(segment.size, PATH_MAX));
    return false;
  });
  if (!is_sound) return failure(ENOEXEC);

  const auto entries = dynamic_entries(*readable, is_64);
  const auto strings = std::ranges::find(entries, DT_STRTAB, &DynamicEntry::tag);
  if (strings == entries.end()) return found;
  const auto start = offset_of(*readable, is_64, strings->value);
  if (!start) return failure(ENOEXEC);
  const auto read = [&](const DynamicEntry& entry) {
    std::string text = string_at(*readable, *start + entry.value, most);
    found.size += text.size() + 1;
    return text;
  };
  for (const DynamicEntry& entry : entries) {
    if (entry.tag == DT_NEEDED || entry.tag == filter) found.names.push_back(read(entry));
    if (entry.tag == auxiliary) found.wanted.push_back(read(entry));
    if (entry.tag == DT_SONAME) found.soname = read(entry);
    if (entry.tag == DT_RPATH) found.rpath = read(entry);
    if (entry.tag == DT_RUNPATH) found.runpath = read(entry);
    if (found.size > most) return failure(ENOEXEC);
  }
  return found;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
