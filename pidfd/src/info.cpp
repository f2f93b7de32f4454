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
  if (number == 0) return std::nullopt;  // no number here: a parent outside of our pid namespace
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

// Returns what is known if PIDFD_GET_INFO returned `answer`.
[[gnu::cold]] Result<ProcessInfo> without_info(BorrowedFd pidfd, long answer) noexcept {
  if (answer != -EOPNOTSUPP) return detail::failure(static_cast<int>(-answer));
  const auto pid = detail::pid_from_fdinfo(pidfd);
  if (!pid) return std::unexpected(pid.error());
  ProcessInfo info;
  info.pid = *pid;
  return info;
}

}  // namespace

Result<pid_t> PidFd::pid() const noexcept {
  kernel::PidFdInfo reported;
  const long answer = detail::get_info(fd_, kernel::info_pid, reported);
  if (answer == 0) return static_cast<pid_t>(reported.pid);
  if (answer == -EOPNOTSUPP) return detail::pid_from_fdinfo(fd_);
  return detail::failure(static_cast<int>(-answer));
}

Result<ProcessInfo> PidFd::info() const noexcept {
  Result<ProcessInfo> info(std::in_place);
  kernel::PidFdInfo reported;
  const long answer = detail::get_info(
      fd_,
      kernel::info_pid | kernel::info_credentials | kernel::info_cgroup | kernel::info_exit |
          kernel::info_coredump | kernel::info_coredump_signal | kernel::info_coredump_code,
      reported);
  if (answer < 0) {
    info = without_info(fd_, answer);
    return info;
  }
  if (reported.mask & kernel::info_pid) {
    info->pid = to_number(reported.pid);
    info->process = to_number(reported.tgid);
    info->parent = to_number(reported.ppid);
  }
  if (reported.mask & kernel::info_credentials)
    info->credentials = {.user = reported.ruid,
                         .group = reported.rgid,
                         .effective_user = reported.euid,
                         .effective_group = reported.egid,
                         .saved_user = reported.suid,
                         .saved_group = reported.sgid,
                         .file_system_user = reported.fsuid,
                         .file_system_group = reported.fsgid};
  if (reported.mask & kernel::info_cgroup) info->cgroup_id = reported.cgroup_id;
  if (reported.mask & kernel::info_exit)
    info->exit = ExitStatus::from_wait_status(reported.exit_code);
  if (reported.mask & kernel::info_coredump) info->core_dump = to_core_dump(reported);
  return info;
}

}  // namespace v0
}  // namespace sysfd
