// SPDX-License-Identifier: MIT
//
// Sources: fs/binfmt_script.c, fs/binfmt_elf.c, elf(5).
#include "start/interpreter.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
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

// `start`: the file's first bytes, without the "#!".
std::string_view interpreter_of_script(std::string_view start) noexcept {
  std::string_view line = start.substr(0, start.find('\n'));
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
  return line.substr(0, line.find_first_of(std::string_view(" \t\0", 3)));
}

// What both kinds of ELF files say, each in fields of its own size.
struct Segments {
  std::uint64_t offset;  // of the first one's header
  std::uint64_t header_size;
  int count;
};
struct Segment {
  std::uint32_t type;
  std::uint64_t offset, size;
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
  return Segment{header->p_type, header->p_offset, header->p_filesz};
}

std::string loader_of(BorrowedFd file, bool is_64) {
  constexpr int most_segments = 64;
  const auto segments = is_64 ? read_segments<Elf64_Ehdr, Elf64_Phdr>(file)
                              : read_segments<Elf32_Ehdr, Elf32_Phdr>(file);
  if (!segments) return {};
  for (int i = 0; i < std::min(segments->count, most_segments); ++i) {
    const auto offset = segments->offset + static_cast<unsigned>(i) * segments->header_size;
    const auto segment =
        is_64 ? read_segment<Elf64_Phdr>(file, offset) : read_segment<Elf32_Phdr>(file, offset);
    if (!segment) return {};
    if (segment->type != PT_INTERP) continue;
    if (segment->size > most_read) return {};
    char room[most_read];
    const std::string_view path(room, read_at(file, segment->offset, room, segment->size));
    return std::string(path.substr(0, path.find('\0')));
  }
  return {};
}

// The two kinds of programs that a processor of this kind executes.
#if defined(__x86_64__)
constexpr Elf64_Half machine = EM_X86_64, small_machine = EM_386;
#elif defined(__aarch64__)
constexpr Elf64_Half machine = EM_AARCH64, small_machine = EM_ARM;
#else
constexpr Elf64_Half machine = EM_NONE, small_machine = EM_NONE;
#endif

std::optional<std::string> loader_if_elf(BorrowedFd file) {
  // The part that both kinds have in common tells which it is.
  const auto header = read_struct<Elf32_Ehdr>(file, 0);
  constexpr auto own_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_DATA] != own_order)
    return std::nullopt;
  if (header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_machine == machine)
    return loader_of(file, true);
  if (header->e_ident[EI_CLASS] == ELFCLASS32 &&
      (header->e_machine == small_machine || header->e_machine == machine))  // x32
    return loader_of(file, false);
  return std::nullopt;
}

}  // namespace

std::optional<Format> format_of(BorrowedFd file) {
  struct stat status;
  if (::syscall(SYS_fstat, file.get(), &status) == -1 || !S_ISREG(status.st_mode))
    return std::nullopt;
  const auto readable = open_proc_link("thread-self/fd", NumberedPath("", file.get()).get(),
                                       O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!readable) return std::nullopt;
  char room[most_read];
  const std::string_view start(room, read_at(*readable, 0, room, sizeof room));
  if (start.starts_with("#!"))
    return Format{Format::Kind::script, std::string(interpreter_of_script(start.substr(2)))};
  if (auto loader = loader_if_elf(*readable)) return Format{Format::Kind::elf, *std::move(loader)};
  return Format{};
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
