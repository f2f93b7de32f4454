// SPDX-License-Identifier: MIT
#include "get_info.hpp"

#include <sys/syscall.h>

#include <cstdint>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

long get_info(BorrowedFd pidfd, std::uint64_t wanted, kernel::PidFdInfo& info) noexcept {
  // A process that is neither alive nor ended is just being reaped, and the next call finds one or
  // the other. For a pidfd that was made at that
  // moment, every call finds neither: the kernel has kept nothing for it.
  constexpr int max_tries = 3;
  for (int tries = 0; tries < max_tries; ++tries) {
    info.mask = wanted;
    const long answer = system_call(SYS_ioctl, pidfd.get(), kernel::get_info, &info);
    if (answer < 0) {
      // The kernel does not know the ioctl (ENOTTY), or knows other ioctls of pidfds and rejects
      // the argument (EINVAL).
      const bool unknown = answer == -ENOTTY || answer == -EINVAL || is_refusal(answer);
      return unknown ? -EOPNOTSUPP : answer;
    }
    if (info.mask & (kernel::info_pid | kernel::info_exit)) return 0;
  }
  return -ESRCH;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
