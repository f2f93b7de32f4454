// SPDX-License-Identifier: MIT
//
// A tree that is kept together, on its way from the plan to the start: Command::contain() and
// Pipeline::contain().
#ifndef SYSFD_SPAWN_SRC_START_TREE_PLAN_HPP
#define SYSFD_SPAWN_SRC_START_TREE_PLAN_HPP

#include <array>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <sysfd/containment.hpp>

#include "in_child/keeper_args.hpp"
#include "in_child/kernel.hpp"
#include "start/keeper_tree.hpp"
#include "start/start_error.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

struct TreePlan final : KeeperPlan {
  explicit TreePlan(const Containment& wanted) noexcept : containment(wanted) {}

  bool has(int fd) const noexcept override { return KeeperPlan::has(fd) || tree->has(fd); }

  const Containment& containment;
  std::shared_ptr<KeeperTree> tree;
  std::string users, groups;
  std::string cgroup;  // its name
  // Are set when the programs execute: before, they share this memory (see Command::cgroup()).
  CgroupLimits memory_limits{};
  std::string numbers;
  std::array<char*, 6> arguments{};
  std::array<char*, 1> environment{};
  KeeperArgs args{};
};

// Makes what a keeper of so many programs needs, and the cgroup of the tree.
Result<std::unique_ptr<TreePlan>, SpawnError> plan_tree(const Containment& containment,
                                                        std::size_t programs);

// A program of a tree. It stays where it is until it is started.
struct TreeProgram : ProgramStart {
  TreeProgram(const FailedStart& failed_start, SpawnPlan& spawn_plan) noexcept
      : start(failed_start), plan(spawn_plan) {}

  FailedStart start;
  SpawnPlan& plan;
  kernel::CloneArguments clone_arguments{};
  int former_foreground = 0;
  std::optional<PidFd> process{};  // none: there has been no child
};

std::unexpected<SpawnError> fails(std::error_code code, const char* what);
std::unexpected<SpawnError> fails(const CgroupError& error);

// Starts a keeper and the programs, which have the stack one after the other. All signals must be
// blocked. True: each has left this memory, and either all execute, or the one that `unstarted`
// points to has failed on its way, and none of the others is left. False: there can be no keeper
// here (Reach::best_effort), and nothing was started.
//
// `unstarted` also points to the program that an error is about, or is null.
Result<bool, SpawnError> start_tree(std::span<TreeProgram> programs, TreePlan& plan,
                                    ChildStack& stack, TreeProgram*& unstarted);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_TREE_PLAN_HPP
