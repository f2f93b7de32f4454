// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_PIDFD_CHILD_HPP
#define SYSFD_TESTS_PIDFD_CHILD_HPP

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <semaphore>
#include <sysfd/create.hpp>
#include <sysfd/pidfd.hpp>
#include <thread>

namespace sysfd_test {

// A child process that lives until it is told to end. It is told so through a pipe: no signal is
// ever sent.
class Child {
 public:
  // `first` is what it does before it waits for the end.
  explicit Child(const std::function<void()>& first = {}) : pid_(::fork()) {
    if (pid_ == 0) {
      if (first) first();
      wait_for_orders();
    }
    if (pid_ < 0) std::abort();
  }

  // A child with this process number, which must be free. Needs root.
  static Child with_number(pid_t pid) { return Child(SIGCHLD, pid); }

  // A child whose end is announced by this signal, or by none (0).
  static Child with_exit_signal(int signo) { return Child(signo, 0); }

  ~Child() {
    end();
    reap();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }

  sysfd::PidFd pidfd() const {
    auto opened = sysfd::PidFd::open(pid_);
    if (!opened) std::abort();
    return *std::move(opened);
  }

  // Returns when it has ended; it is a zombie then.
  void end(int code = 0) {
    tell_to_end(code);
    siginfo_t info;
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | __WALL) == -1 &&
           errno == EINTR) {
    }
  }
  void end_and_reap(int code = 0) {
    end(code);
    reap();
  }
  void tell_to_end(int code) const {
    const auto byte = static_cast<unsigned char>(code);
    if (::write(orders_.write.get(), &byte, 1) != 1) std::abort();
  }

  // The wait status, or -1 if somebody else was faster.
  int reap() {
    int status = -1;
    while (::waitpid(pid_, &status, __WALL) == -1 && errno == EINTR) {
    }
    return status;
  }

 private:
  Child(int exit_signal, pid_t number) : pid_(clone(exit_signal, number)) {
    if (pid_ == 0) wait_for_orders();
    if (pid_ < 0) std::abort();
  }

  static pid_t clone(int exit_signal, pid_t number) {
    clone_args arguments{};
    arguments.exit_signal = static_cast<std::uint64_t>(exit_signal);
    if (number > 0) {
      arguments.set_tid = reinterpret_cast<std::uint64_t>(&number);
      arguments.set_tid_size = 1;
    }
    return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  }

  [[noreturn]] void wait_for_orders() const {
    unsigned char code = 0;
    while (::read(orders_.read.get(), &code, 1) == -1 && errno == EINTR) {
    }
    ::_exit(code);
  }

  sysfd::Pipe orders_ = *sysfd::pipe();
  pid_t pid_;
};

// For a child to say that it has done something that its parent waits for.
class Signpost {
 public:
  void reached() const {
    if (::write(pipe_.write.get(), "", 1) != 1) std::abort();
  }
  void wait() const {
    char byte = 0;
    if (::read(pipe_.read.get(), &byte, 1) != 1) std::abort();
  }

 private:
  sysfd::Pipe pipe_ = *sysfd::pipe();
};

// A thread beside the one that makes it, which lives as long as this object.
class OtherThread {
 public:
  OtherThread()
      : thread_([this] {
          number_ = ::gettid();
          started_.release();
          finish_.acquire();
        }) {
    started_.acquire();
  }
  ~OtherThread() { end(); }
  OtherThread(const OtherThread&) = delete;
  OtherThread& operator=(const OtherThread&) = delete;

  pid_t number() const { return number_; }
  void end() {
    if (!thread_.joinable()) return;
    finish_.release();
    thread_.join();
  }

 private:
  std::binary_semaphore started_{0};
  std::binary_semaphore finish_{0};
  pid_t number_ = 0;
  std::thread thread_;
};

inline void wait_until_ended(const sysfd::PidFd& process) {
  pollfd entry{.fd = process.fd().get(), .events = POLLIN, .revents = 0};
  while (::poll(&entry, 1, -1) != 1) {
  }
}

// Whether this kernel tells how a process ended that was reaped already (PIDFD_INFO_EXIT,
// Linux 6.15).
inline bool kernel_keeps_exit_status() {
  static const bool answer = [] {
    Child child;
    const auto process = child.pidfd();
    child.end_and_reap();
    constexpr std::uint64_t info_exit = 1 << 3;
    std::array<std::uint64_t, 8> info{info_exit};
    return ::ioctl(process.fd().get(), _IOWR(0xFF, 11, decltype(info)), info.data()) == 0 &&
           (info[0] & info_exit) != 0;
  }();
  return answer;
}

