// SPDX-License-Identifier: MIT
#include "counts/cost.hpp"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#if defined(__x86_64__)
#include <alloca.h>
#include <dlfcn.h>
#include <link.h>
#include <linux/sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <vector>
#endif

namespace sysfd_bench {

void use_a_fixed_environment(char** argv) {
  constexpr const char* marker = "LD_BIND_NOW=1";
  if (!::environ[0] || std::strcmp(::environ[0], marker) != 0) {
    char bind[] = "LD_BIND_NOW=1";
    char path[] = "PATH=/usr/bin:/bin";
    char* const environment[] = {bind, path, nullptr};
    ::execve("/proc/self/exe", argv, environment);
    std::perror("/proc/self/exe");
    std::exit(2);
  }
  ::close_range(3, ~0U, 0);
}

#if defined(__x86_64__)

namespace {

using Address = unsigned long long;

// Stops the copy where counting begins and ends.
inline void stop_here() {
  asm volatile("int3" ::: "memory");
}

void call(const std::function<void()>& function) {
  if (function) function();
}

// Not inlined: a frame of its own, whose place is the next function's business.
[[gnu::noinline]] void run_counted(const Task& task) {
  call(task.before);
  stop_here();
  task.body();
  stop_here();
  call(task.after);
}

[[noreturn]] void run_traced(const Task& task) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
  ::raise(SIGSTOP);
  // The first time, pages and buffers come, in libc too.
  if (!task.once) {
    call(task.before);
    task.body();
    call(task.after);
  }
  // The functions of libc that copy go by how bytes are aligned. The stack begins somewhere else in
  // each process, so it goes on at the start of a page.
  constexpr std::uintptr_t page = 4096;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  auto* const skipped = static_cast<char*>(alloca(here % page + page));
  asm volatile("" : : "r"(skipped) : "memory");
  run_counted(task);
  ::_exit(0);
}

// Texts with the number of a process are as long each time: it has five digits, where it may be
// chosen (CAP_CHECKPOINT_RESTORE).
pid_t fork_copy() {
  for (pid_t wanted = 20'000; wanted < 20'500; ++wanted) {
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<std::uintptr_t>(&wanted);
    arguments.set_tid_size = 1;
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid >= 0) return static_cast<pid_t>(pid);
    if (errno != EEXIST) break;
  }
  return ::fork();
}

// The status of a process that has stopped; nothing if it has ended.
std::optional<int> status_at_stop(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, __WALL) == -1)
    if (errno != EINTR) return std::nullopt;
  if (!WIFSTOPPED(status)) return std::nullopt;
  return status;
}

int event_of(int status) {
  return status >> 16;
}

// Goes with a new child, which stays stopped once it executes a program. Answers how many system
// calls that took.
long follow_to_exec(pid_t child) {
  constexpr int at_system_call = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD
  long stops = 0;
  int signo = 0;
  if (!status_at_stop(child)) return 0;  // where it was attached to
  for (;;) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, signo) != 0) break;
    const auto status = status_at_stop(child);
    if (!status || event_of(*status) == PTRACE_EVENT_EXEC) break;
    signo = WSTOPSIG(*status);
    if (signo == at_system_call) ++stops;
    if (signo == at_system_call || event_of(*status) != 0) signo = 0;
  }
  return (stops + 1) / 2;  // there are two for each, but for execve(2) and _exit(2)
}

// Where the functions of malloc(3) begin. How long they take depends on what was allocated before.
class Allocator {
 public:
  enum class Function { none, allocating, other };

  Allocator() {
    for (const char* name :
         {"malloc", "calloc", "realloc", "aligned_alloc", "memalign", "posix_memalign"})
      add(allocating_, name);
    add(others_, "free");
  }
  Function at(Address address) const {
    if (std::ranges::find(allocating_, address) != allocating_.end()) return Function::allocating;
    if (std::ranges::find(others_, address) != others_.end()) return Function::other;
    return Function::none;
  }

 private:
  static void add(std::vector<Address>& functions, const char* name) {
    const auto address = reinterpret_cast<Address>(::dlsym(RTLD_NEXT, name));
    if (address != 0) functions.push_back(address);
  }
  std::vector<Address> allocating_, others_;
};

struct Range {
  Address begin = 0, end = 0;
  bool contains(Address address) const { return begin <= address && address < end; }
};

// The code that the kernel lends to all processes. How long it takes to read the clock there
// depends on whether the kernel is just setting it.
Range find_vdso() {
  const Address begin = ::getauxval(AT_SYSINFO_EHDR);
  if (begin == 0) return {};
  const auto* const header = reinterpret_cast<const ElfW(Ehdr)*>(begin);
  const auto* const segments = reinterpret_cast<const ElfW(Phdr)*>(begin + header->e_phoff);
  for (int i = 0; i < header->e_phnum; ++i)
    if (segments[i].p_type == PT_LOAD) return {begin, begin + segments[i].p_memsz};
  return {};
}

