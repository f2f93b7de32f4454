// SPDX-License-Identifier: MIT
#include <sysfd/owned_fd.hpp>

#include <sysfd/detail/raw_syscall.hpp>

#include "owner_table.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>

// Is the thread sanitizer's close(2), in a program that was built with it, whether or not this
// library was.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" [[gnu::weak]] int __interceptor_close(int fd);

namespace sysfd {
inline namespace v0 {
namespace detail {

namespace {

// Makes the raw system call: libc's close() is a cancellation point, and a thread that is cancelled
// there may or may not have closed the descriptor. But the thread sanitizer has to see the call.
// Otherwise it reports a data race when another thread gets the number for its own descriptor.
long close_once(int fd) noexcept {
  if (&__interceptor_close == nullptr) return raw_syscall(SYS_close, fd);
  const int saved = errno;
  const long answer = to_answer(__interceptor_close(fd));
  errno = saved;
  return answer;
}

// Standard error is never close-on-exec. If number 2 is, the program was started without standard
// error, and the number belongs to some other file.
bool has_stderr() noexcept {
  const long flags = system_call(SYS_fcntl, STDERR_FILENO, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

iovec to_iovec(const char* text) noexcept {
  return {const_cast<char*>(text), std::strlen(text)};
}

}  // namespace

void contract_violation(const char* what) noexcept {
  const iovec line[] = {to_iovec("sysfd: "), to_iovec(what), to_iovec("\n")};
  if (has_stderr()) (void)system_call_retried(SYS_writev, STDERR_FILENO, line, std::size(line));
  std::abort();
}

void stop_without_value(const std::error_code& code, const char* description) noexcept {
  const char* name = nullptr;
#if defined(__GLIBC__)
  if (code.category() == std::system_category()) name = ::strerrorname_np(code.value());
#endif
  std::string text = "value of a Result that holds an error: ";
  text += description ? description : code.message();
  if (name) text.append(" (").append(name).append(")");
  contract_violation(text.c_str());
}

long move_above_standard_streams(int fd) noexcept {
  const long moved = system_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, first_above_standard_streams);
  close_quietly(fd);
  return moved == -EINVAL ? -EMFILE : moved;  // RLIMIT_NOFILE is that low
}

SYSFD_TRACKED [[gnu::hot]] void close_quietly(int fd) noexcept {
  (void)close_once(fd);
}

#if defined(SYSFD_TRACK_OWNERSHIP)
long close_owned(int fd, const void* owner, const void* caller) noexcept {
  const Site here = {__builtin_return_address(0), caller};
  const Site taken = retire(fd, owner, Ending::closed, here);
  const long answer = close_once(fd);
  if (answer == -EBADF) stop_closed_by_others(fd, owner, taken, here);
  return answer;
}
#endif

}  // namespace detail

Result<OwnedFd> BorrowedFd::duplicate() const noexcept {
  const long answer =
      detail::system_call(SYS_fcntl, fd_, F_DUPFD_CLOEXEC, detail::first_above_standard_streams);
  if constexpr (detail::tracks_ownership) {
    if (answer == -EBADF) detail::must_have_no_owner(fd_, __builtin_return_address(0));
  }
  return detail::to_owned(answer == -EINVAL ? -EMFILE : answer);  // RLIMIT_NOFILE is that low
}

Result<OwnedFd> OwnedFd::adopt_open(int fd) noexcept {
  const long answer = detail::system_call(SYS_fcntl, fd, F_GETFD);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return OwnedFd(fd);
}

Result<> OwnedFd::close() && noexcept {
  const int fd = get();
  fd_ = empty;
  long answer = 0;
  if constexpr (detail::tracks_ownership)
    answer = detail::close_owned(fd, this, __builtin_return_address(0));
  else
    answer = detail::close_once(fd);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return {};
}

Result<> replace(OwnedFd& slot, BorrowedFd source) noexcept {
  const bool is_same = slot.get() == source.get();  // dup3(2) fails if both are the same
  const long answer =
      is_same ? detail::system_call(SYS_fcntl, slot.get(), F_GETFD)
              : detail::system_call_retried(SYS_dup3, source.get(), slot.get(), O_CLOEXEC);
  if constexpr (detail::tracks_ownership) {
    if (answer == -EBADF) detail::must_have_no_owner(source.get(), __builtin_return_address(0));
  }
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return {};
}

}  // namespace v0
}  // namespace sysfd
