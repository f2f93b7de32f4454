// SPDX-License-Identifier: MIT
//
// System calls by hand. fork and vfork with execve are the least that a program can do. The others
// make the system calls that sysfd makes, in the same order, with all arguments prepared: they show
// what sysfd could cost at least. An error of execve reaches the parent as exit status 127, so that
// ETXTBSY (see spawn/busy.cpp) is seen too.
//
// not passed: stay open unless close-on-exec
// passes: any numbers, by dup3 in the child
// waits by: waitpid
// link: sysfd::spawn
//
// peer: vfork+execve
// starts by: vfork
//
// peer: fork+execve
// starts by: fork
//
// peer: calls of sysfd, by hand
// starts by: clone3 (VM, VFORK, PIDFD)
// not passed: closed, all at once
// waits by: waitid by pidfd
//
// peer: calls of sysfd status, by hand
// starts by: clone3 (VM, PIDFD)
// runs to the end: yes
// not passed: closed, all at once
// waits by: waitid by pidfd
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "../../spawn/src/in_child/child_syscall.hpp"  // the assembler that clones
#include "../../spawn/src/in_child/kernel.hpp"         // structures of the kernel
#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

using sysfd::detail::address;
using sysfd::detail::raw_syscall;
namespace kernel = sysfd::detail::kernel;

class Fork : public StarterByPid {
 public:
  int start() override {
    const pid_t child = ::fork();
    if (child < 0) return errno;
    if (child == 0) {
      if (do_moves(moves())) ::execve(arguments().program(), arguments().get(), ::environ);
      ::_exit(127);
    }
    started(child);
    return 0;
  }
};

class Vfork : public StarterByPid {
 public:
  int start() override { return start_by_vfork(); }
};

constexpr std::uint64_t no_signals = 0;
constexpr std::uint64_t all_signals = ~std::uint64_t{0};

long set_mask(const std::uint64_t& mask, std::uint64_t* old = nullptr) {
  return raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, address(&mask), address(old), sizeof mask);
}

struct Job {
  const std::vector<Move>* moves;
  char** argv;
  long first_not_needed;
  bool suspends_parent;
};

void run_child(void* prepared) {
  const Job& job = *static_cast<const Job*>(prepared);
  static constexpr kernel::SignalAction default_action{};
  raw_syscall(SYS_close_range, job.first_not_needed, ~0U, CLOSE_RANGE_UNSHARE);
  for (const int signo : {SIGPIPE, SIGCHLD})
    raw_syscall(SYS_rt_sigaction, signo, address(&default_action), 0, sizeof default_action.mask);
  for (const Move& move : *job.moves) {
    if (move.source == move.number)
      raw_syscall(SYS_fcntl, move.source, F_SETFD, 0);
    else
      raw_syscall(SYS_dup3, move.source, move.number, move.aside ? O_CLOEXEC : 0);
  }
  for (int standard = 0; standard < 3; ++standard)
    raw_syscall(SYS_fcntl, standard, F_GETFD);
  if (job.suspends_parent) {
    static constexpr std::uint64_t stop_signals =
        1ULL << (SIGTSTP - 1) | 1ULL << (SIGTTIN - 1) | 1ULL << (SIGTTOU - 1);
    static constexpr timespec at_once{};
    raw_syscall(SYS_rt_sigtimedwait, address(&stop_signals), 0, address(&at_once),
                sizeof stop_signals);
  }
  set_mask(no_signals);
  raw_syscall(SYS_execve, address(job.argv[0]), address(job.argv), address(::environ));
  sysfd::detail::exit_quietly();
}

class CallsOfSpawn : public StarterByPid {
 public:
  int prepare(const Request& request) override {
    StarterByPid::prepare(request);
    clone_.flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
    clone_.exit_signal = SIGCHLD;
    job_ = {.moves = &moves(),
            .argv = arguments().get(),
            .first_not_needed = 3,
            .suspends_parent = true};
    for (const Move& move : moves())
      job_.first_not_needed =
          std::max<long>({job_.first_not_needed, move.source + 1, move.number + 1});
    return 0;
  }

  int start() override {
    int pidfd = -1;
    std::uint64_t old = 0;
    clone_.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    set_mask(all_signals, &old);
    const long answer = sysfd::detail::clone_and_run(
        SYS_clone3, address(&clone_), kernel::clone_arguments_first_size, 0, 0, run_child, &job_);
    set_mask(old);
    if (answer < 0) return static_cast<int>(-answer);
    started(pidfd);
    return 0;
  }

  int wait() override {
    const int pidfd = next();
    siginfo_t info{};
    raw_syscall(SYS_waitid, P_PIDFD, pidfd, address(&info), WEXITED | WNOWAIT | __WALL);
    raw_syscall(SYS_waitid, P_PIDFD, pidfd, 0, WEXITED | WNOHANG | __WALL);
    raw_syscall(SYS_close, pidfd);
    return info.si_code == CLD_EXITED && info.si_status == 0 ? 0 : ECANCELED;
  }

 protected:
  kernel::CloneArguments& clone() { return clone_; }
  Job& job() { return job_; }

 private:
  kernel::CloneArguments clone_{};
  Job job_{};
};

// The parent is not suspended, and waits at once.
class CallsOfStatus : public CallsOfSpawn {
 public:
  int prepare(const Request& request) override {
    const int error = CallsOfSpawn::prepare(request);
    clone().flags &= ~std::uint64_t{CLONE_VFORK};
    job().suspends_parent = false;
    clone().stack = reinterpret_cast<std::uintptr_t>(stack_);
    clone().stack_size = sizeof stack_;
    return error;
  }
  int start() override {
    const int error = CallsOfSpawn::start();
    return error == 0 ? CallsOfSpawn::wait() : error;
  }
  int wait() override { return 0; }

 private:
  alignas(16) char stack_[16384];
};

}  // namespace

std::vector<Peer> peers() {
  const char* const version = "by hand";
  return {{"vfork+execve", version, maker<Vfork>()},
          {"fork+execve", version, maker<Fork>()},
          {"calls of sysfd, by hand", version, maker<CallsOfSpawn>()},
          {"calls of sysfd status, by hand", version, maker<CallsOfStatus>()}};
}

}  // namespace sysfd_bench
