// SPDX-License-Identifier: MIT
#include "support/isolation.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "support/programs.hpp"

namespace sysfd_test {
namespace {

// Is set in the isolated process, so that the programs that it starts (death tests run the program
// again) are not isolated once more.
constexpr const char* marker = "SYSFD_TEST_ISOLATED";

bool write_file(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool written =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  return written;
}

bool unshare_namespaces() {
  constexpr int namespaces = CLONE_NEWPID | CLONE_NEWNS;
  if (::geteuid() == 0) return ::unshare(namespaces) == 0;
  const std::string user = std::to_string(::geteuid());
  const std::string group = std::to_string(::getegid());
  return ::unshare(CLONE_NEWUSER | namespaces) == 0 && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", user + " " + user + " 1") &&
         write_file("/proc/self/gid_map", group + " " + group + " 1");
}

// Ends in the same way as the process with this wait status.
[[noreturn]] void end_like(int status) {
  if (WIFEXITED(status)) std::_Exit(WEXITSTATUS(status));
  std::fprintf(stderr, "the test program was killed by signal %d\n", WTERMSIG(status));
  std::_Exit(128 + WTERMSIG(status));
}

int wait_for(pid_t child) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, __WALL);
    if (ended == child) return status;
    if (ended == -1 && errno != EINTR) return 0xff00;
  }
}

// Starts a process that has nothing to do with the tests, blocks all signals, and so keeps those
// that it gets.
pid_t start_bystander() {
  const pid_t bystander = ::fork();
  if (bystander != 0) return bystander;
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  ::close_range(0, ~0U, 0);
  for (;;)
    ::pause();
}

bool has_got_a_signal(pid_t bystander) {
  std::ifstream status("/proc/" + std::to_string(bystander) + "/status");
  int lines_without = 0;  // SigPnd and ShdPnd
  for (std::string line; std::getline(status, line);)
    if (line.find("Pnd:\t") != line.npos && line.find_first_not_of('0', 8) == line.npos)
      ++lines_without;
  return lines_without != 2;
}

// Is process 1 of the namespace: reaps orphans, and when the tests are done, checks what they have
// done to others, and ends all other processes.
void become_init() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const pid_t tests = ::fork();
  if (tests == 0) {
    ::setenv(marker, "1", 1);
    return;
  }
  if (tests < 0) end_like(0xff00);
  const pid_t bystander = start_bystander();
  int status = wait_for(tests);
  if (has_got_a_signal(bystander)) {
    std::fputs("the tests have signalled a process that has nothing to do with them\n", stderr);
    status = 0x100;
  }
  end_like(status);
}

}  // namespace

bool is_isolated() {
  return std::getenv(marker) != nullptr;
}

void isolate(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]).starts_with("--gtest_list_tests")) return;
  if (is_isolated()) return;

  const std::string programs = make_directory_for_programs();
  // This runs in a child, so that a failure half-way leaves this process unchanged.
  const pid_t child = ::fork();
  if (child < 0) return;
  if (child > 0) {
    constexpr int refused = 125;
    const int status = wait_for(child);
    if (!programs.empty()) ::rmdir(programs.c_str());
    if (WIFEXITED(status) && WEXITSTATUS(status) == refused) return;
    end_like(status);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const bool unshared = unshare_namespaces() &&
                        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                        (programs.empty() || show_programs_in(programs));
  const pid_t init = unshared ? ::fork() : -1;
  if (init < 0) std::_Exit(125);
  if (init > 0) end_like(wait_for(init));
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    std::_Exit(125);
  become_init();
}

}  // namespace sysfd_test
