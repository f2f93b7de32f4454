// SPDX-License-Identifier: MIT
//
// Everything that is decided before there is a child. plan_spawn() makes a SpawnPlan, and
// clone_child() of start/ takes it.
#ifndef SYSFD_SPAWN_SRC_PLAN_SPAWN_PLAN_HPP
#define SYSFD_SPAWN_SRC_PLAN_SPAWN_PLAN_HPP

#include <sys/syscall.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/namespace_set.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/session.hpp>

#include "in_child/child_args.hpp"
#include "plan/child_stack.hpp"
#include "plan/fd_plan.hpp"
#include "plan/slots.hpp"
#include "plan/steps.hpp"
#include "spec/command_spec.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Tells whether a part of a plan is right for the next child, too.
enum class Reuse : bool {
  no,   // something was made for this child, or the answer of a system call is in it
  yes,  // it depends on nothing but the CommandSpec
};

// What a child is from its first moment.
struct CloneOptions {
  NamespaceSet namespaces{};  // new ones
  int cgroup = -1;            // the descriptor of a directory; -1: that of the parent
  // Where the child reports if it gets a copy of the memory; null: it shares the memory.
  ChildArgs* report_of_copy = nullptr;
  // Where the kernel can (Linux 7.1), and the caller may:
  bool reaps_itself = false;
  bool killed_with_parent = false;
  bool no_new_privileges = false;  // for the one before, which may need it
};

// The part of a plan that the child reads, and that the next child may use again. It is in the
// SpawnScratch and stays where it is.
struct ChildPlan {
  ChildArgs args;
  CloneOptions clone;
  bool changes_credentials = false;
  bool leads_group = false;
  bool runs_concurrently = false;  // status() need not suspend the caller
  bool searches_path = false;      // another PATH leads to another program
  Reuse reuse = Reuse::no;
  ChildStack* stack = nullptr;        // for a child that leaves no zombie
  SmallVector<int, 8> descriptors{};  // the numbers of SpawnChanges::descriptors
};

// The texts of the maps of a new user namespace, and what the writer is told.
struct IdMapPlan {
  std::string user_map, group_map;
  IdMaps own_maps{};
  IdMaps* maps = &own_maps;
};

// What a child that gets a copy of the memory has in common with its parent all the same.
struct CommonPage {
  ChildArgs args;
  IdMaps maps;
};
struct CommonPageUnmapper {
  void operator()(CommonPage* page) const noexcept {
    system_call(SYS_munmap, page, sizeof(CommonPage));
  }
};

// What is made for the keeper of a tree; the rest of it is in start/tree_plan.hpp.
struct KeeperPlan {
  KeeperPlan() = default;
  virtual ~KeeperPlan() = default;
  KeeperPlan(const KeeperPlan&) = delete;
  KeeperPlan& operator=(const KeeperPlan&) = delete;

  std::optional<OwnedFd> control;  // its end of the socket
  std::optional<OwnedFd> program;
  std::optional<OwnedFd> parent;  // the directory that the cgroup is in
  std::optional<PidFd> owner;

  // True if this number is that of something that was made for the tree.
  virtual bool has(int fd) const noexcept;
};

// What is made for one child. Each is closed when the child has its copy, if it is not the Child's.
struct ChildResources {
  std::optional<OwnedFd> child_ends[3];  // of pipes
  std::optional<OwnedFd> parent_ends[3];
  std::optional<OwnedFd> child_terminal;
  std::optional<OwnedFd> parent_terminal;
  Session session_in_terminal;
  std::optional<OwnedFd> cgroup;
  std::optional<OwnedFd> directory;          // cwd(), for a child that leaves it and returns
  std::optional<OwnedFd> own_pid_namespace;  // of children, for one that is born in another:
  std::size_t joined_pid_namespace = 0;      // that of this Namespaces::join
  std::optional<PidFd> own_process;          // for a child that cannot tell its parent by a number
  std::unique_ptr<CommonPage, CommonPageUnmapper> common_page;
  std::unique_ptr<IdMapPlan> id_maps;
  std::unique_ptr<KeeperPlan> keeper;  // of a tree that no other program is in
  std::optional<Pipe> report;          // only the child has its write end
  Environment::ListenSlots listen_slots{};
  SlotLease slots;

  bool has(int fd) const noexcept;
};

// A plan for one child.
struct SpawnPlan {
  explicit SpawnPlan(ChildPlan& plan) noexcept : child(plan) {}

  ChildPlan& child;
  std::optional<ChildResources> resources{};  // empty: nothing was made for this child
};

// What only some plans need memory for.
struct RareScratch {
  std::string listen_texts[4];
  // Of SpawnChanges: the changed environment and the texts of its entries; the working directory;
  // the numbers of what is placed.
  std::vector<char*> variables;
  std::vector<std::string> variable_text;
  std::optional<Directory> directory;
  std::vector<int> placed_numbers;
  std::vector<char*> shell_arguments;  // see ChildArgs
};

// The memory of plans, which is kept from one to the next, and the plan that may be used again.
struct SpawnScratch {
  std::vector<char*> environment;
  std::vector<char*> arguments;            // if some are appended
  std::vector<std::string> argument_text;  // of those, if the child may read them later
  std::string candidates;
  FdPlan fds;
  Steps steps;
  ChildPlan child;
  std::unique_ptr<ChildStack> stack;  // from the first child on that needs one
  std::unique_ptr<RareScratch> rare;  // the same

  RareScratch& rare_part() {
    if (!rare) rare = std::make_unique<RareScratch>();
    return *rare;
  }
  // Makes room for that many passed descriptors, so that a plan for them does not allocate.
  void reserve(std::size_t descriptors);
};

// The working directory of the child: that of the SpawnChanges, or of the Command.
inline const Directory& working_directory(const CommandSpec& spec,
                                          const SpawnScratch& scratch) noexcept {
  return scratch.rare && scratch.rare->directory ? *scratch.rare->directory : spec.directory;
}

// True if the child needs a copy of the descriptor table from the start: it borrows descriptors
// (others than 0, 1 and 2), which need not stay open, or is the only one to hold the report.
bool starts_with_copy(const CommandSpec& spec, StartMode mode,
                      const SpawnScratch& scratch) noexcept;

// True if the caller must be suspended (CLONE_VFORK) while the child is in its memory. The kernel
// applies an OOM score, and the OOM killer's choice in a cgroup with a memory limit, to all
// processes that share the memory, except to a child whose parent is suspended; for the end of that
// exception, see plan/cgroup.cpp.
inline bool must_suspend_caller(const CommandSpec& spec) noexcept {
#ifdef SYSFD_SUSPEND_CALLER
  constexpr bool always = true;
#else
  constexpr bool always = false;
#endif
  return always || spec.cgroup || spec.containment || spec.adjusts_oom_score();
}

// Adds what the caller has given at that step to an error: the path, the number, ...
SpawnError step_error(const CommandSpec& spec, const SpawnScratch& scratch, SpawnStep step,
                      std::error_code code, int index);

// Decides and makes everything that can be before there is a child. If nothing that matters has
// changed since the last plan in this scratch, that one is used again.
Result<SpawnPlan, SpawnError> plan_spawn(const CommandSpec& spec, const SpawnRequest& request,
                                         SpawnScratch& scratch);

// What a PreparedCommand asks of the system once.
Snapshot take_snapshot(const CommandSpec& spec);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_SPAWN_PLAN_HPP
