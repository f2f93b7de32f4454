// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_PID_NAMESPACE_VISIT_HPP
#define SYSFD_SPAWN_SRC_PID_NAMESPACE_VISIT_HPP

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include <sysfd/create.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// While it lives, the children of the calling thread are born into another pid namespace. (The
// thread itself stays where it is: setns(2).)
class PidNamespaceVisit {
 public:
  explicit PidNamespaceVisit(BorrowedFd of) {
    auto home = open(cwd(), "/proc/thread-self/ns/pid_for_children", O_RDONLY);
    if (!home) {
      error_ = home.error();
      return;
    }
    // Leaves only if it can come back.
    if (::setns(home->get(), CLONE_NEWPID) == -1 || ::setns(of.get(), CLONE_NEWPID) == -1)
      error_ = error_code(errno);
    else
      home_ = std::move(*home);
  }
  ~PidNamespaceVisit() {
    if (home_ && ::setns(home_->get(), CLONE_NEWPID) == -1)
      contract_violation("a thread could not come back from another pid namespace");
  }
  PidNamespaceVisit(const PidNamespaceVisit&) = delete;
  PidNamespaceVisit& operator=(const PidNamespaceVisit&) = delete;

  std::error_code error() const noexcept { return error_; }

 private:
  std::error_code error_;
  std::optional<OwnedFd> home_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PID_NAMESPACE_VISIT_HPP
