// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_SPEC_SPAWN_REQUEST_HPP
#define SYSFD_SPAWN_SRC_SPEC_SPAWN_REQUEST_HPP

#include <array>

#include <sysfd/spawn_changes.hpp>
#include <sysfd/stdio.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

struct ContainmentPart;
struct DescriptorsPart;
struct KeeperPlan;

// How a child is started.
enum class StartMode {
  waited,          // the caller waits until the child executes or has failed
  stage,           // the same, for a stage of a pipeline: the Command keeps what it owns
  async,           // the caller goes on: the child's arguments stay where they are
  async_reported,  // the same, and a pipe tells when the child is settled
  in_place,        // there is no child: exec()
};

// What the streams are that the Command does not set. Null: inherited.
struct DefaultStreams {
  std::array<const StreamSpec*, 3> streams;
  const DescriptorsPart* part;  // which plans them
};

// The tree that a stage of a Pipeline is in with all others.
struct StageTree {
  const ContainmentPart* part;
  KeeperPlan& keeper;
};

// One call of spawn(), status(), ...: what it asks for in addition to the Command.
struct SpawnRequest {
  StartMode mode = StartMode::waited;
  const DefaultStreams* default_streams = nullptr;
  const SpawnChanges& changes = no_changes;
  const StageTree* tree = nullptr;

  // True if the changes go beyond what a plan that is kept can be used with.
  bool changes_plan() const noexcept {
    return (changes.placed.size() | changes.environment.size() |
            std::size_t{changes.working_directory.has_value()}) != 0;
  }
  bool waits() const noexcept {
    return mode != StartMode::async && mode != StartMode::async_reported;
  }
  // The descriptor that is placed as this number, if there is one.
  const PlacedFd* placed_as(int number) const noexcept {
    for (const PlacedFd& placed : changes.placed)
      if (placed.number == number) return &placed;
    return nullptr;
  }
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_SPEC_SPAWN_REQUEST_HPP
