// SPDX-License-Identifier: MIT
//
// The child between clone and exec. It runs in the parent's memory, on the parent's stack, with the
// parent's thread-local storage: it makes raw system calls, reads its ChildArgs, writes its report
// there, and does nothing else. This file is compiled without sanitizers, stack protector and the
// like, and a test checks that its object file refers to no symbol outside of itself.
//
// add_part_steps() of plan/step_order.cpp defines the order of the steps.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "in_child/child_args.hpp"
#include "in_child/child_proc.hpp"
#include "in_child/child_syscall.hpp"
#include "in_child/child_table.hpp"
#include "in_child/kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// All signals are blocked: no handler of the parent can run here.
long reset_handlers() {
  static constexpr kernel::SignalAction default_action{};
  long answer = 0;
  for (int signo = 1; signo <= kernel::signal_count && answer == 0; ++signo) {
    kernel::SignalAction old;  // no initializer: compilers may call memset for one
    old.handler = 0;
    raw_syscall(SYS_rt_sigaction, signo, 0, address(&old), sizeof old.mask);
    if (old.handler > 1)
      answer = raw_syscall(SYS_rt_sigaction, signo, address(&default_action), 0, sizeof old.mask);
  }
  return answer;
}

long set_to_default(std::uint64_t signals) {
  static constexpr kernel::SignalAction default_action{};
  long answer = 0;
  for (int signo = 1; signals != 0 && answer == 0; ++signo, signals >>= 1)
    if (signals & 1)
      answer = raw_syscall(SYS_rt_sigaction, signo, address(&default_action), 0,
                           sizeof default_action.mask);
  return answer;
}

long open_null_as(long target, long flags) {
  const long fd = raw_syscall(SYS_openat, AT_FDCWD, address("/dev/null"), flags);
  if (fd < 0 || fd == target) return fd;
  const long answer = raw_syscall(SYS_dup3, fd, target, 0);
  raw_syscall(SYS_close, fd);
  return answer;
}

// The copy of the table that this is done in is the child's own: nobody changes it any more.
long keep_or_open_null(long target, long flags) {
  return raw_syscall(SYS_fcntl, target, F_GETFD) == 0 ? 0 : open_null_as(target, flags);
}

long join_cgroup(long directory) {
  const long fd = raw_syscall(SYS_openat, directory, address("cgroup.procs"), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  const long answer = raw_syscall(SYS_write, fd, address("0"), 1);
  raw_syscall(SYS_close, fd);
  return answer;
}

// Not where it is "as root", which cannot be put back.
long make_undumpable(ChildArgs& args) {
  const long as_user = 1;  // SUID_DUMP_USER
  if (raw_syscall(SYS_prctl, PR_GET_DUMPABLE) != as_user) return 0;
  const long answer = raw_syscall(SYS_prctl, PR_SET_DUMPABLE, 0);
  args.made_undumpable = answer == 0;
  return answer;
}

// The group that was in the foreground before is there again after an error.
long take_foreground(ChildArgs& args, long terminal) {
  int former = 0;
  const bool has_former = raw_syscall(SYS_ioctl, terminal, TIOCGPGRP, address(&former)) == 0;
  const int group = static_cast<int>(raw_syscall(SYS_getpgid, 0));
  const long answer = raw_syscall(SYS_ioctl, terminal, TIOCSPGRP, address(&group));
  if (answer < 0 || !has_former) return answer;
  args.terminal = static_cast<int>(terminal);
  args.former_foreground = former;
  return answer;
}

void give_foreground_back(const ChildArgs& args) {
  if (args.former_foreground > 0)
    raw_syscall(SYS_ioctl, args.terminal, TIOCSPGRP, address(&args.former_foreground));
}

// All signals are blocked. One that comes after this stops the child: it executes in a moment.
void take_stop_signals(ChildArgs& args) {
  static constexpr std::uint64_t stop_signals = std::uint64_t{1} << (SIGTSTP - 1) |
                                                std::uint64_t{1} << (SIGTTIN - 1) |
                                                std::uint64_t{1} << (SIGTTOU - 1);
  static constexpr timespec at_once{};
  if (!args.suspends_parent) return;
  for (;;) {
    const long signo = raw_syscall(SYS_rt_sigtimedwait, address(&stop_signals), 0,
                                   address(&at_once), sizeof stop_signals);
    if (signo <= 0) return;
    args.stop_signals |= std::uint64_t{1} << (signo - 1);
  }
}

// The signal is sent only for a death that is yet to come.
long set_parent_death(long signo, long parent, long parent_pidfd) {
  const long answer = raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, signo);
  if (answer < 0) return answer;
  bool is_dead = false;
  if (parent_pidfd >= 0) {
    pollfd entry;
    entry.fd = static_cast<int>(parent_pidfd);
    entry.events = POLLIN;
    static constexpr timespec at_once{};
    is_dead = raw_syscall(SYS_ppoll, address(&entry), 1, address(&at_once)) > 0;
  } else {
    is_dead = raw_syscall(SYS_getppid) != parent;
  }
  return is_dead ? -ESRCH : 0;
}

