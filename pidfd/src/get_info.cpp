// SPDX-License-Identifier: MIT
#include "get_info.hpp"

#include <sys/syscall.h>

#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

int get_info(BorrowedFd pidfd, std::uint64_t wanted, kernel::PidFdInfo& info) noexcept {
  for (;;) {
    info.mask = wanted;
    const long answer = system_call(SYS_ioctl, pidfd.get(), kernel::get_info, &info);
    if (answer < 0) {
      // Not known as an ioctl (ENOTTY), or, where pidfds know other ioctls, refused for its
      // argument (EINVAL).
      const bool unknown = answer == -ENOTTY || answer == -EINVAL;
      return unknown ? EOPNOTSUPP : static_cast<int>(-answer);
    }
    // Neither alive nor ended: the question came in the middle of the reaping. The next answer is
    // one or the other.
    if (info.mask & (kernel::info_pid | kernel::info_exit)) return 0;
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
