// SPDX-License-Identifier: MIT
#include "faults/sweep.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "support/prelude.hpp"

#include "faults/plausible_faults.hpp"
#include "faults/swept_run.hpp"

namespace sysfd_test {
namespace {

std::string text_of(int error) {
  if (error == 0) return "success";
  const char* const name = ::strerrorname_np(error);
  return name ? name : std::to_string(error);
}

std::string text_of(const Plan& plan) {
  if (plan.failing_allocation != 0) return "allocation " + std::to_string(plan.failing_allocation);
  if (!plan.call) return "no fault";
  const auto& [role, index, call, interruptible] = *plan.call;
  (void)interruptible;
  const std::string who = role == 0 ? "the caller" : "child " + std::to_string(role);
  std::string what = text_of(plan.fault.error);
  if (plan.fault.kind == PlausibleFault::Kind::nothing) what = "returns 0";
  if (plan.fault.kind == PlausibleFault::Kind::all_ready) what = "all ready";
  return name_of_call(call.number) + " (call " + std::to_string(index) + " of " + who + "), " +
         what;
}

std::string text_of(const std::set<int>& numbers) {
  std::string text;
  for (const int number : numbers)
    text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

bool may_report(const Operation& operation, const Plan& plan, int error) {
  const long call = plan.call ? plan.call->call.number : -1;
  if (plan.fault.kind == PlausibleFault::Kind::nothing && (error == ETIMEDOUT || error == EAGAIN))
    return true;
  const int injected = plan.failing_allocation != 0 ? ENOMEM : plan.fault.error;
  if (std::ranges::any_of(operation.translations, [&](const Operation::Translation& each) {
        return (each.call == -1 || each.call == call) &&
               (each.injected == 0 || each.injected == injected) && each.reported == error;
      }))
    return true;
  return error == injected && (error != EINTR || call == SYS_close);
}

// Judges one run. `dry` is the dry run.
void judge(const Operation& operation, const Plan& plan, const Run& run, const Run& dry,
           long dry_live_allocations, std::vector<std::string>& complaints) {
  const auto complain = [&](const std::string& what) {
    complaints.push_back(text_of(plan) + ": " + what);
  };
  if (page->complaints[0] != '\0') complain(page->complaints.data());
  if (run.hung) complain("hangs");
  const auto needs = [&plan](const std::vector<long>& calls) {
    return plan.call && std::ranges::find(calls, plan.call->call.number) != calls.end();
  };
  if (WIFSIGNALED(run.status) && !run.hung &&
      !(WTERMSIG(run.status) == SIGABRT && needs(operation.stops_without)))
    complain("killed by signal " + std::to_string(WTERMSIG(run.status)));
  const bool may_leave_child =
      needs(operation.leaves_child_without) || needs(operation.stops_without);
  if (run.left > 0 && !may_leave_child)
    complain(std::to_string(run.left) + " processes left at the end");
  if (!run.is_done || page->skipped[0] != '\0') {
    if (!run.hung && !WIFSIGNALED(run.status) && page->skipped[0] == '\0')
      complain("ended early with status " + std::to_string(run.status));
    return;
  }
  if (page->left_children && !may_leave_child) complain("a child is left");
  if (page->error != 0 && !may_report(operation, plan, page->error))
    complain("reports " + text_of(page->error));
  const auto at = [&run](Mark place) {
    const auto found = run.states.find(place);
    return found == run.states.end() ? State{} : found->second;
  };
  const auto without_those_not_closed = [](std::set<int> fds) {
    for (const int fd : page->not_closed)
      if (fd != 0) fds.erase(fd);
    return fds;
  };
  const State before = at(Mark::begin), after = at(Mark::end);
  if (page->error != 0 && !operation.keeps_descriptors &&
      !std::ranges::includes(before.descriptors, without_those_not_closed(after.descriptors)))
    complain("descriptors after the error: " + text_of(after.descriptors) +
             ", before: " + text_of(before.descriptors));
  if (after.blocked != before.blocked) complain("the signal mask has changed: " + after.blocked);
  // A terminal that does not tell which group was there, or refuses it, cannot get it back.
  if ((page->error != 0 || operation.takes_terminal_back) &&
      after.foreground != before.foreground && !needs({SYS_ioctl}))
    complain("the foreground group has changed: " + after.foreground);
  if (after.dumpable != before.dumpable) complain("the dumpable flag has changed");
  const State start = at(Mark::started), end = at(Mark::done);
  if (end.descriptors != start.descriptors)
    complain("descriptors at the end: " + text_of(end.descriptors) +
             ", at the start: " + text_of(start.descriptors));
  if (const auto found = dry.states.find(Mark::done);
      found != dry.states.end() && !needs({SYS_munmap}) &&
      end.mappings.size() > found->second.mappings.size()) {
    std::string added;
    for (const std::string& each : end.mappings)
      if (std::ranges::find(found->second.mappings, each) == found->second.mappings.end())
        added += "\n  " + each;
    complain("mappings are left:" + added);
  }
  if (page->live_allocations > dry_live_allocations)
    complain(std::to_string(page->live_allocations - dry_live_allocations) +
             " allocations are left");
}

}  // namespace

int errno_of(std::error_code code) {
  if (!code) return 0;
  if (code.category() == std::system_category() || code.category() == std::generic_category())
    return code.value();
  const auto condition = code.default_error_condition();
  return condition.category() == std::generic_category() ? condition.value() : EBADMSG;
}

Swept sweep(const Operation& operation, bool all) {
  Swept swept;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const Run dry = run_once(operation, {});
  if (!dry.has_filter) {
    swept.skipped = "needs seccomp(2) with a listener";
    return swept;
  }
  swept.skipped = page->skipped.data();
  if (!swept.skipped.empty()) return swept;
  const long live = page->live_allocations;
  const int made_allocations = page->allocations;
  judge(operation, {}, dry, dry, live, swept.complaints);
  if (!swept.complaints.empty()) return swept;

  swept.calls = static_cast<int>(dry.calls.size());
  for (const Call& call : dry.calls) {
    const auto faults = plausible_faults(call.call);
    if (!faults) {
      swept.complaints.push_back("plausible_faults.cpp lacks " + name_of_call(call.call.number));
      continue;
    }
    for (std::size_t i = 0; i < faults->size(); ++i) {
      const PlausibleFault& fault = (*faults)[i];
      const bool asks_for_retry = fault.error == EINTR || fault.kind != PlausibleFault::Kind::error;
      if (!all && i > 0 && !asks_for_retry) continue;
      if (fault.error == EINTR && !call.can_be_interrupted && call.call.number != SYS_close)
        continue;
      const Plan plan{call, fault};
      Run run = run_once(operation, plan);
      for (int again = 0; !run.injected && again < 3; ++again)
        run = run_once(operation, plan);  // concurrent processes take turns differently
      ++(run.injected ? swept.injections : swept.missed);
      judge(operation, plan, run, dry, live, swept.complaints);
    }
  }
#if defined(__cpp_exceptions)
  for (int n = 1; n <= made_allocations; ++n) {
    Plan plan;
    plan.failing_allocation = n;
    const Run run = run_once(operation, plan);
    swept.failed_allocations += page->allocation_has_failed;
    judge(operation, plan, run, dry, live, swept.complaints);
  }
#else
  (void)made_allocations;
#endif
  return swept;
}

}  // namespace sysfd_test
