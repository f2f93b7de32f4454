// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_CHILD_START_HPP
#define SYSFD_SPAWN_SRC_CHILD_START_HPP

#include <sysfd/child.hpp>

namespace sysfd {
inline namespace v0 {

struct Child::Start {
  PidFd pidfd;
  pid_t pid;
  bool leads_group;
  DropPolicy policy;
  std::chrono::nanoseconds grace;
  SpawnReport report;
  std::optional<OwnedFd> pipes[3] = {};
  std::optional<OwnedFd> terminal = {};
  std::optional<OwnedFd> cgroup = {};
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_CHILD_START_HPP
