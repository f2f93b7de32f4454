// SPDX-License-Identifier: MIT
//
// A tree of processes as its owner has it: what the keeper tells, and what it is asked for.
#ifndef SYSFD_SPAWN_SRC_START_KEEPER_TREE_HPP
#define SYSFD_SPAWN_SRC_START_KEEPER_TREE_HPP

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "in_child/keeper_protocol.hpp"
#include "spec/small_vector.hpp"
#include "start/kept_tree.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

class KeeperTree final : public KeptTree {
 public:
  KeeperTree(OwnedFd control, std::size_t programs);

  void start(PidFd keeper, ContainmentKind kind) noexcept {
    keeper_ = std::move(keeper);
    kind_ = kind;
  }
  void own(Cgroup cgroup) noexcept { cgroup_.emplace(std::move(cgroup)); }
  bool has(int fd) const noexcept {
    return control_.get() == fd || (cgroup_ && cgroup_->fd().get() == fd);
  }

  ContainmentKind kind() const noexcept override { return kind_; }
  const Cgroup* cgroup() const noexcept override { return cgroup_ ? &*cgroup_ : nullptr; }
  std::size_t program_count() const noexcept override { return ends_.size(); }
  ProgramEnd end_of(std::size_t program) const noexcept override;
  Result<ExitStatus> wait(std::size_t program, const PidFd& process,
                          const Deadline& deadline) noexcept override;
  void send_signal(int signo) noexcept override;
  void begin_kill() noexcept override;
  bool await_end(const Deadline& deadline) noexcept override;
  void finish_kill(const PidFd& process, Clock::time_point deadline) noexcept override;
  bool leave() noexcept override { return users_.fetch_sub(1) == 1; }
  void release() noexcept override;
  bool is_released() const noexcept override { return is_released_; }

 private:
  void remember(std::size_t program, ExitStatus status) noexcept;
  Deadline next_look(const Deadline& deadline) const noexcept;
  long hear(const Deadline& deadline) noexcept;
  long hear_end(std::size_t program, const Deadline& deadline) noexcept;
  void tell(KeeperMessage::What what, int value = 0) const noexcept;
  void reap() const noexcept;

  OwnedFd control_;
  std::optional<PidFd> keeper_;
  ContainmentKind kind_ = ContainmentKind::none;
  std::optional<Cgroup> cgroup_;
  std::atomic<std::size_t> users_;
  std::atomic<bool> is_released_ = false;
  std::atomic<unsigned> signals_asked_ = 0;
  std::atomic<unsigned> signals_sent_ = 0;
  mutable std::mutex mutex_;  // of what follows, and of reading from the keeper
  SmallVector<ProgramEnd, 1> ends_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_KEEPER_TREE_HPP
