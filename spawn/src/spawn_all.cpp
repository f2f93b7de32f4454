// SPDX-License-Identifier: MIT
#include <sysfd/spawn_all.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "prepared_shared.hpp"
#include "signals_blocked.hpp"
#include "startup.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Some children that are started together.
class Batch {
 public:
  using Answers = std::vector<Result<Child, SpawnError>>;

  static Answers start(std::span<Command> commands) {
    return start(commands, [](Command& command, Member& member) {
      Command::State& state = command.state();
      member.startup.emplace(state, state.workspace, Command::Attempt::Kind::child, no_changes);
    });
  }

  static Answers start(PreparedCommand::Shared& shared, std::span<const SpawnChanges> changes) {
    return start(changes, [&](const SpawnChanges& change, Member& member) {
      member.lease.emplace(shared);
      member.startup.emplace(*shared.state, member.lease->work(), Command::Attempt::Kind::child,
                             change);
    });
  }

  static PreparedCommand::Shared& shared(const PreparedCommand& command) noexcept {
    return command.shared();
  }

 private:
  // So that memory is bounded. Each has a stack.
  static constexpr std::size_t most_at_once = 32;

  struct Member {
    std::optional<PreparedCommand::Lease> lease{};
    std::optional<Command::Startup> startup{};
    Mistake mistake{};
    std::optional<Result<Child, SpawnError>> answer{};

    void prepare() { mistake = startup->prepare(); }
    void enter() {
      if (!mistake) mistake = startup->enter();
    }
    // Waits until it is decided.
    void settle() {
      if (answer) return;
      if (mistake) {
        answer.emplace(std::unexpect, *std::move(mistake));
      } else {
        (void)startup->await({});
        answer.emplace(startup->settle());
      }
    }
  };

  template <class Kind, class Make>
  static Answers start(std::span<Kind> kinds, Make make) {
    Answers answers;
    answers.reserve(kinds.size());
    while (!kinds.empty()) {
      const auto now = kinds.first(std::min(kinds.size(), most_at_once));
      std::deque<Member> members;
      for (Kind& each : now) {
        Member& member = members.emplace_back();
        make(each, member);
        member.prepare();
      }
      {
        const SignalsBlocked blocked;
        for (auto member = members.begin(); member != members.end(); ++member) {
          const bool is_alone = member->startup->needs_dumpable_memory();
          if (is_alone) std::for_each(members.begin(), member, std::mem_fn(&Member::settle));
          member->enter();
          if (is_alone) member->settle();
        }
      }
      for (Member& member : members) {
        member.settle();
        answers.push_back(*std::move(member.answer));
      }
      kinds = kinds.subspan(now.size());
    }
    return answers;
  }
};

}  // namespace detail

std::vector<Result<Child, SpawnError>> spawn_all(std::span<Command> commands) {
  return detail::Batch::start(commands);
}

std::vector<Result<Child, SpawnError>> spawn_all(const PreparedCommand& command,
                                                 std::span<const SpawnChanges> changes) {
  return detail::Batch::start(detail::Batch::shared(command), changes);
}

}  // namespace v0
}  // namespace sysfd
