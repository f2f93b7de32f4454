// SPDX-License-Identifier: MIT
#ifndef SYSFD_SHARING_SRC_WRITE_FLAGS_HPP
#define SYSFD_SHARING_SRC_WRITE_FLAGS_HPP

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <span>

#include <sysfd/detail/syscall.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// preadv2(2) and pwritev2(2): how many bytes, or -errno. Not libc's functions, which are
// cancellation points (pthreads(7)).
inline long with_flags(long number, int fd, std::span<const iovec> vectors, std::uint64_t offset,
                       int flags) noexcept {
  const long count = retry_eintr(
      [&] { return ::syscall(number, fd, vectors.data(), vectors.size(), offset, 0L, flags); });
  return count < 0 ? -errno : count;
}

// fstatfs(2): whether the file system of this file keeps to the flags that pwritev2(2) takes. The
// kernel accepts them for every file system, and some ignore them without a word. Two system calls
// more where it does not.
Result<WriteFlags> find_write_flags(int fd) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SHARING_SRC_WRITE_FLAGS_HPP
