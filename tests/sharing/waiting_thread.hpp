// SPDX-License-Identifier: MIT
//
// Runs a call that is expected to wait in a separate thread.
#ifndef SYSFD_TESTS_SHARING_WAITING_THREAD_HPP
#define SYSFD_TESTS_SHARING_WAITING_THREAD_HPP

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "support/prelude.hpp"

namespace sysfd_test {

class WaitingThread {
 public:
  template <class Body>
  explicit WaitingThread(Body body)
      : thread_([this, body] {
          number_ = ::gettid();
          body();
          has_ended_ = true;
        }) {}
  ~WaitingThread() { join(); }
  WaitingThread(const WaitingThread&) = delete;
  WaitingThread& operator=(const WaitingThread&) = delete;

  // Returns true as soon as it waits in the kernel; false if it has ended without waiting.
  bool waits() const {
    while (number_ == 0)
      ::sched_yield();
    const std::string name = "/proc/self/task/" + std::to_string(number_) + "/stat";
    for (; !has_ended_; ::sched_yield()) {
      std::ifstream file(name);
      std::string number;
      std::string program;
      std::string state;
      if (file >> number >> program >> state && state == "S") return true;
    }
    return false;
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<pid_t> number_ = 0;
  std::atomic<bool> has_ended_ = false;
  std::thread thread_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SHARING_WAITING_THREAD_HPP