// What the kernel can do, asked of it directly: a library that asks wrongly must not have its tests
// skipped.
inline sysfd::OwnedFd raw_self_pidfd() {
  return sysfd::OwnedFd::adopt(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
}

inline bool kernel_has_get_info() {
  std::array<std::uint64_t, 8> info{1};
  const auto self = raw_self_pidfd();
  return ::ioctl(self.get(), _IOWR(0xFF, 11, decltype(info)), info.data()) == 0;
}

inline bool kernel_has_thread_pidfds() {
  constexpr unsigned pidfd_thread = 0x80;
  const auto fd = ::syscall(SYS_pidfd_open, ::getpid(), pidfd_thread);
  return sysfd::OwnedFd::from_syscall(static_cast<int>(fd)).has_value();
}

inline bool kernel_has_signal_scopes() {
  const auto self = raw_self_pidfd();
  return ::syscall(SYS_pidfd_send_signal, self.get(), 0, nullptr, 1U << 1) == 0;
}

inline bool kernel_has_namespace_ioctls() {
  const auto self = raw_self_pidfd();
  return sysfd::OwnedFd::from_syscall(::ioctl(self.get(), _IO(0xFF, 10), 0)).has_value();
}

// Whether processes can be opened by their identity.
inline bool kernel_has_pidfd_handles() {
  struct {
    std::uint32_t size = 8;
    std::int32_t type = 0;
    std::uint64_t inode = 0;
  } handle;
  int mount = 0;
  const auto self = raw_self_pidfd();
  return ::syscall(SYS_name_to_handle_at, self.get(), "", &handle, &mount, AT_EMPTY_PATH) == 0;
}

// Whether it has identities at all: Linux 6.9.
inline bool kernel_has_pidfs() {
  struct statfs file_system;
  const auto self = raw_self_pidfd();
  return ::fstatfs(self.get(), &file_system) == 0 && file_system.f_type == 0x50494446;
}

inline bool kernel_has_peer_pidfds() {
  const auto pair = *sysfd::socket_pair(SOCK_STREAM);
  int fd = -1;
  socklen_t size = sizeof fd;
  constexpr int so_peerpidfd = 77;
  if (::getsockopt(pair.first.get(), SOL_SOCKET, so_peerpidfd, &fd, &size) != 0) return false;
  return sysfd::OwnedFd::from_syscall(fd).has_value();
}

}  // namespace sysfd_test

#define SYSFD_REQUIRE_GET_INFO() \
  if (!sysfd_test::kernel_has_get_info()) GTEST_SKIP() << "needs PIDFD_GET_INFO (Linux 6.13)"
#define SYSFD_REQUIRE_THREAD_PIDFDS() \
  if (!sysfd_test::kernel_has_thread_pidfds()) GTEST_SKIP() << "needs PIDFD_THREAD (Linux 6.9)"
#define SYSFD_REQUIRE_SIGNAL_SCOPES()          \
  if (!sysfd_test::kernel_has_signal_scopes()) \
  GTEST_SKIP() << "needs PIDFD_SIGNAL_THREAD_GROUP (Linux 6.9)"
#define SYSFD_REQUIRE_NAMESPACE_IOCTLS()          \
  if (!sysfd_test::kernel_has_namespace_ioctls()) \
  GTEST_SKIP() << "needs PIDFD_GET_UTS_NAMESPACE (Linux 6.11)"
#define SYSFD_REQUIRE_PIDFD_HANDLES()          \
  if (!sysfd_test::kernel_has_pidfd_handles()) \
  GTEST_SKIP() << "needs file handles of pidfds (Linux 6.14)"
#define SYSFD_REQUIRE_PIDFS() \
  if (!sysfd_test::kernel_has_pidfs()) GTEST_SKIP() << "needs pidfs (Linux 6.9)"
#define SYSFD_REQUIRE_PEER_PIDFDS() \
  if (!sysfd_test::kernel_has_peer_pidfds()) GTEST_SKIP() << "needs SO_PEERPIDFD (Linux 6.5)"
#define SYSFD_REQUIRE_KEPT_EXIT_STATUS()          \
  if (!sysfd_test::kernel_keeps_exit_status())    \
  GTEST_SKIP() << "needs PIDFD_INFO_EXIT (Linux " \
                  "6.15)"

#endif  // SYSFD_TESTS_PIDFD_CHILD_HPP
