// SPDX-License-Identifier: MIT
#include <sys/syscall.h>
#include <unistd.h>

#include <sysfd/detail/syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {

Result<std::size_t> PidFd::advise_memory(std::span<const iovec> ranges, int advice) const noexcept {
  const long bytes = detail::retry_eintr([&] {
    return ::syscall(SYS_process_madvise, fd_.get(), ranges.data(), ranges.size(), advice, 0);
  });
  if (bytes == -1) return detail::last_error();
  return static_cast<std::size_t>(bytes);
}

Result<> PidFd::release_memory() const noexcept {
  const long released = detail::retry_eintr(
      [&] { return ::syscall(detail::kernel::sys_process_mrelease, fd_.get(), 0); });
  // ESRCH: the process has already released its memory.
  if (released == -1 && errno != ESRCH) return detail::last_error();
  return {};
}

}  // namespace v0
}  // namespace sysfd
