// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_SCOPED_PID_NAMESPACE_HPP
#define SYSFD_SPAWN_SRC_START_SCOPED_PID_NAMESPACE_HPP

#include <sched.h>

#include <cerrno>
#include <system_error>

#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// While it lives, the children of the calling thread are born into another pid namespace. (The
// thread itself stays where it is: setns(2).)
class ScopedPidNamespace {
 public:
  // `home`: where its children are born otherwise. It leaves only if it can come back.
  ScopedPidNamespace(BorrowedFd home, BorrowedFd of) noexcept : home_(home) {
    if (::setns(home.get(), CLONE_NEWPID) == -1 || ::setns(of.get(), CLONE_NEWPID) == -1)
      error_ = error_code(errno);
  }
  ~ScopedPidNamespace() {
    if (!error_ && ::setns(home_.get(), CLONE_NEWPID) == -1)
      contract_violation("a thread could not come back from another pid namespace");
  }
  ScopedPidNamespace(const ScopedPidNamespace&) = delete;
  ScopedPidNamespace& operator=(const ScopedPidNamespace&) = delete;

  std::error_code error() const noexcept { return error_; }

 private:
  BorrowedFd home_;
  std::error_code error_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_SCOPED_PID_NAMESPACE_HPP
