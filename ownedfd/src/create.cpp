// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <expected>
#include <string>
#include <system_error>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/stop_fd.hpp>

namespace sysfd {
inline namespace v0 {

// The header states these values, because it includes no <fcntl.h>.
static_assert(AT_FDCWD == -100);
static_assert(static_cast<std::uint64_t>(Resolve::no_mount_points) == RESOLVE_NO_XDEV &&
              static_cast<std::uint64_t>(Resolve::no_magic_links) == RESOLVE_NO_MAGICLINKS &&
              static_cast<std::uint64_t>(Resolve::no_symlinks) == RESOLVE_NO_SYMLINKS &&
              static_cast<std::uint64_t>(Resolve::beneath) == RESOLVE_BENEATH &&
              static_cast<std::uint64_t>(Resolve::in_root) == RESOLVE_IN_ROOT);
static_assert(detail::flags_that_create == (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)));

namespace {

// Has the errno values of flags that create a file without a mode.
class ModeCategory : public std::error_category {
 public:
  constexpr ModeCategory() noexcept = default;
  const char* name() const noexcept override { return "sysfd::open"; }
  std::string message(int) const override {
    return "flags that create a file (O_CREAT, O_TMPFILE) need a mode: open(directory, path, "
           "flags, 0644)";
  }
  std::error_condition default_error_condition(int value) const noexcept override {
    return {value, std::generic_category()};
  }
};

// Is neither constructed nor destroyed while the program runs, so that open() is async-signal-safe.
union StaticModeCategory {
  constexpr StaticModeCategory() noexcept : category() {}
  constexpr ~StaticModeCategory() {}
  char unused;  // makes a constexpr destructor possible
  ModeCategory category;
};
constexpr StaticModeCategory mode_category;

}  // namespace

std::error_code detail::mode_is_missing() noexcept {
  return {EINVAL, mode_category.category};
}

Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags, mode_t mode) noexcept {
  if (!path.get()) return detail::failure(EINVAL);
  // Does not call ::openat, which is a cancellation point.
  return detail::to_owned(detail::system_call_retried(SYS_openat, directory.get(), path.get(),
                                                      flags | O_CLOEXEC | O_NOCTTY, mode));
}

namespace {

// openat2(2) refuses what openat(2) ignores.
constexpr int to_openat2_flags(int flags) noexcept {
  if ((flags & O_PATH) != 0) return (flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW)) | O_CLOEXEC;
  return flags | O_CLOEXEC | O_NOCTTY;
}

}  // namespace

Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags, mode_t mode,
                     Resolve resolve) noexcept {
  if (!path.get()) return detail::failure(EINVAL);
  open_how how{};
  how.flags = static_cast<unsigned>(to_openat2_flags(flags));
  how.mode = mode;
  how.resolve = static_cast<std::uint64_t>(resolve);
  constexpr int most_tries = 64;  // EAGAIN: something was renamed meanwhile
  long answer = -EAGAIN;
  for (int tries = 0; tries < most_tries && answer == -EAGAIN; ++tries)
    answer =
        detail::system_call_retried(SYS_openat2, directory.get(), path.get(), &how, sizeof how);
  return detail::to_owned(answer);
}

Result<OwnedFd> open(BorrowedFd directory, CStr path, int flags, Resolve resolve) noexcept {
  if ((flags & detail::flags_that_create) != 0) return std::unexpected(detail::mode_is_missing());
  return open(directory, path, flags, 0, resolve);
}

// The lowest free number is always the missing stream: all numbers below it are open.
Result<> open_missing_standard_streams() noexcept {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (detail::system_call(SYS_fcntl, number, F_GETFD) >= 0) continue;
    const int flags = number == STDIN_FILENO ? O_RDONLY : O_WRONLY;
    const long opened = detail::system_call_retried(SYS_openat, AT_FDCWD, "/dev/null", flags, 0);
    if (opened < 0) return detail::failure(static_cast<int>(-opened));
    if (opened == number) continue;
    detail::close_quietly(static_cast<int>(opened));
    return detail::failure(EBUSY);  // another thread opens and closes at the same time
  }
  return {};
}

namespace {

// Makes two owners. Fails if one of the descriptors has the number of a standard stream and cannot
// be moved.
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

void detail::raise_event(BorrowedFd event) noexcept {
  const std::uint64_t one = 1;
  (void)system_call_retried(SYS_write, event.get(), &one, sizeof one);
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

Result<bool> is_nonblocking(BorrowedFd fd) noexcept {
  const long flags = detail::system_call(SYS_fcntl, fd.get(), F_GETFL);
  if (flags < 0) return detail::failure(static_cast<int>(-flags));
  return (flags & O_NONBLOCK) != 0;
}

Result<> set_close_on_exec(BorrowedFd fd, bool close_on_exec) noexcept {
  const long answer =
      detail::system_call(SYS_fcntl, fd.get(), F_SETFD, close_on_exec ? FD_CLOEXEC : 0);
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
