// SPDX-License-Identifier: MIT
#include "enter.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string_view>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/refusal.hpp>
#include <sysfd/detail/syscall.hpp>

#include "clone_call.hpp"
#include "kernel.hpp"
#include "raw_syscall.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// Filters answer for a call that they are older than, or do not want, with any of these. What is
// refused to one thread says nothing about another one: nothing is remembered.
bool is_clone_refused(long answer) noexcept {
  return is_refusal(answer) || answer == -E2BIG || answer == -EINVAL;
}

// What this process has seen of the kernel: nobody can change that.
class TableCopies {
 public:
  static void prepare(Job& job) noexcept {
    const int seen = sound_.load(std::memory_order_relaxed);
    job.copies_wrongly = seen < 0;
    job.checks_copy_from = seen < 0 ? 0 : seen < enough ? 64 : ~0U;
  }
  static void note(Job::TableCopy copy) noexcept {
    if (copy == Job::TableCopy::faulty)
      sound_.store(-1, std::memory_order_relaxed);
    else if (int seen = sound_.load(std::memory_order_relaxed); seen >= 0 && seen < enough)
      sound_.compare_exchange_strong(seen, seen + 1, std::memory_order_relaxed);
  }

 private:
  // One proof may be none, if another thread closes descriptors at the same moment.
  static constexpr int enough = 4;
  static inline std::atomic<int> sound_ = 0;  // how often it was; -1: it is faulty
};

// In the order in which it will see them. Where the whole process group was continued after that,
// SIGCONT is pending here now, and comes last for the child as well.
[[gnu::cold]] void pass_stop_signals_on(const Job& job) noexcept {
  for (const int signo : {SIGTSTP, SIGTTIN, SIGTTOU})
    if ((job.stop_signals >> (signo - 1) & 1) != 0)
      system_call(SYS_pidfd_send_signal, job.pidfd, signo, nullptr, 0);
  std::uint64_t pending = 0;
  system_call(SYS_rt_sigpending, &pending, sizeof pending);
  if ((pending >> (SIGCONT - 1) & 1) != 0)
    system_call(SYS_pidfd_send_signal, job.pidfd, SIGCONT, nullptr, 0);
}

[[gnu::hot]] long by_clone3(Job& job, const Birth& birth, Apart* apart) noexcept {
  kernel::CloneArguments arguments{};
  const CloneCall call = call_of_clone3(job, birth, apart, arguments);
  return clone_and_run(call.number, call.a, call.b, call.c, call.child_tid, run_child, &job);
}

long by_clone(Job& job, const Birth& birth, Apart* apart) noexcept {
  const CloneCall call = call_of_clone(job, birth, apart);
  return clone_and_run(call.number, call.a, call.b, call.c, call.child_tid, run_child, &job);
}

// clone(2) has no cgroup, and has the bit of time namespaces for something else.
bool clone_can(const Birth& birth) noexcept {
  return birth.cgroup < 0 && !birth.namespaces.contains(Namespace::time);
}

// After clone3(2) has given this answer: asks for less, then another system call. `entered` says
// what was left out.
[[gnu::cold]] long clone_otherwise(long answer, Job& job, const Birth& birth, Apart* apart,
                                   Entered& entered) noexcept {
  Birth tried = birth;
  const auto ask_for_less = [&] {
    tried.reaps_itself = tried.killed_with_parent = false;
    entered.reaps_itself = entered.killed_with_parent = false;
  };
  const auto make = [&](bool is_by_clone3) {
    if (apart && apart->clone_orphan) return apart->clone_orphan(job, tried, *apart, is_by_clone3);
    return is_by_clone3 ? by_clone3(job, tried, apart) : by_clone(job, tried, apart);
  };
  if (entered.reaps_itself && (answer == -EINVAL || answer == -EPERM)) {
    ask_for_less();
    answer = make(true);
  }
  if (is_clone_refused(answer) && clone_can(birth)) {
    ask_for_less();
    entered.by_clone3 = false;
    answer = apart && is_emulated() ? -ENOSYS : make(false);
  }
  if (answer < 0 && apart) apart->is_inside = 0;
  return answer;
}

}  // namespace

// valgrind ends the whole program for CLONE_FILES. Its files are mapped into a process that it
// runs. (What a call answers says nothing: filters refuse calls as well.)
bool is_emulated() noexcept {
  static const bool emulated = [] {
    const auto maps = open_proc_file("thread-self/maps");
    if (!maps) return false;
    constexpr std::string_view folder = "/valgrind/";
    ByteReader reader(*maps);
    std::size_t matched = 0;
    for (int byte = reader.next(); byte != ByteReader::end; byte = reader.next()) {
      if (byte != folder[matched]) matched = 0;
      if (byte == folder[matched]) ++matched;
      if (matched == folder.size()) return true;
    }
    return false;
  }();
  return emulated;
}

