// SPDX-License-Identifier: MIT
//
// What the kernel says of a process through its pidfd, as PidFd::info() returns it.
//
//     auto info = process.info();
//     if (info && info->credentials) std::cout << "runs as user " << info->credentials->effective_user;
//
// Each field says by itself whether it is known: kernels learned to tell them one by one, and of a
// process that has ended only some are left. Nothing is ever made up.
#ifndef SYSFD_PROCESS_INFO_HPP
#define SYSFD_PROCESS_INFO_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include <sysfd/exit_status.hpp>

namespace sysfd {
inline namespace v0 {

// See credentials(7). As the caller's user namespace has them.
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

// Of the core dump of a process that dumps one, or has. Kernels tell it where a core dump server
// (core_pattern "@...") takes the dump; whether there was one otherwise is in
// ExitStatus::core_dumped().
struct CoreDump {
  bool dumped = false;               // PIDFD_COREDUMPED
  bool skipped = false;              // PIDFD_COREDUMP_SKIP
  bool as_user = false;              // PIDFD_COREDUMP_USER: is, or would be, the user's file
  bool as_root = false;              // PIDFD_COREDUMP_ROOT: is, or would be, for root only
  std::optional<int> signal{};       // that it is dumped for; since Linux 6.19
  std::optional<int> signal_code{};  // its si_code; since Linux 7.1

  friend constexpr bool operator==(const CoreDump&, const CoreDump&) noexcept = default;
};

struct ProcessInfo {
  // Numbers as the caller's pid namespace has them; not known once the process has been reaped.
  std::optional<pid_t> pid{};      // of what the pidfd stands for: of a thread, its thread ID
  std::optional<pid_t> process{};  // of the process: its thread group ID
  std::optional<pid_t> parent{};   // not known either where it is outside of that pid namespace
  std::optional<Credentials> credentials{};
  // Of cgroup2: the inode number of its directory, and the content of that directory's file handle.
  // Also known after the process has been reaped.
  std::optional<std::uint64_t> cgroup_id{};
  // How it ended: known once it has been reaped. Since Linux 6.15.
  std::optional<ExitStatus> exit{};
  // Since Linux 6.16.
  std::optional<CoreDump> core_dump{};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PROCESS_INFO_HPP
