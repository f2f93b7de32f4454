// SPDX-License-Identifier: MIT
#include "support/refuse_calls.hpp"

#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace sysfd_test {
namespace {

volatile std::sig_atomic_t counted = 0;
volatile std::sig_atomic_t counted_error = 0;

void check(int answer, const char* what) {
  if (answer == 0) return;
  std::fprintf(stderr, "%s: error %d\n", what, -answer);
  std::abort();
}

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW)) {
    if (!context_) check(-1, "seccomp_init");
  }
  ~Filter() { ::seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void add(std::uint32_t action, const RefusedCall& call) {
    scmp_arg_cmp conditions[2];
    unsigned count = 0;
    for (const auto& match : {call.only, call.also})
      if (match)
        conditions[count++] = {match->argument, SCMP_CMP_MASKED_EQ, match->mask, match->value};
    check(::seccomp_rule_add_exact_array(context_, action, call.number, count, conditions),
          "seccomp rule");
  }
  void load() { check(::seccomp_load(context_), "seccomp_load"); }

 private:
  scmp_filter_ctx context_;
};

void on_sigsys(int, siginfo_t*, void* context) {
  counted = counted + 1;
  auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  machine.gregs[REG_RAX] = -counted_error;
#elif defined(__aarch64__)
  machine.regs[0] = static_cast<unsigned long long>(-static_cast<long long>(counted_error));
#elif defined(__riscv) && __riscv_xlen == 64
  machine.__gregs[REG_A0] = static_cast<unsigned long>(-static_cast<long>(counted_error));
#else
#error "sysfd's tests know x86-64, aarch64 and riscv64"
#endif
}

}  // namespace

void refuse_calls(std::initializer_list<RefusedCall> calls) {
  Filter filter;
  for (const RefusedCall& call : calls)
    filter.add(SCMP_ACT_ERRNO(static_cast<std::uint32_t>(call.error)), call);
  filter.load();
}

void kill_on_call(const RefusedCall& call) {
  Filter filter;
  filter.add(SCMP_ACT_KILL_PROCESS, call);
  filter.load();
}

bool kill_on_call_spares_others() {
  const pid_t sharer = ::fork();
  if (sharer == 0) {
    ::prctl(PR_SET_DUMPABLE, 1);
    kill_on_call({SYS_getpriority, 0});
    if (::vfork() == 0) {
      ::syscall(SYS_getpriority, PRIO_PROCESS, 0);
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = -1;
  return ::waitpid(sharer, &status, 0) == sharer && status == 0;
}

void count_and_refuse_calls(int number, std::uint32_t argument, int error) {
  counted = 0;
  counted_error = error;
  struct sigaction action = {};
  action.sa_sigaction = &on_sigsys;
  action.sa_flags = SA_SIGINFO;
  check(::sigaction(SIGSYS, &action, nullptr), "sigaction");
  Filter filter;
  filter.add(SCMP_ACT_TRAP, {number, error, RefusedCall::Match{0, argument}});
  filter.load();
}

int counted_calls() {
  return counted;
}

}  // namespace sysfd_test