[[gnu::hot]] Result<Entered> enter_child(Job& job, const Birth& birth, Apart* apart) noexcept {
  if (apart) apart->is_inside = 1;
  TableCopies::prepare(job);
  Entered entered{.pid = 0,
                  .by_clone3 = true,
                  .reaps_itself = birth.reaps_itself || birth.killed_with_parent,
                  .killed_with_parent = birth.killed_with_parent};
  long answer = by_clone3(job, birth, apart);
  if (answer < 0) [[unlikely]] {
    answer = clone_otherwise(answer, job, birth, apart, entered);
    if (answer < 0) return failure(static_cast<int>(-answer));
  }
  if (job.suspends_parent) [[likely]]
    note_departure(job);
  entered.pid = static_cast<pid_t>(answer);
  return entered;
}

void note_departure(const Job& job) noexcept {
  if (job.table_copy != Job::TableCopy::not_checked) TableCopies::note(job.table_copy);
  if (job.stop_signals != 0) pass_stop_signals_on(job);
}

// A process that has ended is in no memory any more.
bool await_end(int pidfd, const Deadline& deadline) noexcept {
  pollfd entries[2] = {{.fd = pidfd, .events = POLLIN, .revents = 0}};
  return raw_poll_until(entries, 1, deadline) > 0;
}

// The kernel clears the word and then wakes, so that the word alone would do. But for a child that
// dumps core some kernels do neither, and an emulator may not know of it: from time to time, the
// process is looked at, too.
long await_leave(const Apart& apart, int pidfd, const Deadline& deadline) noexcept {
  constexpr auto look_after = std::chrono::milliseconds(100);
  const Deadline at_once{Clock::time_point::min()};
  // Nothing waits for a word and for a descriptor at once: the word is looked at in between.
  const bool can_be_canceled = deadline.canceled_by >= 0;
  std::chrono::nanoseconds pause = std::chrono::microseconds(50);
  while (__atomic_load_n(&apart.is_inside, __ATOMIC_ACQUIRE) != 0) {
    const auto now = Clock::now();
    if (deadline.time <= now) return await_end(pidfd, at_once) ? 0 : -ETIMEDOUT;
    if (can_be_canceled) pause = std::min<std::chrono::nanoseconds>(2 * pause, look_after / 10);
    const auto until = std::min(deadline.time, now + (can_be_canceled ? pause : look_after));
    const timespec timeout = time_until(until);
    const long answer = can_be_canceled
                            ? raw_poll_until(nullptr, 0, {until, deadline.canceled_by})
                            : system_call(SYS_futex, &apart.is_inside, FUTEX_WAIT, 1, &timeout);
    // Also after a signal: those of a timer may keep the time from ever being up.
    const bool is_to_look = can_be_canceled || answer == -ETIMEDOUT || answer == -EINTR;
    if (is_to_look && await_end(pidfd, at_once)) return 0;
    if (can_be_canceled && answer < 0) return answer;
  }
  return 0;
}

// With an exit signal of zero, so that nobody who waits for children comes across it.
Result<> IdMapWriter::start() noexcept {
  maps_.parent = ::getpid();
  maps_.failed_step = maps_.users ? SpawnStep::user_map : SpawnStep::group_map;
  constexpr std::uint64_t flags = CLONE_VM | CLONE_FILES | CLONE_CHILD_CLEARTID;
  kernel::CloneArguments arguments{};
  arguments.flags = flags;
  arguments.child_tid = reinterpret_cast<std::uintptr_t>(&maps_.writer_lives);
  arguments.stack = reinterpret_cast<std::uintptr_t>(stack_.get());
  arguments.stack_size = stack_size;
  long answer = clone_and_run(SYS_clone3, address(&arguments),
                              static_cast<long>(kernel::clone_arguments_first_size), 0, 0,
                              &write_id_maps, &maps_);
  if (is_clone_refused(answer) && !is_emulated())
    answer = clone_and_run(SYS_clone, flags, address(stack_.get() + stack_size), 0,
                           address(&maps_.writer_lives), &write_id_maps, &maps_);
  if (answer < 0) return failure(static_cast<int>(-answer));
  maps_.writer = static_cast<pid_t>(answer);
  return {};
}

IdMapWriter::~IdMapWriter() {
  if (maps_.writer <= 0) return;
  if (__atomic_load_n(&maps_.is_wanted, __ATOMIC_ACQUIRE) == IdMaps::undecided)
    set_and_wake(maps_.is_wanted, IdMaps::unwanted);
  system_call_retried(SYS_wait4, maps_.writer, nullptr, __WALL, nullptr);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
