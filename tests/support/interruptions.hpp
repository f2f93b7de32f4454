// SPDX-License-Identifier: MIT
//
// Sends signals that surely arrive while a system call blocks: without sleeps and without luck.
#ifndef SYSFD_TESTS_SUPPORT_INTERRUPTIONS_HPP
#define SYSFD_TESTS_SUPPORT_INTERRUPTIONS_HPP

#include <dlfcn.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace sysfd_test {

// Handles SIGUSR1 here, without SA_RESTART, and counts it, while an object lives.
class Interruptions {
 public:
  Interruptions() : victim_(::getpid()) {
    void* page = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) std::abort();
    seen_ = new (page) std::atomic<int>(0);
    struct sigaction action = {};
    action.sa_handler = [](int) { seen_->fetch_add(1); };
    set_action(&action, &before_);
  }
  ~Interruptions() {
    set_action(&before_, nullptr);
    ::munmap(seen_, sizeof(std::atomic<int>));
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

  int seen() const { return seen_->load(); }

  // Call this in a child: it interrupts the process that made this object `count` times, each time
  // when it is blocked. That process must block nowhere but in the call under test.
  void interrupt(int count) const {
    for (int i = 0; i < count; ++i) {
      wait_until_blocked();
      const int before = seen();
      ::kill(victim_, SIGUSR1);
      while (seen() == before)
        ::sched_yield();
    }
    wait_until_blocked();
  }

 private:
  // Calls libc's own sigaction(2). The thread sanitizer's sigaction(2) would delay signals while a
  // call blocks.
  static void set_action(const struct sigaction* action, struct sigaction* before) {
    void* libc = ::dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    void* function = libc ? ::dlsym(libc, "sigaction") : nullptr;
    if (function)
      reinterpret_cast<decltype(&::sigaction)>(function)(SIGUSR1, action, before);
    else
      ::sigaction(SIGUSR1, action, before);
    if (libc) ::dlclose(libc);
  }

  void wait_until_blocked() const {
    const std::string path = "/proc/" + std::to_string(victim_) + "/stat";
    for (char state = 0; state != 'S'; ::sched_yield()) {
      std::FILE* file = std::fopen(path.c_str(), "re");
      if (!file || std::fscanf(file, "%*d (%*[^)]) %c", &state) != 1) std::abort();
      std::fclose(file);
    }
  }

  static inline std::atomic<int>* seen_ = nullptr;
  pid_t victim_;
  struct sigaction before_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_INTERRUPTIONS_HPP
