// SPDX-License-Identifier: MIT
#include "get_info.hpp"

#include <sys/syscall.h>

#include <cstdint>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

int get_info(BorrowedFd pidfd, std::uint64_t wanted, kernel::PidFdInfo& info) noexcept {
  // Neither alive nor ended: the question came in the middle of the reaping, and the next answer is
  // one or the other. Of a pidfd that was made there is never an answer: nothing was kept for it.
  constexpr int enough = 3;
  for (int turn = 0; turn < enough; ++turn) {
    info.mask = wanted;
    const long answer = system_call(SYS_ioctl, pidfd.get(), kernel::get_info, &info);
    if (answer < 0) {
      // Not known as an ioctl (ENOTTY), or, where pidfds know other ioctls, refused for its
      // argument (EINVAL).
      const bool unknown = answer == -ENOTTY || answer == -EINVAL || is_refusal(answer);
      return unknown ? EOPNOTSUPP : static_cast<int>(-answer);
    }
    if (info.mask & (kernel::info_pid | kernel::info_exit)) return 0;
  }
  return ESRCH;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
