// SPDX-License-Identifier: MIT
//
// Sources: fs/binfmt_script.c, fs/binfmt_elf.c, elf(5).
#include "interpreter.hpp"

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

template <class Header, class Segment>
std::string loader_of(BorrowedFd file) {
  constexpr int most_segments = 64;
  const auto header = read_struct<Header>(file, 0);
  if (!header || header->e_phentsize != sizeof(Segment)) return {};
  for (int i = 0; i < std::min<int>(header->e_phnum, most_segments); ++i) {
    const auto segment =
        read_struct<Segment>(file, header->e_phoff + static_cast<unsigned>(i) * sizeof(Segment));
    if (!segment) return {};
    if (segment->p_type != PT_INTERP) continue;
    if (segment->p_filesz > most_read) return {};
    char room[most_read];
    const std::string_view path(room, read_at(file, segment->p_offset, room, segment->p_filesz));
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
  // The part that both kinds have in common says which it is.
  const auto header = read_struct<Elf32_Ehdr>(file, 0);
  constexpr auto own_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_DATA] != own_order)
    return std::nullopt;
  if (header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_machine == machine)
    return loader_of<Elf64_Ehdr, Elf64_Phdr>(file);
  if (header->e_ident[EI_CLASS] == ELFCLASS32 &&
      (header->e_machine == small_machine || header->e_machine == machine))  // x32
    return loader_of<Elf32_Ehdr, Elf32_Phdr>(file);
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
