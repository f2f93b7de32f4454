// SPDX-License-Identifier: MIT
#include <sysfd/prepared_command.hpp>

#include <utility>

#include <sysfd/detail/fork_mark.hpp>

#include "prepared_shared.hpp"

namespace sysfd {
inline namespace v0 {

PreparedCommand::PreparedCommand(std::shared_ptr<Shared> shared) noexcept
    : shared_(std::move(shared)) {}
PreparedCommand::PreparedCommand(PreparedCommand&&) noexcept = default;
PreparedCommand& PreparedCommand::operator=(PreparedCommand&&) noexcept = default;
PreparedCommand::~PreparedCommand() = default;

[[gnu::hot]] PreparedCommand::Shared& PreparedCommand::shared() const noexcept {
  if (!shared_) detail::contract_violation("use of a PreparedCommand that was moved from");
  return *shared_;
}

// All but the child.
std::optional<SpawnError> PreparedCommand::try_out() const {
  Shared& shared = this->shared();
  const Lease lease(shared);
  return Command::Attempt(*shared.state, lease.work(), Command::Attempt::Kind::child, nullptr,
                          detail::no_changes)
      .prepare();
}

[[gnu::hot]] Result<Child, SpawnError> PreparedCommand::spawn(const SpawnChanges& changes) const {
  Shared& shared = this->shared();
  const Lease lease(shared);
  return Command::Attempt::spawn(*shared.state, lease.work(), nullptr, changes);
}

[[gnu::hot]] Result<ExitStatus, SpawnError> PreparedCommand::status(
    const SpawnChanges& changes) const {
  Shared& shared = this->shared();
  const Lease lease(shared);
  return Command::Attempt::status(*shared.state, lease.work(), changes);
}

Result<Output, SpawnError> PreparedCommand::output(const OutputOptions& options,
                                                   const SpawnChanges& changes) const {
  Shared& shared = this->shared();
  const Lease lease(shared);
  return Command::Attempt::output(*shared.state, lease.work(), options, changes);
}

Result<PreparedCommand, SpawnError> Command::prepare() && {
  State& state = this->state();
  if (state.mistake) return std::unexpected(*state.mistake);
  (void)detail::fork_mark();  // which each Child keeps: spawn() need not make it
  auto asked = Attempt::ask_once(state);
  const auto shared = std::make_shared<PreparedCommand::Shared>();
  PreparedCommand::Takeover takeover(*shared, state_, std::move(asked));
  PreparedCommand prepared(shared);
  if (auto mistake = prepared.try_out()) return std::unexpected(*std::move(mistake));
  takeover.succeed();
  return prepared;
}

}  // namespace v0
}  // namespace sysfd
