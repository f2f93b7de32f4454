// SPDX-License-Identifier: MIT
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>
#include <cstdint>

#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "../kernel.hpp"
#include "attributes.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr kernel::SignalAction default_action{};
constexpr kernel::SignalAction ignored_action{1, 0, 0, 0};  // SIG_IGN

void plan_action(int signo, const kernel::SignalAction& action, int index, Steps& steps) {
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

Mistake check(const Signals& signals) {
  const auto exists = [](int signo) { return signo > 0 && signo <= kernel::signal_count; };
  for (const int signo : signals.blocked)
    if (!exists(signo)) return wrong_value(SpawnStep::signals, decimal(signo) + " blocked");
  int index = 0;
  for (const auto* list : {&signals.to_default, &signals.ignored, &signals.unchanged})
    for (const int signo : *list) {
      if (!exists(signo) || (list == &signals.ignored && is_fixed(signo)))
        return wrong_value(SpawnStep::signals, decimal(signo), index);
      const auto clash = [&](const SignalList& earlier, const char* what) -> Mistake {
        if (list == &earlier || !names(earlier, signo)) return std::nullopt;
        return wrong_value(SpawnStep::signals, decimal(signo) + what, index);
      };
      if (list == &signals.ignored)
        if (auto mistake = clash(signals.to_default, ", default and ignored")) return mistake;
      if (list == &signals.unchanged) {
        if (auto mistake = clash(signals.to_default, ", default and unchanged")) return mistake;
        if (auto mistake = clash(signals.ignored, ", ignored and unchanged")) return mistake;
      }
      ++index;
    }
  return std::nullopt;
}

// That SIGPIPE or SIGCHLD is ignored here is about what this process writes and whom it waits for.
// Asking first whether they are would be a call as well.
void plan_signals(const Signals& signals, Steps& steps) {
  const auto is_said = [&](int signo) {
    return names(signals.ignored, signo) || names(signals.unchanged, signo);
  };
  if (signals.all_to_default) {
    std::uint64_t all = 0;
    for (int signo = 1; signo <= kernel::signal_count; ++signo)
      if (!is_fixed(signo) && !is_said(signo)) all |= bit(signo);
    steps.add(SpawnStep::signals, -1, Step::set_to_default, all);
  } else {
    const bool says_nothing =
        signals.to_default.empty() && signals.ignored.empty() && signals.unchanged.empty();
    for (const int signo : {SIGPIPE, SIGCHLD})
      if (says_nothing || (!names(signals.to_default, signo) && !is_said(signo)))
        plan_action(signo, default_action, -1, steps);
  }
  int index = 0;
  for (const int signo : signals.to_default) {
    if (!is_fixed(signo)) plan_action(signo, default_action, index, steps);
    ++index;
  }
  for (const int signo : signals.ignored)
    plan_action(signo, ignored_action, index++, steps);
}

std::uint64_t signal_mask(const Signals& signals) noexcept {
  std::uint64_t mask = 0;
  if (signals.inherit_mask) system_call(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &mask, sizeof mask);
  for (const int signo : signals.blocked)
    mask |= bit(signo);
  return mask;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
