// SPDX-License-Identifier: MIT
#include <sysfd/spawn_all.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "child.hpp"
#include "prepared_state.hpp"
#include "start/async_start.hpp"
#include "start/scoped_signal_block.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using detail::AsyncStart;
using detail::StartMode;

using Answers = std::vector<Result<Child, SpawnError>>;

// So that memory is bounded. Each has a stack.
constexpr std::size_t most_at_once = 32;

// One of several children that are started together.
struct Member {
  std::optional<detail::ScratchLease> lease{};
  std::optional<AsyncStart> async{};
  Result<void, SpawnError> done{};
  std::optional<Result<Child, SpawnError>> answer{};

  void start() {
    if (done) done = async->start();
  }
  // Waits until it is settled.
  void finish() {
    if (answer) return;
    if (!done) {
      answer.emplace(std::unexpect, std::move(done.error()));
    } else {
      (void)async->await({});
      answer.emplace(detail::make_child(async->finish(), async->spec(), async->plan()));
    }
  }
};

// `prepare(each, member)` makes member.async, and plans.
template <class Each, class Prepare>
Answers start_all(std::span<Each> all, Prepare prepare) {
  Answers answers;
  answers.reserve(all.size());
  while (!all.empty()) {
    const auto now = all.first(std::min(all.size(), most_at_once));
    std::deque<Member> members;
    for (Each& each : now)
      prepare(each, members.emplace_back());
    {
      const detail::ScopedSignalBlock blocked;
      for (auto member = members.begin(); member != members.end(); ++member) {
        const bool is_alone = member->async->needs_dumpable_memory();
        if (is_alone) std::for_each(members.begin(), member, std::mem_fn(&Member::finish));
        member->start();
        if (is_alone) member->finish();
      }
    }
    for (Member& member : members) {
      member.finish();
      answers.push_back(*std::move(member.answer));
    }
    all = all.subspan(now.size());
  }
  return answers;
}

}  // namespace

std::vector<Result<Child, SpawnError>> spawn_all(std::span<Command> commands) {
  return start_all(commands, [](Command& command, Member& member) {
    auto& [spec, scratch] = detail::state_of(command);
    member.async.emplace(spec, scratch, StartMode::waited);
    member.done = member.async->make_plan(detail::no_changes);
  });
}

std::vector<Result<Child, SpawnError>> spawn_all(const PreparedCommand& command,
                                                 std::span<const SpawnChanges> changes) {
  detail::PreparedState& state = detail::state_of(command);
  return start_all(changes, [&](const SpawnChanges& change, Member& member) {
    member.lease.emplace(state);
    member.async.emplace(state.spec(), member.lease->scratch(), StartMode::waited);
    member.done = member.async->make_plan(change);
  });
}

}  // namespace v0
}  // namespace sysfd
