// SPDX-License-Identifier: MIT
#include <sysfd/detail/decimal.hpp>
#include <sysfd/detail/join.hpp>

#include "plan/spawn_plan.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// `index` counts the calls of Command::pass(), then SpawnChanges::placed.
static int target_of(const CommandSpec& spec, const SpawnScratch& scratch, int index) noexcept {
  const auto i = static_cast<std::size_t>(index);
  const std::size_t passed = spec.passed.size();
  return i < passed ? spec.passed[i].target : scratch.rare->placed_numbers[i - passed];
}

SpawnError step_error(const CommandSpec& spec, const SpawnScratch& scratch, SpawnStep step,
                      std::error_code code, int index) {
  SpawnError error{step, code, index, ""};
  const auto name = [&](const Directory& wanted) {
    if (wanted.path) error.subject = *wanted.path;
  };
  const auto to_be = [&](int target) { append(error.subject, {"to be number ", decimal(target)}); };
  switch (step) {
    case SpawnStep::exec: {
      const char* path = scratch.child.args.path;
      error.subject = path ? path : spec.program();
      break;
    }
    case SpawnStep::wait: error.subject = spec.program(); break;
    case SpawnStep::working_directory: name(working_directory(spec, scratch)); break;
    case SpawnStep::root_directory: name(spec.root); break;
    case SpawnStep::standard_stream: error.subject = stream_names[index]; break;
    case SpawnStep::descriptor:
      if (index >= 0) to_be(target_of(spec, scratch, index));
      break;
    case SpawnStep::listen_fds:
      if (index >= 0) to_be(spec.listeners[static_cast<std::size_t>(index)].target);
      break;
    default: break;
  }
  return error;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
