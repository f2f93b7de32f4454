// SPDX-License-Identifier: MIT
//
// Tests processes whose first thread is not the one that goes on. The number and the pidfd of a
// process are those of its first thread, whose end is not that of the process.
#include <sysfd/pidfd.hpp>

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

constexpr PidFdFlags of_thread{.nonblocking = false, .thread = true};
constexpr unsigned char execute = 0xff;

// A child whose second thread waits for an order: to end the process with a status, or to execute a
// program, which waits for a line and ends the process with status 9.
class ChildWithTwoThreads {
 public:
  enum class FirstThread { ends, stays };

  explicit ChildWithTwoThreads(FirstThread first) : pid_(::fork()) {
    if (pid_ < 0) std::abort();
    if (pid_ == 0) {
      static_cast<void>(OwnedFd(std::move(orders_.write)));
      std::thread([this] { obey(); }).detach();
      if (first == FirstThread::ends) ::syscall(SYS_exit, 0);
      for (;;)
        ::pause();
    }
    if (::read(told_.read.get(), &second_thread_, sizeof second_thread_) != sizeof second_thread_)
      std::abort();
    if (first == FirstThread::ends) await_end_of_first_thread();
  }
  ~ChildWithTwoThreads() {
    static_cast<void>(OwnedFd(std::move(orders_.write)));  // which ends it
    while (::waitpid(pid_, nullptr, 0) == -1 && errno == EINTR) {
    }
  }
  ChildWithTwoThreads(const ChildWithTwoThreads&) = delete;
  ChildWithTwoThreads& operator=(const ChildWithTwoThreads&) = delete;

  pid_t pid() const { return pid_; }
  pid_t second_thread() const { return second_thread_; }

  void order(unsigned char code) const {
    if (::write(orders_.write.get(), &code, 1) != 1) std::abort();
  }
  // Returns when the program runs.
  void order_to_execute() const {
    order(execute);
    char line[2];
    if (::read(told_.read.get(), line, 2) != 2) std::abort();
  }

 private:
  void obey() const {
    const pid_t number = ::gettid();
    if (::write(told_.write.get(), &number, sizeof number) != sizeof number) std::abort();
    unsigned char code = 0;
    while (::read(orders_.read.get(), &code, 1) == -1 && errno == EINTR) {
    }
    if (code != execute) ::_exit(code);
    ::dup2(orders_.read.get(), 0);
    ::dup2(told_.write.get(), 1);
    ::execl("/bin/sh", "sh", "-c", "echo x; read line; exit 9", nullptr);
    ::_exit(127);
  }

  void await_end_of_first_thread() const {
    const std::string number = std::to_string(pid_);
    for (std::string state; state != "Z"; ::sched_yield())
      std::ifstream("/proc/" + number + "/task/" + number + "/stat") >> state >> state >> state;
  }

  Pipe orders_ = *sysfd::pipe();
  Pipe told_ = *sysfd::pipe();
  pid_t pid_;
  pid_t second_thread_ = 0;
};
using enum ChildWithTwoThreads::FirstThread;

void expect_to_run(const PidFd& process) {
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(error_of(process.wait_for(1ms)), std::errc::timed_out);
  const std::array<const PidFd*, 1> all{&process};
  EXPECT_EQ(error_of(wait_any(all, 1ms)), std::errc::timed_out);
  EXPECT_TRUE(process.send_signal(0));
}

TEST(FirstThread, MayEndBeforeTheProcess) {
  const ChildWithTwoThreads child(ends);
  const PidFd process = must(PidFd::open(child.pid()));
  expect_to_run(process);
  EXPECT_EQ(process.pid(), child.pid());
  EXPECT_EQ(must(process.info()).pid, child.pid());
  EXPECT_EQ(must(process.info()).exit, std::nullopt);
  child.order(7);
  EXPECT_EQ(process.wait(), ExitStatus::exited(7));
}

TEST(FirstThread, MayEndBeforeTheProcessAndHasItsStatus) {
  SYSFD_REQUIRE_KERNEL("PIDFD_THREAD");
  const ChildWithTwoThreads child(ends);
  const PidFd first = must(PidFd::open(child.pid(), of_thread));
  expect_to_run(first);
  EXPECT_EQ(must(first.info()).exit, std::nullopt);
  child.order(7);
  EXPECT_EQ(first.wait(), ExitStatus::exited(7));
}

TEST(FirstThread, MayBeReplacedByOneThatExecutesAProgram) {
  for (const auto way : {ends, stays}) {
    const ChildWithTwoThreads child(way);
    const PidFd process = must(PidFd::open(child.pid()));
    child.order_to_execute();
    expect_to_run(process);
    EXPECT_EQ(process.pid(), child.pid());
    EXPECT_EQ(same_process(process, must(PidFd::open(child.pid()))), true);
    child.order('\n');
    EXPECT_EQ(process.wait(), ExitStatus::exited(9));
  }
}

// The thread has the number of the process then, and its own is gone.
TEST(FirstThread, MayBeReplacedByAThreadWhosePidFdTellsAnEnd) {
  SYSFD_REQUIRE_KERNEL("PIDFD_THREAD");
  for (const auto way : {ends, stays}) {
    const ChildWithTwoThreads child(way);
    const PidFd first = must(PidFd::open(child.pid(), of_thread));
    const PidFd second = must(PidFd::open(child.second_thread(), of_thread));
    EXPECT_EQ(second.pid(), child.second_thread());
    child.order_to_execute();
    const std::array<const PidFd*, 2> all{&first, &second};
    EXPECT_EQ(wait_any(all), 1U);
    EXPECT_EQ(error_of(second.send_signal(0)), std::errc::no_such_process);
    EXPECT_EQ(error_of(second.pid()), std::errc::no_such_process);
    expect_to_run(first);
    EXPECT_EQ(first.pid(), child.pid());
    child.order('\n');
    EXPECT_EQ(first.wait(), ExitStatus::exited(9));
  }
}

}  // namespace
}  // namespace sysfd_test
