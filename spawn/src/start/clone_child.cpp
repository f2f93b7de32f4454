// SPDX-License-Identifier: MIT
#include "start/clone_child.hpp"

#include <poll.h>
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

#include "in_child/child_syscall.hpp"
#include "start/clone_call.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// What this process has seen of the kernel: nobody can change that.
class TableCopies {
 public:
  static void prepare(ChildArgs& args) noexcept {
    const int seen = sound_.load(std::memory_order_relaxed);
    args.copies_wrongly = seen < 0;
    args.checks_copy_from = seen < 0 ? 0 : seen < enough ? 64 : ~0U;
  }
  static void note(ChildArgs::TableCopy copy) noexcept {
    if (copy == ChildArgs::TableCopy::faulty)
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
[[gnu::cold]] void pass_stop_signals_on(const ChildArgs& args) noexcept {
  for (const int signo : {SIGTSTP, SIGTTIN, SIGTTOU})
    if ((args.stop_signals >> (signo - 1) & 1) != 0)
      system_call(SYS_pidfd_send_signal, args.pidfd, signo, nullptr, 0);
  std::uint64_t pending = 0;
  system_call(SYS_rt_sigpending, &pending, sizeof pending);
  if ((pending >> (SIGCONT - 1) & 1) != 0)
    system_call(SYS_pidfd_send_signal, args.pidfd, SIGCONT, nullptr, 0);
}

long by_clone3(ChildArgs& args, const CloneOptions& options, ChildStack* stack) noexcept {
  kernel::CloneArguments arguments{};
  const CloneCall call = call_of_clone3(args, options, stack, arguments);
  return clone_and_run(call.number, call.a, call.b, call.c, call.child_tid, run_child, &args);
}

long by_clone(ChildArgs& args, const CloneOptions& options, ChildStack* stack) noexcept {
  const CloneCall call = call_of_clone(args, options, stack);
  return clone_and_run(call.number, call.a, call.b, call.c, call.child_tid, run_child, &args);
}

// How a child is cloned, and what it has of its CloneOptions.
struct Way {
  bool by_clone3, reaps_itself, killed_with_parent;
};

// After clone3(2) has given this answer: asks for less, then another system call. Notes in `way`
// what is left out.
[[gnu::cold]] long clone_otherwise(long answer, ChildArgs& args, const CloneOptions& options,
                                   ChildStack* stack, Way& way) noexcept {
  CloneOptions tried = options;
  const auto ask_for_less = [&] {
    tried.reaps_itself = tried.killed_with_parent = false;
    way.reaps_itself = way.killed_with_parent = false;
  };
  const auto clone = [&](bool is_by_clone3) {
    if (stack && stack->clone_orphan) return stack->clone_orphan(args, tried, *stack, is_by_clone3);
    return is_by_clone3 ? by_clone3(args, tried, stack) : by_clone(args, tried, stack);
  };
  if (way.reaps_itself && (answer == -EINVAL || answer == -EPERM)) {
    ask_for_less();
    answer = clone(true);
  }
  if (is_clone_refused(answer) && clone_can(options)) {
    ask_for_less();
    way.by_clone3 = false;
    answer = stack && is_emulated() ? -ENOSYS : clone(false);
  }
  if (answer < 0 && stack) stack->is_inside = 0;
  return answer;
}

}  // namespace

bool clone_can(const CloneOptions& options) noexcept {
  return options.cgroup < 0 && !options.namespaces.contains(Namespace::time);
}

// valgrind ends the whole program for CLONE_FILES. Its files are mapped into a process that it
// runs. (The answer of a call does not tell: filters refuse calls as well.)
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

[[gnu::cold]] static std::unexpected<SpawnError> why_not_cloned(const FailedStart& start,
                                                                const ChildStack* stack,
                                                                long answer) {
  const bool is_copied = stack && answer == -ENOSYS && is_emulated();
  return std::unexpected(is_copied ? memory_is_copied_error()
                                   : clone_error(start, error_code(static_cast<int>(-answer))));
}

ChildArgs& begin_clone(ChildPlan& plan, ChildStack* stack) noexcept {
  ChildArgs* const copy = plan.clone.report_of_copy;
  if (copy) *copy = plan.args;
  ChildArgs& args = copy ? *copy : plan.args;
  if (stack) stack->is_inside = 1;
  TableCopies::prepare(args);
  return args;
}

Result<CloneResult, SpawnError> clone_child(const FailedStart& start, ChildPlan& plan,
                                            ChildStack* stack) {
  const CloneOptions& options = plan.clone;
  ChildArgs& args = begin_clone(plan, stack);
  Way way{.by_clone3 = true,
          .reaps_itself = options.reaps_itself || options.killed_with_parent,
          .killed_with_parent = options.killed_with_parent};
  long answer = by_clone3(args, options, stack);
  if (answer < 0) [[unlikely]] {
    answer = clone_otherwise(answer, args, options, stack, way);
    if (answer < 0) return why_not_cloned(start, stack, answer);
  }
  if (options.report_of_copy) [[unlikely]]
    take_report_of_copy(plan, stack);
  if (args.suspends_parent) [[likely]]
    note_departure(args);
  return Result<CloneResult, SpawnError>(
      std::in_place, PidFd::unsafe_adopt(OwnedFd::adopt(args.pidfd)), static_cast<pid_t>(answer),
      way.by_clone3, way.reaps_itself, way.killed_with_parent);
}

void take_report_of_copy(ChildPlan& plan, ChildStack* stack) noexcept {
  if (!plan.clone.report_of_copy) return;
  plan.args = *plan.clone.report_of_copy;
  if (stack) stack->is_inside = 0;  // the kernel has cleared that of the copy
}

void note_departure(const ChildArgs& args) noexcept {
  if (args.table_copy != ChildArgs::TableCopy::not_checked) TableCopies::note(args.table_copy);
  if (args.stop_signals != 0) pass_stop_signals_on(args);
}

// A process that has ended is in no memory any more.
bool await_end(int pidfd, const Deadline& deadline) noexcept {
  pollfd entries[2] = {{.fd = pidfd, .events = POLLIN, .revents = 0}};
  return raw_poll_until(entries, 1, deadline) > 0;
}

// The kernel clears the word and then wakes, so that the word alone would do. But for a child that
// dumps core some kernels do neither, and an emulator may not know of it: from time to time, the
// process is looked at, too.
long await_leave(const ChildStack& stack, int pidfd, const Deadline& deadline) noexcept {
  constexpr auto look_after = std::chrono::milliseconds(100);
  const Deadline at_once{Clock::time_point::min()};
  // Nothing waits for a word and for a descriptor at once: the word is looked at in between.
  const bool can_be_canceled = deadline.canceled_by >= 0;
  std::chrono::nanoseconds pause = std::chrono::microseconds(50);
  while (__atomic_load_n(&stack.is_inside, __ATOMIC_ACQUIRE) != 0) {
    const auto now = Clock::now();
    if (deadline.time <= now) return await_end(pidfd, at_once) ? 0 : -ETIMEDOUT;
    if (can_be_canceled) pause = std::min<std::chrono::nanoseconds>(2 * pause, look_after / 10);
    const auto until = std::min(deadline.time, now + (can_be_canceled ? pause : look_after));
    const timespec timeout = time_until(until);
    const long answer = can_be_canceled
                            ? raw_poll_until(nullptr, 0, {until, deadline.canceled_by})
                            : system_call(SYS_futex, &stack.is_inside, FUTEX_WAIT, 1, &timeout);
    // Also after a signal: those of a timer may keep the time from ever being up.
    const bool is_to_look = can_be_canceled || answer == -ETIMEDOUT || answer == -EINTR;
    if (is_to_look && await_end(pidfd, at_once)) return 0;
    if (can_be_canceled && answer < 0) return answer;
  }
  return 0;
}

void end_left_child(const ChildArgs& args, const ChildStack& stack) noexcept {
  if (args.pidfd < 0 || args.number == 0) return;
  system_call(SYS_pidfd_send_signal, args.pidfd, SIGKILL, nullptr, 0);
  await_leave(stack, args.pidfd, {});
  system_call(SYS_close, args.pidfd);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
