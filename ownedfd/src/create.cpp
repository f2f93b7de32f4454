// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {

// In the header, which includes no <fcntl.h>.
static_assert(AT_FDCWD == -100);
static_assert(detail::flags_that_create == (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)));

Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags, mode_t mode) noexcept {
  if (!path.get()) return detail::failure(EINVAL);
  // Not ::openat, which is a cancellation point.
  return detail::to_owned(detail::system_call_retried(SYS_openat, directory.get(), path.get(),
                                                      flags | O_CLOEXEC | O_NOCTTY, mode));
}

namespace {

// Two owners. An error where one of them is in place of a standard stream and cannot be moved.
template <class Both>
[[gnu::cold]] Result<Both> move_both(const int (&ends)[2]) noexcept {
  auto first = detail::to_owned(ends[0]);
  auto second = detail::to_owned(ends[1]);
  if (!first) return std::unexpected(first.error());
  if (!second) return std::unexpected(second.error());
  return Both{*std::move(first), *std::move(second)};
}

template <class Both>
SYSFD_ALWAYS_INLINE Result<Both> to_both(const int (&ends)[2]) noexcept {
  constexpr int least = detail::first_above_standard_streams;
  if (ends[0] < least || ends[1] < least) return move_both<Both>(ends);
  return Both{OwnedFd::adopt(ends[0]), OwnedFd::adopt(ends[1])};
}

}  // namespace

Result<Pipe> pipe(int flags) noexcept {
  int ends[2];
  if (::pipe2(ends, flags | O_CLOEXEC) == -1) return detail::last_error();
  return to_both<Pipe>(ends);
}

Result<SocketPair> socket_pair(int type) noexcept {
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == -1) return detail::last_error();
  return to_both<SocketPair>(ends);
}

Result<OwnedFd> memfd(CStr name, unsigned flags) noexcept {
  if (!name.get()) return detail::failure(EINVAL);
  return detail::to_owned(detail::system_call(SYS_memfd_create, name.get(), flags | MFD_CLOEXEC));
}

Result<OwnedFd> event_fd(unsigned initial, int flags) noexcept {
  return detail::to_owned(detail::to_answer(::eventfd(initial, flags | EFD_CLOEXEC)));
}

Result<> set_nonblocking(BorrowedFd fd, bool nonblocking) noexcept {
  const long flags = detail::system_call(SYS_fcntl, fd.get(), F_GETFL);
  if (flags < 0) return detail::failure(static_cast<int>(-flags));
  const long wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (wanted == flags) return {};
  const long answer = detail::system_call(SYS_fcntl, fd.get(), F_SETFL, wanted);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return {};
}

Result<bool> is_close_on_exec(BorrowedFd fd) noexcept {
  const long flags = detail::system_call(SYS_fcntl, fd.get(), F_GETFD);
  if (flags < 0) return detail::failure(static_cast<int>(-flags));
  return (flags & FD_CLOEXEC) != 0;
}

}  // namespace v0
}  // namespace sysfd
