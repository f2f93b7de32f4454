// SPDX-License-Identifier: MIT
//
// The life of a keeper (Command::contain()) until it executes its program: it shares the memory of
// the owner, which is suspended, and clones the programs of the tree. It follows the same rules as
// run_child.cpp.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>

#include "in_child/child_args.hpp"
#include "in_child/child_proc.hpp"
#include "in_child/child_syscall.hpp"
#include "in_child/keeper_args.hpp"
#include "in_child/keeper_protocol.hpp"
#include "in_child/kernel.hpp"
#include "in_child/mark_close_on_exec.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// The owner may ignore it: then the kernel would throw the program's status away.
long expect_children() {
  static constexpr kernel::SignalAction default_action{};
  return raw_syscall(SYS_rt_sigaction, SIGCHLD, address(&default_action), 0,
                     sizeof default_action.mask);
}

// A process may map its own user and group, if its namespace gives up setgroups(2) for good.
long write_maps(const KeeperArgs& keeper) {
  long answer = write_in_proc("self/setgroups", "deny", 4);
  if (answer >= 0) answer = write_in_proc("self/uid_map", keeper.users, keeper.users_size);
  if (answer >= 0) answer = write_in_proc("self/gid_map", keeper.groups, keeper.groups_size);
  return answer;
}

// Leaves the keeper nothing of the owner's but what is in KeeperFd.
long take_descriptors(const KeeperArgs& keeper) {
  // The copy of the table is as small as can be, where this is not refused.
  int last = -1;
  for (const int fd : keeper.fds)
    if (fd > last) last = fd;
  if (raw_syscall(SYS_close_range, last + 1, ~0U, kernel::close_range_unshare) != 0) {
    if (const long answer = raw_syscall(SYS_unshare, CLONE_FILES); answer < 0) return answer;
    if (const long answer = mark_all_close_on_exec(); answer < 0) return answer;
  }
  // No source is a target of those before it.
  int count = 0;
  for (; count < keeper_fds && keeper.fds[count] >= 0; ++count) {
    const int source = keeper.fds[count];
    const long flags = count == keeper_program ? O_CLOEXEC : 0;
    const long answer = source == count ? raw_syscall(SYS_fcntl, source, F_SETFD, 0)
                                        : raw_syscall(SYS_dup3, source, count, flags);
    if (answer < 0) return answer;
  }
  if (raw_syscall(SYS_close_range, count, ~0U, 0) != 0)
    for (int fd = count; fd <= last; ++fd)
      raw_syscall(SYS_close, fd);
  return 0;
}

// Returns the end of the text.
char* write_number(char* to, long number) {
  char digits[KeeperArgs::number_size];
  char* first = digits + sizeof digits;
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (first != digits + sizeof digits)
    *to++ = *first++;
  return to;
}

// "12,13"
void write_numbers(KeeperArgs& keeper) {
  char* end = keeper.numbers;
  for (const ProgramStart* each = keeper.programs; each != keeper.unstarted; each = each->next) {
    if (end != keeper.numbers) *end++ = ',';
    end = write_number(end, each->answer);
  }
  *end = '\0';
}

// Returns, if at all, -errno.
long execute_keeper(KeeperArgs& keeper) {
  if (const long answer = take_descriptors(keeper); answer < 0) return answer;
  // It stays in the owner's process group. From another one, its end could make that group an
  // orphan, and if a process of the tree is stopped in it, the kernel sends SIGHUP to all of it.
  raw_syscall(SYS_chdir, address("/"));
  write_numbers(keeper);
  keeper.execute_error = 0;
  return raw_syscall(SYS_execveat, keeper_program, address(""), address(keeper.arguments),
                     address(keeper.environment), AT_EMPTY_PATH);
}

// For the tree only: nothing propagates from what is mounted over a private mount.
long mount_proc() {
  constexpr long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  const long answer = raw_syscall(SYS_mount, 0, address("/proc"), 0, MS_PRIVATE, 0);
  if (answer < 0) return answer;
  return raw_syscall(SYS_mount, address("proc"), address("/proc"), address("proc"), flags, 0);
}

// The kernel may have taken the number of a standard stream that the owner has closed: the next
// child must find it closed.
long move_pidfd(int& pidfd) {
  constexpr int first_free = 3;
  if (pidfd < 0 || pidfd >= first_free) return 0;
  const long moved = raw_syscall(SYS_fcntl, pidfd, F_DUPFD_CLOEXEC, first_free);
  if (moved < 0) return moved;
  raw_syscall(SYS_close, pidfd);
  pidfd = static_cast<int>(moved);
  return 0;
}

long prepare(KeeperArgs& keeper) {
  if (const long answer = move_pidfd(keeper.pidfd); answer < 0) return answer;
  if (const long answer = expect_children(); answer < 0) return answer;
  if (keeper.users)
    if (const long answer = write_maps(keeper); answer < 0) return answer;
  if (keeper.mounts_proc)
    if (const long answer = mount_proc(); answer < 0) return answer;
  if (keeper.is_init) return 0;
  return raw_syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
}

long clone_program(const CloneCall& call, ChildArgs& child) {
  return clone_and_run(call.number, call.a, call.b, call.c, call.child_tid, run_child, &child);
}

// True if it executes. Otherwise it has ended, or there is none.
bool start(ProgramStart& program, int& is_inside) {
  ChildArgs& child = *program.child;
  __atomic_store_n(&is_inside, 1, __ATOMIC_RELAXED);
  long answer = clone_program(program.call, child);
  if (is_clone_refused(answer) && program.other_call.number != 0) {
    child.pidfd = -1;
    child.number = ChildArgs::number_unknown;
    child.resets_handlers = true;
    program.is_by_other_call = true;
    answer = clone_program(program.other_call, child);
  }
  program.answer = answer;
  return answer > 0 && child.progress == ChildArgs::Progress::executing;
}

}  // namespace

void start_keeper(void* pointer) noexcept {
  KeeperArgs& keeper = *static_cast<KeeperArgs*>(pointer);
  if (const long answer = prepare(keeper); answer < 0) {
    keeper.error = answer;
    exit_quietly();
  }
  keeper.error = 0;
  while (keeper.unstarted && start(*keeper.unstarted, *keeper.is_inside)) {
    ChildArgs& child = *keeper.unstarted->child;
    // If there is no other number left, it has to stay.
    move_pidfd(child.pidfd);
    if (keeper.restores_dumpable && child.made_undumpable)
      child.made_undumpable = raw_syscall(SYS_prctl, PR_SET_DUMPABLE, 1) != 0;
    keeper.unstarted = keeper.unstarted->next;
  }
  // A tree that is not complete is ended by its owner as any other one.
  if (keeper.unstarted != keeper.programs) keeper.execute_error = execute_keeper(keeper);
  // One has failed, or all are without a keeper. Their numbers are their own: they are not reaped.
  for (const ProgramStart* each = keeper.programs; each && each->answer > 0; each = each->next) {
    raw_syscall(SYS_kill, each->answer, SIGKILL);
    while (raw_syscall(SYS_wait4, each->answer, 0, __WALL, 0) == -EINTR) {
    }
  }
  exit_quietly();
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
