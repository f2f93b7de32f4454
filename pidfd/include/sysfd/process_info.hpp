// SPDX-License-Identifier: MIT
//
// ProcessInfo: what the kernel knows about a process, as PidFd::info() returns it.
//
//     sysfd::ProcessInfo info;  // or *process.info()
//     if (info.credentials) use(info.credentials->effective_user);
//
// Each field is only set if the kernel has reported it: newer kernels report more fields, and only
// some remain after the process has ended.
#ifndef SYSFD_PROCESS_INFO_HPP
#define SYSFD_PROCESS_INFO_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include <sysfd/exit_status.hpp>

namespace sysfd {
inline namespace v0 {

// The IDs of the process (credentials(7)), as numbers of the caller's user namespace.
struct Credentials {
  uid_t user;
  gid_t group;
  uid_t effective_user;
  gid_t effective_group;
  uid_t saved_user;
  gid_t saved_group;
  uid_t file_system_user;
  gid_t file_system_group;

  friend constexpr bool operator==(const Credentials&, const Credentials&) noexcept = default;
};

// The core dump of a process that has dumped core, is dumping it, or may do so. The kernel sets
// `dumped` only if a core dump server takes the dump (core_pattern "@..."). For other dumps use
// ExitStatus::core_dumped().
struct CoreDump {
  bool dumped = false;               // PIDFD_COREDUMPED
  bool skipped = false;              // PIDFD_COREDUMP_SKIP
  bool as_user = false;              // PIDFD_COREDUMP_USER: the dump belongs, or would, to the user
  bool as_root = false;              // PIDFD_COREDUMP_ROOT: only root can read it, or could
  std::optional<int> signal{};       // the signal that caused the dump; since Linux 6.19
  std::optional<int> signal_code{};  // si_code of that signal; since Linux 7.1

  friend constexpr bool operator==(const CoreDump&, const CoreDump&) noexcept = default;
};

struct ProcessInfo {
  // Numbers in the caller's pid namespace. Not set once the process has been reaped.
  std::optional<pid_t> pid{};      // the process number; for a thread, its thread ID
  std::optional<pid_t> process{};  // the process number (the thread group ID), also for a thread
  std::optional<pid_t> parent{};   // not set if the parent is outside of that pid namespace
  std::optional<Credentials> credentials{};
  // The cgroup2 directory of the process: its inode number, which is also the content of its file
  // handle. Remains set after the process has been reaped.
  std::optional<std::uint64_t> cgroup_id{};
  // How the process ended. Set once it has been reaped. Since Linux 6.15.
  std::optional<ExitStatus> exit{};
  // Since Linux 6.16.
  std::optional<CoreDump> core_dump{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PROCESS_INFO_HPP
