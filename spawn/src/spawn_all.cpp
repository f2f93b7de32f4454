// SPDX-License-Identifier: MIT
#include <sysfd/spawn_all.hpp>

#include <algorithm>
#include <deque>
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
  using Answers = std::vector<std::expected<Child, SpawnError>>;

  static Answers start(std::span<Command> commands) {
    return start(commands, [](Command& command, Member& member) {
      Command::State& state = command.state();
      member.startup.emplace(state, state.workspace, Command::Attempt::Kind::child, SpawnChanges{});
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
        member.mistake = member.startup->prepare();
      }
      {
        const SignalsBlocked blocked;
        for (Member& member : members)
          if (!member.mistake) member.mistake = member.startup->enter();
      }
      for (Member& member : members) {
        if (member.mistake) {
          answers.emplace_back(std::unexpect, *std::move(member.mistake));
        } else {
          (void)member.startup->await(nullptr);
          answers.push_back(member.startup->settle());
        }
      }
      kinds = kinds.subspan(now.size());
    }
    return answers;
  }
};

}  // namespace detail

std::vector<std::expected<Child, SpawnError>> spawn_all(std::span<Command> commands) {
  return detail::Batch::start(commands);
}

std::vector<std::expected<Child, SpawnError>> spawn_all(const PreparedCommand& command,
                                                        std::span<const SpawnChanges> changes) {
  return detail::Batch::start(detail::Batch::shared(command), changes);
}

}  // namespace v0
}  // namespace sysfd