// Before Linux 5.16, the kernel does not clear the word of a writer that dumps core: the child
// waits with a limit. The writer needs less than a millisecond.
bool await_writer(const IdMaps& maps) {
  static constexpr timespec pause{.tv_sec = 1, .tv_nsec = 0};
  for (int seconds = 0; seconds < 30; ++seconds) {
    if (__atomic_load_n(&maps.writer_lives, __ATOMIC_ACQUIRE) != 1) return true;
    raw_syscall(SYS_futex, address(&maps.writer_lives), FUTEX_WAIT, 1, address(&pause));
  }
  return __atomic_load_n(&maps.writer_lives, __ATOMIC_ACQUIRE) != 1;
}

long await_id_maps(IdMaps& maps) {
  const long proc = open_proc_root();
  if (proc < 0) return proc;
  const long size = raw_syscall(SYS_readlinkat, proc, address("self"), address(maps.process),
                                sizeof maps.process - 1);
  raw_syscall(SYS_close, proc);
  if (size < 0) return size;
  set_and_wake(maps.is_wanted, IdMaps::wanted);
  if (!await_writer(maps)) return -ETIMEDOUT;
  // In place it is this process's own child, which the program would know nothing of.
  if (raw_syscall(SYS_wait4, maps.writer, 0, __WALL) > 0) maps.writer = -1;
  return maps.error;
}

long enable_capabilities(bool sets_inheritable, std::uint64_t inheritable) {
  kernel::CapabilityHeader header;
  header.version = kernel::capability_version;
  header.pid = 0;
  kernel::CapabilityData data[2];  // no initializer, as above
  for (kernel::CapabilityData& half : data)
    half.permitted = half.inheritable = 0;
  const long answer = raw_syscall(SYS_capget, address(&header), address(data));
  if (answer < 0) return answer;
  for (int i = 0; i < 2; ++i) {
    data[i].effective = data[i].permitted;
    if (sets_inheritable) data[i].inheritable = static_cast<std::uint32_t>(inheritable >> (32 * i));
  }
  return raw_syscall(SYS_capset, address(&header), address(data));
}

void write_decimal(char* text, std::uint64_t number) {
  int size = 1;
  for (std::uint64_t left = number; left >= 10; left /= 10)
    ++size;
  text[size] = '\0';
  for (; size > 0; number /= 10)
    text[--size] = static_cast<char>('0' + number % 10);
}

// The 64-bit inode number of a pidfd is its process's identity, where pidfds have a file system.
bool write_own_identity(char* text) {
  const long pidfd = raw_syscall(SYS_pidfd_open, raw_syscall(SYS_getpid), 0);
  if (pidfd < 0) return false;
  struct statfs file_system;
  file_system.f_type = 0;
  struct stat status;
  const bool known = raw_syscall(SYS_fstatfs, pidfd, address(&file_system)) == 0 &&
                     file_system.f_type == kernel::pidfs_magic &&
                     raw_syscall(SYS_fstat, pidfd, address(&status)) == 0;
  raw_syscall(SYS_close, pidfd);
  if (known) write_decimal(text, status.st_ino);
  return known;
}

