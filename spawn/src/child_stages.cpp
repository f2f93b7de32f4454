// SPDX-License-Identifier: MIT
#include "child_stages.hpp"

#include <algorithm>
#include <utility>

#include <sysfd/detail/fork_mark.hpp>

#include "child_end.hpp"

namespace sysfd {
inline namespace v0 {

using detail::Clock;

void Child::Stages::take(Child&& child) noexcept {
  if (child.policy_ == DropPolicy::kill) (void)child.kill();
  if (child.policy_ == DropPolicy::terminate) child.ask_to_end();
  const std::lock_guard lock(mutex);
  dropped.push_back(std::move(child));  // there is room
}

// All are killed before the first of them is waited for, with one bound for all. Those that may
// take as long as they like come last.
Child::Stages::~Stages() {
  if (dropped.empty() || detail::is_forked_copy(dropped.front().mark_)) return;
  const auto begin = Clock::now();
  for (Child& child : dropped)
    if (child.policy_ == DropPolicy::terminate) {
      const Timeout grace = child.grace_;
      (void)child.wait_for(grace.is_forever() ? grace : grace.duration() - (Clock::now() - begin));
    }
  const auto is_to_be_killed = [](const Child& child) {
    return child.policy_ != DropPolicy::wait && !child.status_;
  };
  for (Child& child : dropped)
    if (is_to_be_killed(child)) (void)child.kill();
  const auto deadline = Clock::now() + detail::kill_patience;
  for (Child& child : dropped)
    if (is_to_be_killed(child)) (void)child.await_kill(child.kill(), deadline);
  for (Child& child : dropped)
    if (child.policy_ == DropPolicy::wait) (void)child.wait();
  for (Child& child : dropped)
    (void)std::move(child).detach();
}

}  // namespace v0
}  // namespace sysfd
