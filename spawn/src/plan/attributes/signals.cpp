// SPDX-License-Identifier: MIT
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>
#include <cstdint>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "in_child/kernel.hpp"
#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr kernel::SignalAction default_action{};
constexpr kernel::SignalAction ignored_action{1, 0, 0, 0};  // SIG_IGN

void add_action(int signo, const kernel::SignalAction& action, int index, Steps& steps) {
  steps.add(SpawnStep::signals, index, SYS_rt_sigaction, signo, &action, 0, sizeof action.mask);
}

constexpr std::uint64_t bit(int signo) noexcept {
  return std::uint64_t{1} << (signo - 1);
}

constexpr bool is_fixed(int signo) noexcept {
  return signo == SIGKILL || signo == SIGSTOP;
}

bool names(const SignalList& list, int signo) noexcept {
  return std::ranges::find(list, signo) != list.end();
}

}  // namespace

Result<void, SpawnError> check(const Signals& signals) {
  const auto exists = [](int signo) { return signo > 0 && signo <= kernel::signal_count; };
  for (const int signo : signals.blocked)
    if (!exists(signo)) return rejected(SpawnStep::signals, decimal(signo) + " blocked");
  int index = 0;
  for (const auto* list : {&signals.to_default, &signals.ignored, &signals.unchanged})
    for (const int signo : *list) {
      if (!exists(signo) || (list == &signals.ignored && is_fixed(signo)))
        return rejected(SpawnStep::signals, decimal(signo), index);
      const auto clash = [&](const SignalList& earlier,
                             const char* what) -> Result<void, SpawnError> {
        if (!names(earlier, signo)) return {};
        return rejected(SpawnStep::signals, decimal(signo) + what, index);
      };
      if (list == &signals.ignored)
        if (auto done = clash(signals.to_default, ", default and ignored"); !done) return done;
      if (list == &signals.unchanged) {
        if (auto done = clash(signals.to_default, ", default and unchanged"); !done) return done;
        if (auto done = clash(signals.ignored, ", ignored and unchanged"); !done) return done;
      }
      ++index;
    }
  return {};
}

namespace {

void add_given_steps(const Signals& signals, Steps& steps) {
  const auto is_given = [&](int signo) {
    return names(signals.ignored, signo) || names(signals.unchanged, signo);
  };
  if (signals.all_to_default) {
    std::uint64_t all = 0;
    for (int signo = 1; signo <= kernel::signal_count; ++signo)
      if (!is_fixed(signo) && !is_given(signo)) all |= bit(signo);
    steps.add(SpawnStep::signals, -1, Step::set_to_default, all);
  } else {
    for (const int signo : {SIGPIPE, SIGCHLD})
      if (!names(signals.to_default, signo) && !is_given(signo))
        add_action(signo, default_action, -1, steps);
  }
  int index = 0;
  for (const int signo : signals.to_default) {
    if (!is_fixed(signo)) add_action(signo, default_action, index, steps);
    ++index;
  }
  for (const int signo : signals.ignored)
    add_action(signo, ignored_action, index++, steps);
}

}  // namespace

// A caller that ignores SIGPIPE or SIGCHLD does so for what it writes itself, and for its own
// children. To ask first whether it does would be a call as well.
void add_signal_steps(const Signals* signals, Steps& steps) {
  if (signals) return add_given_steps(*signals, steps);
  for (const int signo : {SIGPIPE, SIGCHLD})
    add_action(signo, default_action, -1, steps);
}

std::uint64_t signal_mask(const Signals* signals) noexcept {
  std::uint64_t mask = 0;
  if (!signals) return mask;
  if (signals->inherit_mask)
    system_call(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &mask, sizeof mask);
  for (const int signo : signals->blocked)
    mask |= bit(signo);
  return mask;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
