// SPDX-License-Identifier: MIT
//
// The child between clone and exec. It runs in the parent's memory, on the parent's stack, with the
// parent's thread-local storage: it makes raw system calls, reads the job and writes its report,
// and does nothing else. This file is compiled without sanitizers, stack protector and the like,
// and a test checks that its object file refers to no symbol outside of itself.
//
// What it does in which order is said by spawn.cpp, where the steps come from.
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

#include "job.hpp"
#include "kernel.hpp"
#include "raw_syscall.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

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
long mark_close_on_exec_one_by_one() {
  const long directory = raw_syscall(SYS_openat, AT_FDCWD, address("/proc/self/fd"),
                                     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return directory;
  long size = 0;
  do {
    alignas(kernel::DirectoryEntry) char buffer[1024];
    size = raw_syscall(SYS_getdents64, directory, address(buffer), sizeof buffer);
    for (long offset = 0; offset < size;) {
      const auto* entry = reinterpret_cast<const kernel::DirectoryEntry*>(buffer + offset);
      const int fd = number_of(entry->name);
      if (fd > 2) raw_syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
      // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): as above
      offset += entry->size;
    }
  } while (size > 0);
  raw_syscall(SYS_close, directory);
  return size;
}

bool is_refused(long answer) {
  return answer == -ENOSYS || answer == -EPERM || answer == -EACCES;
}

// Until here the parent's threads and this child have one table in common. The copy holds nothing
// above what is needed, so that it is cheap however many descriptors the parent has. What is not
// needed below is closed at once: nobody is to wait for this child to execute for the end of a pipe
// or of a program being written to. What only the child needs is closed by exec.
[[gnu::hot]] long copy_table(Job& job) {
  if (job.inherits) {
    job.table_was_copied = true;
    return job.shares_table ? raw_syscall(SYS_unshare, CLONE_FILES) : 0;
  }
  long answer = raw_syscall(SYS_close_range, job.first_unneeded, ~0U, kernel::close_range_unshare);
  if (is_refused(answer)) {
    job.table_was_copied = true;
    answer = job.shares_table ? raw_syscall(SYS_unshare, CLONE_FILES) : 0;
    if (answer == 0) answer = mark_close_on_exec_one_by_one();
  } else if (answer == 0) {
    for (const FdRange* gap = job.gaps; gap != job.gaps + job.gap_count && answer == 0; ++gap)
      answer = raw_syscall(SYS_close_range, gap->first, gap->last, 0);
    if (answer == 0 && job.needs_until_exec)
      answer = raw_syscall(SYS_close_range, 3, job.first_unneeded - 1, kernel::close_range_cloexec);
  }
  return answer;
}

long take_own_table(Job& job) {
  const long answer = copy_table(job);
  // The kernel has put the pidfd into the common table. If the caller passes a descriptor that is
  // not open, it may have got that number.
  if (answer == 0 && job.shares_table && static_cast<unsigned>(job.pidfd) < job.first_unneeded)
    raw_syscall(SYS_close, job.pidfd);
  return answer;
}

long keep_own_table(const Job& job) {
  if (job.inherits) return 0;
  const long answer = raw_syscall(SYS_close_range, 3, ~0U, kernel::close_range_cloexec);
  return is_refused(answer) ? mark_close_on_exec_one_by_one() : answer;
}

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

long write_file(long directory, long path, long text, long size) {
  const long fd = raw_syscall(SYS_openat, directory, path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  const long answer = raw_syscall(SYS_write, fd, text, size);
  raw_syscall(SYS_close, fd);
  return answer;
}

// Not where it is "as root", which cannot be put back.
long make_undumpable() {
  const long as_user = 1;  // SUID_DUMP_USER
  return raw_syscall(SYS_prctl, PR_GET_DUMPABLE) == as_user
             ? raw_syscall(SYS_prctl, PR_SET_DUMPABLE, 0)
             : 0;
}

long take_foreground(long terminal) {
  const int group = static_cast<int>(raw_syscall(SYS_getpgid, 0));
  return raw_syscall(SYS_ioctl, terminal, TIOCSPGRP, address(&group));
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

long await_id_maps(IdMaps& maps) {
  const long size = raw_syscall(SYS_readlinkat, AT_FDCWD, address("/proc/self"),
                                address(maps.process), sizeof maps.process - 1);
  if (size < 0) return size;
  set_and_wake(maps.is_wanted, IdMaps::wanted);
  wait_while(maps.writer_lives, 1);
  // In place it is this process's own child, which the program would know nothing of.
  if (raw_syscall(SYS_wait4, maps.writer, 0, __WALL) > 0) maps.writer = -1;
  return -maps.error;
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

long act(const Job& job, const Step& step) {
  switch (step.call) {
    case Step::open_null: return open_null_as(step.a, step.b);
    case Step::keep_or_open_null: return keep_or_open_null(step.a, step.b);
    case Step::write_file: return write_file(AT_FDCWD, step.a, step.b, step.c);
    case Step::take_foreground: return take_foreground(step.a);
    case Step::set_parent_death:
      return step.d && job.killed_with_parent ? 0 : set_parent_death(step.a, step.b, step.c);
    case Step::await_id_maps: return await_id_maps(*reinterpret_cast<IdMaps*>(step.a));
    case Step::enable_capabilities:
      return enable_capabilities(step.a != 0, static_cast<std::uint64_t>(step.b));
    case Step::write_listen_pid:
      return write_listen_pid(reinterpret_cast<char*>(step.a), reinterpret_cast<char*>(step.b),
                              reinterpret_cast<char**>(step.c));
    case Step::make_undumpable: return make_undumpable();
    case Step::join_cgroup: return write_file(step.a, address("cgroup.procs"), address("0"), 1);
    default: return -ENOSYS;
  }
}

SYSFD_ALWAYS_INLINE long carry_out(const Job& job, const Step& step) {
  return step.call >= 0 ? raw_syscall(step.call, step.a, step.b, step.c, step.d, step.e)
                        : act(job, step);
}

// Whether a file that execve(2) fails for like this says nothing about the next directory of PATH.
bool is_not_there(long answer) {
  return answer == -ENOENT || answer == -ENOTDIR || answer == -ENAMETOOLONG || answer == -ESTALE ||
         answer == -ENODEV || answer == -ETIMEDOUT;
}

// Answers, if at all, why not.
[[gnu::hot]] long execute_once(Job& job) {
  if (job.program >= 0)
    return raw_syscall(SYS_execveat, job.program, address(""), address(job.arguments),
                       address(job.environment), AT_EMPTY_PATH);
  job.path = nullptr;
  long answer = -ENOENT;
  for (const char* candidate = job.candidates; *candidate; ++candidate) {
    answer = raw_syscall(SYS_execve, address(candidate), address(job.arguments),
                         address(job.environment));
    if (answer == -EACCES && !job.path) job.path = candidate;
    if (answer != -EACCES && !is_not_there(answer)) {
      job.path = candidate;
      return answer;
    }
    while (*candidate)
      ++candidate;
  }
  return job.path ? -EACCES : answer;
}

// 0.1 milliseconds, then twice as long each time, up to 10.
void pause_before_retry(int retry) {
  timespec left;  // no initializer, as above
  left.tv_sec = 0;
  left.tv_nsec = retry < 7 ? 100'000L << retry : 10'000'000L;
  while (raw_syscall(SYS_nanosleep, address(&left), address(&left)) == -EINTR) {
  }
}

long execute(Job& job) {
  long answer = execute_once(job);
  while (answer == -ETXTBSY && job.times_busy < job.busy_retries) {
    pause_before_retry(job.times_busy++);
    answer = execute_once(job);
  }
  return answer;
}

[[gnu::cold]] void fail(Job& job, SpawnStep step, long answer, int index = -1) {
  job.failed_step = step;
  job.error = static_cast<int>(-answer);
  job.index = index;
  job.progress = Job::Progress::failed;
}

// Comes back after a failure.
[[gnu::hot]] void run(Job& job, bool in_place) {
  job.progress = Job::Progress::started;
  if (const long answer = in_place ? keep_own_table(job) : take_own_table(job); answer < 0)
    return fail(job, SpawnStep::table, answer);
  if (job.resets_handlers)
    if (const long answer = reset_handlers(); answer < 0)
      return fail(job, SpawnStep::signals, answer);

  for (const Step* step = job.steps; step != job.steps + job.step_count; ++step)
    if (const long answer = carry_out(job, *step); answer < 0) {
      const bool by_writer = step->call == Step::await_id_maps;
      return fail(job, by_writer ? reinterpret_cast<IdMaps*>(step->a)->failed_step : step->step,
                  answer, step->index);
    }

  // A signal that has come for the child since it was made may end it here. That is no failure to
  // start: it would have come a moment later just as well.
  job.progress = Job::Progress::executing;
  if (const long answer = raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, address(&job.signal_mask), 0,
                                      sizeof job.signal_mask);
      answer < 0)
    return fail(job, SpawnStep::signals, answer);
  fail(job, SpawnStep::exec, execute(job));
}

}  // namespace

[[gnu::hot]] void run_child(void* prepared) noexcept {
  Job& job = *static_cast<Job*>(prepared);
  if (job.pidfd >= 0) run(job, false);
  exit_quietly();
}

void run_in_place(Job& job) noexcept {
  run(job, true);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
