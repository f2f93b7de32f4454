// SPDX-License-Identifier: MIT
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>
#include <cstdint>

#include <sysfd/detail/raw_syscall.hpp>

#include "../kernel.hpp"
#include "attributes.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::uintptr_t to_default = 0, ignored = 1;  // SIG_DFL, SIG_IGN

void plan_action(int signo, std::uintptr_t handler, int index, Steps& steps) {
  const kernel::SignalAction action{handler, 0, 0, 0};
  steps.add(SpawnStep::signals, index, SYS_rt_sigaction, signo, steps.keep(action), 0,
            sizeof action.mask);
}

}  // namespace

Mistake check(const Signals& signals) {
  const auto exists = [](int signo) { return signo > 0 && signo <= kernel::signal_count; };
  for (const int signo : signals.blocked)
    if (!exists(signo)) return wrong_value(SpawnStep::signals, std::to_string(signo) + " blocked");
  int index = 0;
  for (const auto* list : {&signals.to_default, &signals.ignored})
    for (const int signo : *list) {
      if (!exists(signo) || signo == SIGKILL || signo == SIGSTOP)
        return wrong_value(SpawnStep::signals, std::to_string(signo), index);
      if (list == &signals.ignored &&
          std::ranges::find(signals.to_default, signo) != signals.to_default.end())
        return wrong_value(SpawnStep::signals, std::to_string(signo) + ", default and ignored",
                           index);
      ++index;
    }
  return std::nullopt;
}

// That SIGPIPE or SIGCHLD is ignored here is about what this process writes and whom it waits for.
// Asking first whether they are would be a call as well.
void plan_signals(const Signals& signals, Steps& steps) {
  static constexpr kernel::SignalAction default_action{};
  const auto names = [](const std::vector<int>& list, int signo) {
    return std::ranges::find(list, signo) != list.end();
  };
  for (const int signo : {SIGPIPE, SIGCHLD})
    if (!names(signals.to_default, signo) && !names(signals.ignored, signo))
      steps.add(SpawnStep::signals, -1, SYS_rt_sigaction, signo, &default_action, 0,
                sizeof default_action.mask);
  int index = 0;
  for (const int signo : signals.to_default)
    plan_action(signo, to_default, index++, steps);
  for (const int signo : signals.ignored)
    plan_action(signo, ignored, index++, steps);
}

std::uint64_t signal_mask(const Signals& signals) noexcept {
  std::uint64_t mask = 0;
  if (signals.inherit_mask) system_call(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &mask, sizeof mask);
  for (const int signo : signals.blocked)
    mask |= std::uint64_t{1} << (signo - 1);
  return mask;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
