// SPDX-License-Identifier: MIT
#include <sysfd/owned_fd.hpp>

#include <sysfd/detail/raw_syscall.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

// There in a program that was built with the thread sanitizer, be this library or not.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" [[gnu::weak]] void __tsan_init();

namespace sysfd {
inline namespace v0 {
namespace detail {

namespace {

// The bare call: libc's close() is a cancellation point, and a thread that is cancelled there may
// or may not have closed. The thread sanitizer has to see it, though, or it takes the next owner of
// the number, in another thread, for a data race.
long close_once(int fd) noexcept {
  if (&__tsan_init == nullptr) return raw_syscall(SYS_close, fd);
  const int saved = errno;
  const long answer = ::close(fd) == -1 ? -errno : 0;
  errno = saved;
  return answer;
}

void write_to_stderr(const char* text) noexcept {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

}  // namespace

void contract_violation(const char* what) noexcept {
  write_to_stderr("sysfd: ");
  write_to_stderr(what);
  write_to_stderr("\n");
  std::abort();
}

[[gnu::hot]] void close_quietly(int fd) noexcept {
  (void)close_once(fd);
}

}  // namespace detail

namespace {

constexpr int first_above_standard_streams = 3;

}  // namespace

Result<OwnedFd> BorrowedFd::duplicate() const noexcept {
  return OwnedFd::from_syscall(::fcntl(fd_, F_DUPFD_CLOEXEC, first_above_standard_streams));
}

Result<OwnedFd> OwnedFd::adopt_open(int fd) noexcept {
  if (::fcntl(fd, F_GETFD) == -1) return detail::last_error();
  return OwnedFd(fd);
}

Result<> OwnedFd::close() && noexcept {
  const int fd = std::move(*this).release();
  const long answer = detail::close_once(fd);
  if (answer < 0) return detail::failure(static_cast<int>(-answer));
  return {};
}

Result<> replace(OwnedFd& slot, BorrowedFd source) noexcept {
  if (slot.get() == source.get()) return {};
  if (detail::retry_eintr([&] { return ::dup3(source.get(), slot.get(), O_CLOEXEC); }) == -1)
    return detail::last_error();
  return {};
}

}  // namespace v0
}  // namespace sysfd
