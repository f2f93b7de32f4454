// SPDX-License-Identifier: MIT
//
// A tree of processes as its owner has it: what the keeper tells, and what it is asked for.
#ifndef SYSFD_SPAWN_SRC_START_KEEPER_TREE_HPP
#define SYSFD_SPAWN_SRC_START_KEEPER_TREE_HPP

#include <optional>
#include <utility>

#include "in_child/keeper_protocol.hpp"
#include "start/kept_tree.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

class KeeperTree final : public KeptTree {
 public:
  explicit KeeperTree(OwnedFd control) noexcept : control_(std::move(control)) {}

  void start(PidFd keeper, ContainmentKind kind) noexcept {
    keeper_ = std::move(keeper);
    kind_ = kind;
  }
  void own(Cgroup cgroup) noexcept { cgroup_.emplace(std::move(cgroup)); }

  ContainmentKind kind() const noexcept override { return kind_; }
  const Cgroup* cgroup() const noexcept override { return cgroup_ ? &*cgroup_ : nullptr; }
  const TreeCounts& counts() const noexcept override { return counts_; }
  bool is_killed() const noexcept override { return is_killed_; }
  Result<ExitStatus> wait(const PidFd& program, const Deadline& deadline) noexcept override;
  void send_signal(int signo) noexcept override;
  void begin_kill() noexcept override;
  void release() noexcept override;
  bool await_end(const Deadline& deadline) noexcept override;
  void finish_kill(const PidFd& program, Clock::time_point deadline) noexcept override;

 private:
  void remember(ExitStatus status) noexcept;
  long hear(const Deadline& deadline) noexcept;
  void tell(KeeperMessage::What what, int value = 0) const noexcept;
  void reap() const noexcept;

  OwnedFd control_;
  std::optional<PidFd> keeper_;
  ContainmentKind kind_ = ContainmentKind::none;
  std::optional<ExitStatus> status_;
  std::optional<Cgroup> cgroup_;
  TreeCounts counts_;
  bool is_killed_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_KEEPER_TREE_HPP
