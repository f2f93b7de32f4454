// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_PIDFD_CHILD_HPP
#define SYSFD_TESTS_PIDFD_CHILD_HPP

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
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
#include <thread>

#include <sysfd/create.hpp>
#include <sysfd/pidfd.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

// A child process that lives until it is told to end. It is told through a pipe: no signal is ever
// sent.
class ForkedChild {
 public:
  // Runs `first` in the child before it waits.
  explicit ForkedChild(const std::function<void()>& first = {}) : pid_(::fork()) {
    if (pid_ == 0) {
      if (first) first();
      wait_for_orders();
    }
    if (pid_ < 0) std::abort();
  }

  // Makes a child with this process number, which must be free. Needs root.
  static ForkedChild with_number(pid_t pid) { return ForkedChild(SIGCHLD, pid); }

  // Makes a child whose end is announced by this signal, or by none (0).
  static ForkedChild with_exit_signal(int signo) { return ForkedChild(signo, 0); }

  ~ForkedChild() {
    end();
    reap();
  }
  ForkedChild(const ForkedChild&) = delete;
  ForkedChild& operator=(const ForkedChild&) = delete;

  pid_t pid() const { return pid_; }

  PidFd pidfd() const {
    auto opened = PidFd::open(pid_);
    if (!opened) std::abort();
    return *std::move(opened);
  }

  // Makes it end, and returns when it is a zombie.
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

  // Returns the wait status, or -1 if another caller was faster.
  int reap() {
    int status = -1;
    while (::waitpid(pid_, &status, __WALL) == -1 && errno == EINTR) {
    }
    return status;
  }

 private:
  ForkedChild(int exit_signal, pid_t number) : pid_(clone(exit_signal, number)) {
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

  Pipe orders_ = *sysfd::pipe();
  pid_t pid_;
};

// Lets a child tell its parent, which waits for it, that it has done something.
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
  Pipe pipe_ = *sysfd::pipe();
};

// A second thread in this process, which lives as long as this object.
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

inline void wait_until_ended(const PidFd& process) {
  pollfd entry{.fd = process.fd().get(), .events = POLLIN, .revents = 0};
  while (::poll(&entry, 1, -1) != 1) {
  }
}

// A process that nobody reaps (a thread, or a child with SIGCHLD ignored) ends a moment before it
// is gone.
inline void wait_until_gone(const PidFd& process) {
  Result<void> sent;
  while ((sent = process.send_signal(0)))
    ::sched_yield();
  EXPECT_EQ(sent.error(), std::errc::no_such_process);
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_PIDFD_CHILD_HPP
