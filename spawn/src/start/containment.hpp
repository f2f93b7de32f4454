// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_START_CONTAINMENT_HPP
#define SYSFD_SPAWN_SRC_START_CONTAINMENT_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "plan/plan_part.hpp"
#include "start/clone_child.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Command::contain().
extern const ContainmentPart containment_part;

// A stage of a Pipeline before it is started.
struct PlannedStage {
  CommandSpec& spec;
  SpawnScratch& scratch;
  SpawnPlan plan;
};

// For stages that are one tree.
struct PipelineTreePart {
  const ContainmentPart* of_stages;
  Result<std::unique_ptr<KeeperPlan>, SpawnError> (*plan)(const Containment& containment,
                                                          std::size_t stages);
  // Starts all of them, or none: SpawnError::stage tells which one it is about, if it is about one.
  // False: there can be no tree here (Reach::best_effort).
  Result<bool, SpawnError> (*start)(std::span<PlannedStage> stages, KeeperPlan& keeper,
                                    std::vector<CloneResult>& children);
};

// Pipeline::contain().
extern const PipelineTreePart pipeline_tree_part;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_CONTAINMENT_HPP
