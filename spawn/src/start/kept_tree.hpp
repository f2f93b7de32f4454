// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_KEPT_TREE_HPP
#define SYSFD_SPAWN_SRC_START_KEPT_TREE_HPP

#include <cstdint>
#include <optional>

#include <sysfd/cgroup.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// What has happened in the cgroup of a tree, see Ending. Empty: it is not known.
struct TreeCounts {
  std::optional<std::uint64_t> oom_kills{};
  std::optional<std::uint64_t> refused_forks{};
};

// The processes of a contained child (Command::contain()), as its owner has them. A program that
// contains no child is linked without what implements this.
//
// The destructor leaves the tree as it is.
class KeptTree {
 public:
  KeptTree() = default;
  virtual ~KeptTree() = default;
  KeptTree(const KeptTree&) = delete;
  KeptTree& operator=(const KeptTree&) = delete;

  virtual ContainmentKind kind() const noexcept = 0;
  // Its own cgroup; null: it has none.
  virtual const Cgroup* cgroup() const noexcept = 0;
  // Those when the program had ended.
  virtual const TreeCounts& counts() const noexcept = 0;
  // True if begin_kill() has come before the end of the program.
  virtual bool is_killed() const noexcept = 0;
  // Waits for the end of the program, whose pidfd this is. ETIMEDOUT, ECANCELED, ECHILD as
  // PidFd::wait_for().
  virtual Result<ExitStatus> wait(const PidFd& program, const Deadline& deadline) noexcept = 0;
  // Sends a signal to all processes.
  virtual void send_signal(int signo) noexcept = 0;
  // Tells the keeper to kill all processes.
  virtual void begin_kill() noexcept = 0;
  // Waits for the end of all processes. False: it has not come by then.
  virtual bool await_end(const Deadline& deadline) noexcept = 0;
  // Waits for the end of all processes after begin_kill(). After the deadline it ends the keeper,
  // and the program, by force: two seconds more at most.
  virtual void finish_kill(const PidFd& program, Clock::time_point deadline) noexcept = 0;
  // Lets the tree go on without its owner.
  virtual void release() noexcept = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_KEPT_TREE_HPP
