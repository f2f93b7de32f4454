// SPDX-License-Identifier: MIT
#include <sysfd/prepared_command.hpp>

#include <utility>

#include "child.hpp"
#include "communicate.hpp"
#include "prepared_state.hpp"
#include "start/spawn.hpp"

namespace sysfd {
inline namespace v0 {

using detail::ScratchLease;

PreparedCommand::PreparedCommand(std::shared_ptr<detail::PreparedState> state) noexcept
    : state_(std::move(state)) {}
PreparedCommand::PreparedCommand(PreparedCommand&&) noexcept = default;
PreparedCommand& PreparedCommand::operator=(PreparedCommand&&) noexcept = default;
PreparedCommand::~PreparedCommand() = default;

detail::PreparedState& PreparedCommand::state() const noexcept {
  if (!state_) detail::contract_violation("use of a PreparedCommand that was moved from");
  return *state_;
}

Result<Child, SpawnError> PreparedCommand::spawn(const SpawnChanges& changes) const {
  detail::PreparedState& state = this->state();
  const ScratchLease lease(state);
  return detail::spawn_child(state.spec(), {.changes = changes}, lease.scratch());
}

Result<ExitStatus, SpawnError> PreparedCommand::status(const SpawnChanges& changes) const {
  detail::PreparedState& state = this->state();
  const ScratchLease lease(state);
  return detail::status(state.spec(), {.changes = changes}, lease.scratch());
}

Result<Output, SpawnError> PreparedCommand::output(const OutputOptions& options,
                                                   const SpawnChanges& changes) const {
  detail::PreparedState& state = this->state();
  const ScratchLease lease(state);
  return detail::collect_output(state.spec(), lease.scratch(), options, changes);
}

Result<PendingChild, SpawnError> PreparedCommand::spawn_async(const SpawnChanges& changes,
                                                              Confirmation confirmation) const {
  (void)state();  // or the program stops here
  return detail::start_pending(state_, changes, confirmation);
}

detail::PreparedState& detail::state_of(const PreparedCommand& command) noexcept {
  return command.state();
}

}  // namespace v0
}  // namespace sysfd
