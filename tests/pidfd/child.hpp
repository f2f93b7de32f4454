// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_PIDFD_CHILD_HPP
#define SYSFD_TESTS_PIDFD_CHILD_HPP

#include <linux/sched.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <sysfd/create.hpp>
#include <sysfd/pidfd.hpp>

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

}  // namespace sysfd_test

#define SYSFD_REQUIRE_KEPT_EXIT_STATUS()       \
  if (!sysfd_test::kernel_keeps_exit_status()) \
  GTEST_SKIP() << "this kernel does not tell how a process ended that somebody else reaped"

#endif  // SYSFD_TESTS_PIDFD_CHILD_HPP
