// SPDX-License-Identifier: MIT
//
// The environment of a child with descriptors of Command::listen_fds(), which are planned with the
// passed ones.
#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

PartResult gather_listeners(Planning& planning) {
  const CommandSpec& spec = planning.spec;
  const Environment& environment = spec.environment_of_child();
  if (const char* variable = environment.listen_variable())
    return rejected(SpawnStep::environment, variable);
  planning.args().environment = environment.resolve_for_listeners(
      spec.listeners.size(), spec.listener_names, planning.resources().listen_slots,
      planning.scratch.rare_part().listen_texts, planning.scratch.environment);
  return Reuse::no;
}

void add_listener_steps(Planning& planning) {
  const auto& slots = planning.resources().listen_slots;
  planning.steps().add(SpawnStep::listen_fds, -1, Step::write_listen_pid, slots.number,
                       slots.identity, slots.identity_variable);
}

}  // namespace

const PlanPart listeners_part{gather_listeners, add_listener_steps};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
