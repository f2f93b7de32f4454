// SPDX-License-Identifier: MIT
//
// The child between clone and exec. It runs in the parent's memory, on the parent's stack, with the
// parent's thread-local storage: it makes raw system calls, reads the job and writes its report,
// and does nothing else. This file is compiled without sanitizers, stack protector and the like,
// and a test checks that its object file refers to no symbol outside of itself.
#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <csignal>

#include "job.hpp"
#include "kernel.hpp"
#include "raw_syscall.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

long address(const void* pointer) {
  return reinterpret_cast<long>(pointer);
}

[[noreturn]] void exit_quietly() {
  for (;;)
    raw_syscall(SYS_exit_group, 127);
}

[[noreturn]] void fail(Job& job, SpawnStep step, long answer, int index = -1) {
  job.failed_step = step;
  job.error = static_cast<int>(-answer);
  job.index = index;
  job.progress = Job::Progress::failed;
  exit_quietly();
}

// The number that a directory entry's name is, or -1.
int number_of(const char* name) {
  int number = 0;
  // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): the kernel wrote it
  for (; *name; ++name) {
    if (*name < '0' || *name > '9') return -1;
    number = number * 10 + (*name - '0');
  }
  return number;
}

// What close_range(3, ~0, CLOEXEC) does, where a seccomp filter that is older than that call
// forbids it.
void mark_close_on_exec_one_by_one(Job& job) {
  const long directory = raw_syscall(SYS_openat, AT_FDCWD, address("/proc/self/fd"),
                                     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) fail(job, SpawnStep::table, directory);
  for (;;) {
    alignas(kernel::DirectoryEntry) char buffer[1024];
    const long size = raw_syscall(SYS_getdents64, directory, address(buffer), sizeof buffer);
    if (size < 0) fail(job, SpawnStep::table, size);
    if (size == 0) break;
    for (long offset = 0; offset < size;) {
      const auto* entry = reinterpret_cast<const kernel::DirectoryEntry*>(buffer + offset);
      const int fd = number_of(entry->name);
      if (fd > 2) raw_syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
      offset += entry->size;
    }
  }
  raw_syscall(SYS_close, directory);
}

// Until here the parent's threads and this child have one table in common. The copy holds nothing
// above what is needed, so that it is cheap however many descriptors the parent has; and what is not
// needed below is closed by exec.
void take_own_table(Job& job) {
  long answer = raw_syscall(SYS_close_range, job.first_unneeded, ~0U, kernel::close_range_unshare);
  if (answer == -ENOSYS || answer == -EPERM || answer == -EACCES) {
    answer = job.shares_table ? raw_syscall(SYS_unshare, CLONE_FILES) : 0;
    if (answer < 0) fail(job, SpawnStep::table, answer);
    mark_close_on_exec_one_by_one(job);
  } else if (answer == 0 && job.first_unneeded > 3) {
    answer = raw_syscall(SYS_close_range, 3, job.first_unneeded - 1, kernel::close_range_cloexec);
  }
  if (answer < 0) fail(job, SpawnStep::table, answer);

  // The kernel has put the pidfd into the common table. If the caller passes a descriptor that is
  // not open, it may have got that number.
  if (static_cast<unsigned>(job.pidfd) < job.first_unneeded) raw_syscall(SYS_close, job.pidfd);
}

// All signals are blocked: no handler of the parent can run here.
void reset_signal_actions(Job& job) {
  static constexpr kernel::SignalAction default_action{};
  long answer = 0;
  for (int signo = 1; job.resets_handlers && signo <= kernel::signal_count; ++signo) {
    kernel::SignalAction old;  // no initializer: compilers may call memset for one
    old.handler = 0;
    raw_syscall(SYS_rt_sigaction, signo, 0, address(&old), sizeof old.mask);
    if (old.handler > 1)
      answer = raw_syscall(SYS_rt_sigaction, signo, address(&default_action), 0, sizeof old.mask);
    if (answer < 0) fail(job, SpawnStep::signals, answer);
  }
  answer = raw_syscall(SYS_rt_sigaction, SIGPIPE, address(&default_action), 0,
                       sizeof default_action.mask);
  if (answer < 0) fail(job, SpawnStep::signals, answer);
}

void change_directory(Job& job) {
  long answer = 0;
  if (job.directory) answer = raw_syscall(SYS_chdir, address(job.directory));
  if (job.directory_fd >= 0) answer = raw_syscall(SYS_fchdir, job.directory_fd);
  if (answer < 0) fail(job, SpawnStep::working_directory, answer);
}

long open_null_as(int target) {
  const long fd = raw_syscall(SYS_openat, AT_FDCWD, address("/dev/null"), O_RDWR);
  if (fd < 0 || fd == target) return fd;
  const long answer = raw_syscall(SYS_dup3, fd, target, 0);
  raw_syscall(SYS_close, fd);
  return answer;
}

long carry_out(const FdAction& action) {
  switch (action.kind) {
    case FdAction::Kind::duplicate:
      return raw_syscall(SYS_dup3, action.source, action.target, 0);
    case FdAction::Kind::save:
      return raw_syscall(SYS_dup3, action.source, action.target, O_CLOEXEC);
    case FdAction::Kind::keep:
      return raw_syscall(SYS_fcntl, action.target, F_SETFD, 0);
    case FdAction::Kind::open_null:
      return open_null_as(action.target);
  }
  return -EINVAL;
}

void place_descriptors(Job& job) {
  for (std::size_t i = 0; i < job.action_count; ++i) {
    const FdAction& action = job.actions[i];
    if (const long answer = carry_out(action); answer < 0)
      fail(job, action.step, answer, action.index);
  }
}

// A signal that has come for the child since it was made may end it here. That is no failure to
// start: it would have come a moment later just as well.
void set_signal_mask(Job& job) {
  job.progress = Job::Progress::executing;
  const long answer = raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, address(&job.signal_mask), 0,
                                  sizeof job.signal_mask);
  if (answer < 0) fail(job, SpawnStep::signals, answer);
}

// Whether a file that execve(2) fails for like this says nothing about the next directory of PATH.
bool is_not_there(long answer) {
  return answer == -ENOENT || answer == -ENOTDIR || answer == -ENAMETOOLONG || answer == -ESTALE ||
         answer == -ENODEV || answer == -ETIMEDOUT;
}

[[noreturn]] void execute(Job& job) {
  long answer = -ENOENT;
  const char* denied = nullptr;
  for (const char* candidate = job.candidates; *candidate; ++candidate) {
    answer = raw_syscall(SYS_execve, address(candidate), address(job.arguments),
                         address(job.environment));
    if (answer == -EACCES && !denied) denied = candidate;
    if (answer != -EACCES && !is_not_there(answer)) {
      job.path = candidate;
      fail(job, SpawnStep::exec, answer);
    }
    while (*candidate)
      ++candidate;
  }
  job.path = denied;
  fail(job, SpawnStep::exec, denied ? -EACCES : answer);
}

}  // namespace

void run_child(void* prepared) noexcept {
  Job& job = *static_cast<Job*>(prepared);
  if (job.pidfd < 0) exit_quietly();
  job.progress = Job::Progress::started;
  take_own_table(job);
  reset_signal_actions(job);
  change_directory(job);
  place_descriptors(job);
  set_signal_mask(job);
  execute(job);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
