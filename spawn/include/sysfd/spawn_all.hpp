// SPDX-License-Identifier: MIT
//
// Many children at once: the files of a build, a pool of workers. While one finds its program the
// next ones are started, on all processors.
//
//     std::vector<sysfd::Command> commands = ...;
//     auto children = sysfd::spawn_all(commands);         // those that are dropped are killed
//     for (auto& child : children)
//       if (!child) report(child.error());
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

// Command::spawn() of each. The answers are in that order, each what spawn() would have answered;
// those that could be started run whatever became of the others. Blocks until all are decided. What
// is lent must stay open so long. One that has id maps, or an OOM score, is started alone, when
// those before it are decided; with a cgroup, or an OOM score, the caller is suspended for it. Under
// gdb, see <sysfd/pending_child.hpp>. System calls: for each 32 two for the signal mask, for each child
// what spawn() says, and futex(2) for those that are waited for. Allocates. Where memory is not
// shared (ENOSYS, start: some emulators), no child is started.
[[nodiscard]] SYSFD_API std::vector<Result<Child, SpawnError>> spawn_all(
    std::span<Command> commands);

// PreparedCommand::spawn() with each of these changes.
[[nodiscard]] SYSFD_API std::vector<Result<Child, SpawnError>> spawn_all(
    const PreparedCommand& command, std::span<const SpawnChanges> changes);

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_ALL_HPP
