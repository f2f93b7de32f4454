// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/pidfd.hpp>

#include "info.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

// Whether /proc shows process numbers as the caller's pid namespace has them: NSpid lists the
// caller's numbers from the namespace of /proc down to its own. A kernel without pid namespaces has
// no such line.
Result<bool> proc_is_of_our_namespace() noexcept {
  const auto file = open(cwd(), "/proc/self/status", O_RDONLY);
  if (!file) return std::unexpected(file.error());
  std::array<char, 4096> buffer;
  const ssize_t size =
      detail::retry_eintr([&] { return ::pread(file->get(), buffer.data(), buffer.size(), 0); });
  if (size == -1) return detail::last_error();
  std::string_view line(buffer.data(), static_cast<std::size_t>(size));
  constexpr std::string_view label = "\nNSpid:\t";
  const std::size_t found = line.find(label);
  if (found == line.npos) return line.size() < buffer.size();
  line.remove_prefix(found + label.size());
  return line.substr(0, line.find('\n')).find('\t') == line.npos;
}

// The line "Pid:" of /proc/self/fdinfo/<fd>. It says -1 once the process was reaped, 0 if it has no
// number in this /proc.
Result<pid_t> pid_from_fdinfo(BorrowedFd pidfd) noexcept {
  std::array<char, 32> path;
  std::snprintf(path.data(), path.size(), "/proc/self/fdinfo/%d", pidfd.get());
  const auto file = open(cwd(), path.data(), O_RDONLY);
  if (!file) return std::unexpected(file.error());

  std::array<char, 512> buffer;  // the lines before it are few and short
  const ssize_t size =
      detail::retry_eintr([&] { return ::pread(file->get(), buffer.data(), buffer.size(), 0); });
  if (size == -1) return detail::last_error();
  const std::string_view text(buffer.data(), static_cast<std::size_t>(size));

  constexpr std::string_view label = "\nPid:\t";
  const std::size_t found = text.find(label);
  pid_t pid = 0;
  if (found == text.npos ||
      std::from_chars(text.data() + found + label.size(), text.data() + text.size(), pid).ec !=
          std::errc())
    return detail::failure(EOPNOTSUPP);
  if (pid < 0) return detail::failure(ESRCH);
  const auto comparable = proc_is_of_our_namespace();
  if (!comparable) return std::unexpected(comparable.error());
  if (pid == 0 || !*comparable) return detail::failure(EREMOTE);
  return pid;
}

}  // namespace

Result<pid_t> PidFd::pid() const noexcept {
  const auto info = detail::get_info(fd_, detail::kernel::info_pid);
  if (info) return static_cast<pid_t>(info->pid);
  if (info.error() == std::errc::operation_not_supported) return pid_from_fdinfo(fd_);
  return std::unexpected(info.error());
}

Result<ProcessId> PidFd::id() const noexcept {
  // The kernel documents (and service managers rely on) these eight bytes: the 64-bit inode number
  // of the pidfd. st_ino may be narrower than that, and is the same for all processes where pidfds
  // have no file system of their own.
  const auto named = name_to_handle(fd_);
  std::uint64_t value = 0;
  if (named) {
    const auto bytes = named->handle.bytes();
    if (bytes.size() != sizeof value) return detail::failure(EOPNOTSUPP);
    std::memcpy(&value, bytes.data(), sizeof value);
    return ProcessId(value);
  }
  if (named.error() != std::errc::operation_not_supported) return std::unexpected(named.error());

  struct statfs file_system;
  struct stat status;
  if (::fstatfs(fd_.get(), &file_system) == -1 || ::fstat(fd_.get(), &status) == -1)
    return detail::last_error();
  if (file_system.f_type != detail::kernel::pidfs_magic || sizeof status.st_ino != sizeof value)
    return detail::failure(EOPNOTSUPP);
  return ProcessId(status.st_ino);
}

}  // namespace v0
}  // namespace sysfd
