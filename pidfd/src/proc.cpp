// SPDX-License-Identifier: MIT
#include "proc.hpp"

#include <fcntl.h>

#include <charconv>
#include <string_view>

#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/pidfd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// Has room for 32 numbers: pid namespaces can be nested that deep.
using NumbersRoom = char[32 * 12];

// True if this procfs shows process numbers as in the caller's pid namespace: NSpid lists the
// caller's numbers from the namespace of /proc down to its own. A kernel without pid namespaces has
// no such line.
Result<bool> is_of_our_namespace(BorrowedFd proc) noexcept {
  const auto status = open_in_proc(proc, "thread-self/status", O_RDONLY);
  if (!status) return std::unexpected(status.error());
  NumbersRoom room;
  const auto numbers = find_field(*status, "NSpid:\t", room);
  if (numbers) return !numbers->contains('\t');
  if (numbers.error().value() == ENODATA) return true;
  return std::unexpected(numbers.error());
}

}  // namespace

// In fdinfo, the line "Pid:" has -1 after the process was reaped, and 0 if it has no number in this
// /proc.
Result<pid_t> pid_from_fdinfo(BorrowedFd pidfd) noexcept {
  const auto proc = open_proc();
  if (!proc) return std::unexpected(proc.error());
  const NumberedPath path("thread-self/fdinfo/", pidfd.get());
  const auto fdinfo = open_in_proc(*proc, path.get(), O_RDONLY);
  if (!fdinfo) return std::unexpected(fdinfo.error());
  NumbersRoom room;
  const auto number = find_field(*fdinfo, "Pid:\t", room);
  if (!number)
    return failure(number.error().value() == ENODATA ? EOPNOTSUPP : number.error().value());
  pid_t pid = 0;
  if (std::from_chars(number->data(), number->data() + number->size(), pid).ec != std::errc())
    return failure(EOPNOTSUPP);
  if (pid < 0) return failure(ESRCH);
  const auto comparable = is_of_our_namespace(*proc);
  if (!comparable.has_value()) return std::unexpected(comparable.error());
  if (pid == 0 || !*comparable) return failure(EREMOTE);
  return pid;
}

}  // namespace detail

Result<OwnedFd> PidFd::proc_directory() const noexcept {
  const auto number = pid();
  if (!number) return std::unexpected(number.error());
  const auto proc = detail::open_proc();
  if (!proc) return std::unexpected(proc.error());
  const detail::NumberedPath path("", *number);
  auto directory = detail::open_in_proc(*proc, path.get(), O_RDONLY | O_DIRECTORY);
  // If the process still exists, the number was its own all the time.
  // cppcheck-suppress identicalConditionAfterEarlyExit
  if (const auto now = pid(); !now) return std::unexpected(now.error());
  if (!directory) return directory;
  const auto comparable = detail::is_of_our_namespace(*proc);
  if (!comparable.has_value()) return std::unexpected(comparable.error());
  if (!*comparable) return detail::failure(EREMOTE);
  return directory;
}

}  // namespace v0
}  // namespace sysfd
