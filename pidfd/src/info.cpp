// SPDX-License-Identifier: MIT
#include "info.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

Result<kernel::PidFdInfo> get_info(BorrowedFd pidfd, std::uint64_t wanted) noexcept {
  for (;;) {
    kernel::PidFdInfo info{};
    info.mask = wanted;
    if (::ioctl(pidfd.get(), kernel::get_info, &info) == -1) {
      // Not known as an ioctl (ENOTTY), or, where pidfds know other ioctls, refused for its
      // argument (EINVAL).
      return failure(errno == ENOTTY || errno == EINVAL ? EOPNOTSUPP : errno);
    }
    // Neither alive nor ended: the question came in the middle of the reaping. The next answer is
    // one or the other.
    if (info.mask & (kernel::info_pid | kernel::info_exit)) return info;
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
