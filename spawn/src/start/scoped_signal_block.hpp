// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_SCOPED_SIGNAL_BLOCK_HPP
#define SYSFD_SPAWN_SRC_START_SCOPED_SIGNAL_BLOCK_HPP

#include <sys/syscall.h>

#include <csignal>
#include <cstdint>

#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// While it lives, the calling thread has every signal blocked: also the two that libc keeps for
// itself and leaves out of its own "all", which are as bad in a child that shares memory.
class ScopedSignalBlock {
 public:
  ScopedSignalBlock() noexcept {
    constexpr std::uint64_t all = ~std::uint64_t{0};
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, sizeof all);
  }
  ~ScopedSignalBlock() {
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
  }
  ScopedSignalBlock(const ScopedSignalBlock&) = delete;
  ScopedSignalBlock& operator=(const ScopedSignalBlock&) = delete;

 private:
  std::uint64_t before_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_SCOPED_SIGNAL_BLOCK_HPP
