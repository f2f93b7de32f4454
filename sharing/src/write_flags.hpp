// SPDX-License-Identifier: MIT
#ifndef SYSFD_SHARING_SRC_WRITE_FLAGS_HPP
#define SYSFD_SHARING_SRC_WRITE_FLAGS_HPP

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <span>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// preadv2(2), pwritev2(2): returns the number of bytes, or -errno. Does not call libc's functions,
// which are cancellation points (pthreads(7)).
inline long with_flags(long number, int fd, std::span<const iovec> vectors, std::uint64_t offset,
                       int flags) noexcept {
  const long count = retry_eintr(
      [&] { return ::syscall(number, fd, vectors.data(), vectors.size(), offset, 0L, flags); });
#ifdef SYSFD_MEMORY_SANITIZER
  note_written(count, vectors.data());
#endif
  return count < 0 ? -errno : count;
}

// fstatfs(2): tells if the file system of this file honours the flags of pwritev2(2). The kernel
// accepts the flags for every file system, and some ignore them silently.
// Cost: one system call; up to two more if the file system is not known to honour them.
Result<WriteFlags> find_write_flags(int fd) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SHARING_SRC_WRITE_FLAGS_HPP
