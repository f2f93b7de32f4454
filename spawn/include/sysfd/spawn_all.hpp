// SPDX-License-Identifier: MIT
//
// Starts many children at once: the files of a build, a pool of workers. The file system finds one
// program while the next children are started, on all processors.
//
//     std::vector<sysfd::Command> commands;
//     commands.push_back(sysfd::Command("cc").args({"-c", "a.c"}));
//     commands.push_back(sysfd::Command("cc").args({"-c", "b.c"}));
//     for (auto& child : sysfd::spawn_all(commands)) {
//       if (!child) return fail(child.error().describe());      // the others are dropped: killed
//       if (auto status = child->wait(); status) use(*status);
//     }
#ifndef SYSFD_SPAWN_ALL_HPP
#define SYSFD_SPAWN_ALL_HPP
#include <sysfd/detail/cxx23.hpp>

#include <span>
#include <vector>

#include <sysfd/attributes.hpp>
#include <sysfd/child.hpp>
#include <sysfd/command.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/result.hpp>
#include <sysfd/spawn_error.hpp>

namespace sysfd {
inline namespace v0 {

// Command::spawn() for each. The results are in the same order, each what spawn() would have
// returned. A failed start does not affect the others. For gdb, see <sysfd/pending_child.hpp>.
//
// A Command with ID maps or an OOM score is started alone, after those before it are settled. With
// a cgroup or an OOM score the caller is suspended for that start. If memory is not shared with
// children (ENOSYS, start: some emulators), no child is started.
//
// Ownership: borrowed descriptors must stay open until this returns.
// Blocks: until all children are executing or have failed.
// Allocates: always.
// Cost: two system calls for the signal mask for each 32 children, those of spawn() for each child,
//   and futex(2) for those that are waited for.
[[nodiscard]] SYSFD_API std::vector<Result<Child, SpawnError>> spawn_all(
    std::span<Command> commands);

// PreparedCommand::spawn() for each of these changes.
[[nodiscard]] SYSFD_API std::vector<Result<Child, SpawnError>> spawn_all(
    const PreparedCommand& command, std::span<const SpawnChanges> changes);

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_ALL_HPP