// Takes one copy from its first stop to the second.
class Counter {
 public:
  Counter(pid_t copy, bool waits) : copy_(copy), waits_(waits) {}
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  ~Counter() {
    for (const pid_t child : children_)
      ::ptrace(PTRACE_DETACH, child, nullptr, nullptr);
  }

  bool go_to_start() {
    if (!status_at_stop(copy_) ||
        ::ptrace(PTRACE_SETOPTIONS, copy_, nullptr, PTRACE_O_EXITKILL) != 0 ||
        !go_on_to_trap(PTRACE_CONT))
      return false;
    constexpr long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
                             PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
    return ::ptrace(PTRACE_SETOPTIONS, copy_, nullptr, options) == 0;
  }

  std::optional<Cost> count() {
    for (bool more = true; more; more = !is_at_end()) {
      user_regs_struct registers{};
      if (::ptrace(PTRACE_GETREGS, copy_, nullptr, &registers) != 0) return std::nullopt;
      look_at(registers);
      if (!go_on_to_trap(PTRACE_SINGLESTEP)) return std::nullopt;
    }
    return cost_;
  }

 private:
  // Lets it go on until its next trap. Other signals are handed to it.
  bool go_on_to_trap(__ptrace_request how) {
    for (int signo = 0;;) {
      if (::ptrace(how, copy_, nullptr, signo) != 0) return false;
      const auto status = status_at_stop(copy_);
      if (!status) return false;
      signo = WSTOPSIG(*status);
      if (event_of(*status) != 0) {
        meet_child();
        signo = 0;
      } else if (signo == SIGTRAP) {
        return true;
      }
    }
  }

  // The children stay stopped until all is counted, so that none of them ends in the middle, and a
  // signal tells of it; but where they are waited for.
  void meet_child() {
    unsigned long child = 0;
    if (::ptrace(PTRACE_GETEVENTMSG, copy_, nullptr, &child) != 0 || child == 0) return;
    children_.push_back(static_cast<pid_t>(child));
    cost_.child_system_calls += follow_to_exec(children_.back());
    if (!waits_) return;
    ::ptrace(PTRACE_DETACH, children_.back(), nullptr, nullptr);
    children_.pop_back();
  }

  bool is_at_end() const {
    siginfo_t info{};
    return ::ptrace(PTRACE_GETSIGINFO, copy_, nullptr, &info) == 0 && info.si_code == SI_KERNEL;
  }

  // What it is about to execute.
  void look_at(const user_regs_struct& registers) {
    static const Allocator allocator;
    static const Range vdso = find_vdso();
    const Address address = registers.rip;
    if (vdso.contains(address)) return;
    if (allocator_returns_to_ != 0) {
      if (address != allocator_returns_to_ || registers.rsp <= allocator_stack_) return;
      allocator_returns_to_ = 0;
    }
    ++cost_.instructions;
    const auto function = allocator.at(address);
    if (function != Allocator::Function::none) {
      if (function == Allocator::Function::allocating) ++cost_.allocations;
      allocator_returns_to_ = static_cast<Address>(peek(registers.rsp));
      allocator_stack_ = registers.rsp;
    }
    constexpr long syscall_instruction = 0x050f;
    if ((peek(address) & 0xffff) == syscall_instruction) ++cost_.system_calls;
  }

  // A word of its memory.
  long peek(Address address) const {
    errno = 0;
    const long word = ::ptrace(PTRACE_PEEKTEXT, copy_, address, nullptr);
    return errno == 0 ? word : 0;
  }

  pid_t copy_;
  bool waits_;
  Cost cost_;
  std::vector<pid_t> children_;
  Address allocator_returns_to_ = 0;  // 0: it is not in there
  Address allocator_stack_ = 0;
};

}  // namespace

std::optional<Cost> cost_of(const Task& task) {
  const pid_t copy = fork_copy();
  if (copy < 0) return std::nullopt;
  if (copy == 0) run_traced(task);
  std::optional<Cost> cost;
  {
    Counter counter(copy, task.waits);
    if (!counter.go_to_start()) return std::nullopt;
    cost = counter.count();
  }
  if (!cost) return cost;
  ::ptrace(PTRACE_SETOPTIONS, copy, nullptr, PTRACE_O_EXITKILL);  // what follows has children alone
  ::ptrace(PTRACE_CONT, copy, nullptr, nullptr);
  while (const auto status = status_at_stop(copy))
    ::ptrace(PTRACE_CONT, copy, nullptr, event_of(*status) == 0 ? WSTOPSIG(*status) : 0);
  return cost;
}

#else

std::optional<Cost> cost_of(const Task&) {
  return std::nullopt;
}

#endif

}  // namespace sysfd_bench
