// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_INTERPRETER_HPP
#define SYSFD_SPAWN_SRC_START_INTERPRETER_HPP

#include <optional>
#include <string>

#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// How the kernel executes a file.
struct Format {
  enum class Kind {
    script,  // #!
    elf,     // for this machine
    other,   // by what binfmt_misc has for it, if at all
  };
  Kind kind = Kind::other;
  // The program that a script names, or the loader of an ELF file. Empty: none, or not known.
  std::string interpreter{};
};

// Returns the format of a regular file that may be read. Anything else is not opened, since that
// could have an effect, or block.
std::optional<Format> format_of(BorrowedFd file);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_INTERPRETER_HPP
