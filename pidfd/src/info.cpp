// SPDX-License-Identifier: MIT
#include <sysfd/detail/syscall.hpp>

#include <cstdint>
#include <sysfd/pidfd.hpp>

#include "get_info.hpp"
#include "proc.hpp"

namespace sysfd {
inline namespace v0 {
namespace kernel = detail::kernel;

namespace {

std::optional<pid_t> to_number(std::uint32_t number) noexcept {
  if (number == 0) return std::nullopt;  // none here: a parent outside of our pid namespace
  return static_cast<pid_t>(number);
}

CoreDump to_core_dump(const kernel::PidFdInfo& info) noexcept {
  CoreDump dump{.dumped = (info.coredump_mask & kernel::coredumped) != 0,
                .skipped = (info.coredump_mask & kernel::coredump_skip) != 0,
                .as_user = (info.coredump_mask & kernel::coredump_user) != 0,
                .as_root = (info.coredump_mask & kernel::coredump_root) != 0};
  if (info.mask & kernel::info_coredump_signal)
    dump.signal = static_cast<int>(info.coredump_signal);
  if (info.mask & kernel::info_coredump_code)
    dump.signal_code = static_cast<int>(info.coredump_code);
  return dump;
}

// What can be said where the kernel has not told it, for this reason.
[[gnu::cold]] Result<ProcessInfo> without_info(BorrowedFd pidfd, int error) noexcept {
  if (error != EOPNOTSUPP) return detail::failure(error);
  const auto pid = detail::pid_from_fdinfo(pidfd);
  if (!pid) return std::unexpected(pid.error());
  ProcessInfo info;
  info.pid = *pid;
  return info;
}

}  // namespace

Result<pid_t> PidFd::pid() const noexcept {
  kernel::PidFdInfo told;
  const int error = detail::get_info(fd_, kernel::info_pid, told);
  if (error == 0) return static_cast<pid_t>(told.pid);
  if (error == EOPNOTSUPP) return detail::pid_from_fdinfo(fd_);
  return detail::failure(error);
}

Result<ProcessInfo> PidFd::info() const noexcept {
  Result<ProcessInfo> info(std::in_place);
  kernel::PidFdInfo told;
  const int error = detail::get_info(
      fd_,
      kernel::info_pid | kernel::info_credentials | kernel::info_cgroup | kernel::info_exit |
          kernel::info_coredump | kernel::info_coredump_signal | kernel::info_coredump_code,
      told);
  if (error != 0) {
    info = without_info(fd_, error);
    return info;
  }
  if (told.mask & kernel::info_pid) {
    info->pid = to_number(told.pid);
    info->process = to_number(told.tgid);
    info->parent = to_number(told.ppid);
  }
  if (told.mask & kernel::info_credentials)
    info->credentials = {.user = told.ruid,
                         .group = told.rgid,
                         .effective_user = told.euid,
                         .effective_group = told.egid,
                         .saved_user = told.suid,
                         .saved_group = told.sgid,
                         .file_system_user = told.fsuid,
                         .file_system_group = told.fsgid};
  if (told.mask & kernel::info_cgroup) info->cgroup_id = told.cgroup_id;
  if (told.mask & kernel::info_exit) info->exit = ExitStatus::from_wait_status(told.exit_code);
  if (told.mask & kernel::info_coredump) info->core_dump = to_core_dump(told);
  return info;
}

}  // namespace v0
}  // namespace sysfd