long write_listen_pid(char* number, char* identity, char** identity_variable) {
  write_decimal(number, static_cast<std::uint64_t>(raw_syscall(SYS_getpid)));
  if (!write_own_identity(identity)) *identity_variable = nullptr;
  return 0;
}

long act(ChildArgs& args, const Step& step) {
  switch (step.call) {
    case Step::open_null: return open_null_as(step.a, step.b);
    case Step::keep_or_open_null: return keep_or_open_null(step.a, step.b);
    case Step::write_proc:
      return write_in_proc(reinterpret_cast<const char*>(step.a),
                           reinterpret_cast<const char*>(step.b), step.c);
    case Step::take_foreground: return take_foreground(args, step.a);
    case Step::set_parent_death:
      return step.d && args.killed_with_parent ? 0 : set_parent_death(step.a, step.b, step.c);
    case Step::await_id_maps: return await_id_maps(*reinterpret_cast<IdMaps*>(step.a));
    case Step::enable_capabilities:
      return enable_capabilities(step.a != 0, static_cast<std::uint64_t>(step.b));
    case Step::write_listen_pid:
      return write_listen_pid(reinterpret_cast<char*>(step.a), reinterpret_cast<char*>(step.b),
                              reinterpret_cast<char**>(step.c));
    case Step::make_undumpable: return make_undumpable(args);
    case Step::join_cgroup: return join_cgroup(step.a);
    case Step::take_stop_signals: take_stop_signals(args); return 0;
    case Step::close_at_exec: raw_syscall(SYS_fcntl, step.a, F_SETFD, FD_CLOEXEC); return 0;
    case Step::set_to_default: return set_to_default(static_cast<std::uint64_t>(step.a));
    default: return -ENOSYS;
  }
}

SYSFD_ALWAYS_INLINE long carry_out(ChildArgs& args, const Step& step) {
  return step.call >= 0 ? raw_syscall(step.call, step.a, step.b, step.c, step.d, step.e)
                        : act(args, step);
}

// True if execve(2) failed because the file is not there: the next directory of PATH is tried.
bool is_not_there(long answer) {
  return answer == -ENOENT || answer == -ENOTDIR || answer == -ENAMETOOLONG || answer == -ESTALE ||
         answer == -ENODEV || answer == -ETIMEDOUT;
}

long set_signal_mask(const std::uint64_t& mask) {
  return raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, address(&mask), 0, sizeof mask);
}

// Calls execve(2) with the signal mask of the program; all signals are blocked again when it has
// failed. A signal that has come for the child since it was made may end it here. That is no
// failure to start: it would have come a moment later just as well.
template <class Call>
[[gnu::hot]] SYSFD_ALWAYS_INLINE long unblocked(ChildArgs& args, Call call) {
  static constexpr std::uint64_t all = ~std::uint64_t{0};
  if (!args.is_filtered) take_stop_signals(args);
  long answer = set_signal_mask(args.signal_mask);
  args.failed_step = answer < 0 ? SpawnStep::signals : SpawnStep::exec;
  if (answer < 0) return answer;
  answer = call();
  set_signal_mask(all);
  return answer;
}

// False if a candidate, of several, is not there. Signals stay blocked meanwhile.
bool may_be_there(const ChildArgs& args, const char* candidate) {
  struct stat status;  // no initializer, as above
  status.st_mode = 0;
  return args.is_filtered || !is_not_there(raw_syscall(SYS_newfstatat, AT_FDCWD, address(candidate),
                                                       address(&status), 0));
}

const char* end_of(const char* text) {
  while (*text)
    ++text;
  return text;
}

