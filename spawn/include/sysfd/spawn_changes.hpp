// SPDX-License-Identifier: MIT
//
// What may differ from child to child of a PreparedCommand.
#ifndef SYSFD_SPAWN_CHANGES_HPP
#define SYSFD_SPAWN_CHANGES_HPP
#include <sysfd/detail/cxx23.hpp>

#include <optional>
#include <span>

#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {

// A descriptor to pass to one child as `number`. Empty: nothing is passed as that number; 0, 1 and
// 2 have their default. It must stay open as a borrowed one of Command::pass().
struct PlacedFd {
  std::optional<BorrowedFd> fd;
  int number;
};

// The changes for one child. The last three of these make a new plan for the child, which takes as
// long as the first Command::spawn().
struct SpawnChanges {
  // Arguments to append to those of the Command.
  std::span<const CStr> arguments{};
  // Replace the descriptors of pass(), in that order: as many, or none.
  std::span<const BorrowedFd> descriptors{};
  // Each replaces what pass(), stdin_from(), stdout_to(), stderr_to() or terminal() have set for
  // its number. EINVAL: a number is given twice.
  std::span<const PlacedFd> placed{};
  // "NAME=value" sets a variable, "NAME" removes it. prepare() has read PATH already:
  // another one only affects the program's own searches. EINVAL: an entry without a name, or
  // LISTEN_... together with listen_fds().
  std::span<const CStr> environment{};
  // The working directory, by path.
  std::optional<CStr> working_directory{};
};

namespace detail {
inline constexpr SpawnChanges no_changes{};
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_CHANGES_HPP