[[gnu::cold]] long execute_by_shell(ChildArgs& args, const char* script) {
  static constexpr const char* shell = "/bin/sh";
  args.shell_arguments[1] = const_cast<char*>(script);  // which execve(2) does not write to
  const long answer = unblocked(args, [&] {
    return raw_syscall(SYS_execve, address(shell), address(args.shell_arguments),
                       address(args.environment));
  });
  args.path = shell;
  return answer;
}

// Returns, if at all, -errno.
[[gnu::hot]] long execute_once(ChildArgs& args) {
  if (args.program >= 0)
    return unblocked(args, [&] {
      return raw_syscall(SYS_execveat, args.program, address(""), address(args.arguments),
                         address(args.environment), AT_EMPTY_PATH);
    });
  args.path = nullptr;
  args.failed_step = SpawnStep::exec;
  long answer = -ENOENT;
  const bool is_only_one = *args.candidates && !*(end_of(args.candidates) + 1);
  for (const char* candidate = args.candidates; *candidate; candidate = end_of(candidate) + 1) {
    if (!is_only_one && !may_be_there(args, candidate)) continue;
    answer = unblocked(args, [&] {
      return raw_syscall(SYS_execve, address(candidate), address(args.arguments),
                         address(args.environment));
    });
    if (answer == -ENOEXEC && args.shell_arguments) return execute_by_shell(args, candidate);
    if (answer == -EACCES && !args.path) args.path = candidate;
    if (answer != -EACCES && !is_not_there(answer)) {
      args.path = candidate;
      return answer;
    }
  }
  return args.path ? -EACCES : answer;
}

// 0.1 milliseconds, then twice as long each time, up to 10.
void pause_before_retry(int retry) {
  timespec left;  // no initializer, as above
  left.tv_sec = 0;
  left.tv_nsec = retry < 7 ? 100'000L << retry : 10'000'000L;
  while (raw_syscall(SYS_nanosleep, address(&left), address(&left)) == -EINTR) {
  }
}

long execute(ChildArgs& args) {
  long answer = execute_once(args);
  while (answer == -ETXTBSY && args.times_busy < args.busy_retries) {
    pause_before_retry(args.times_busy++);
    answer = execute_once(args);
  }
  return answer;
}

[[gnu::cold]] void fail(ChildArgs& args, SpawnStep step, long answer, int index = -1) {
  args.failed_step = step;
  args.error = answer;
  args.index = index;
  give_foreground_back(args);
  args.progress = ChildArgs::Progress::failed;
}

// Returns after a failure.
[[gnu::hot]] void run(ChildArgs& args, bool in_place) {
  args.progress = ChildArgs::Progress::started;
  if (const long answer = in_place ? keep_own_table(args) : take_own_table(args); answer < 0)
    return fail(args, SpawnStep::table, answer);
  if (args.resets_handlers)
    if (const long answer = reset_handlers(); answer < 0)
      return fail(args, SpawnStep::signals, answer);

  for (const Step* step = args.steps; step != args.steps + args.step_count; ++step)
    if (const long answer = carry_out(args, *step); answer < 0) {
      const bool by_writer = step->call == Step::await_id_maps;
      return fail(args, by_writer ? reinterpret_cast<IdMaps*>(step->a)->failed_step : step->step,
                  answer, step->index);
    }

  args.progress = ChildArgs::Progress::executing;
  const long answer = execute(args);
  fail(args, args.failed_step, answer);
}

}  // namespace

[[gnu::hot]] void run_child(void* pointer) noexcept {
  ChildArgs& args = *static_cast<ChildArgs*>(pointer);
  if (args.pidfd >= 0) run(args, false);
  exit_quietly();
}

void make_orphan(void* pointer) noexcept {
  OrphanClone& clone = *static_cast<OrphanClone*>(pointer);
  const CloneCall& call = clone.call;
  clone.answer =
      clone_and_run(call.number, call.a, call.b, call.c, call.child_tid, run_child, clone.args);
  exit_quietly();
}

void run_in_place(ChildArgs& args) noexcept {
  run(args, true);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
