// SPDX-License-Identifier: MIT
//
// A program that is started many times, from any thread: a worker for each connection, a compiler
// for each file. The Command is checked and prepared once.
//
//     auto worker = sysfd::Command("worker").arg("--serve").pass(any, 3).prepare();
//     if (!worker) return fail(worker.error().describe());
//     const sysfd::BorrowedFd given[] = {connection};              // instead of `any`
//     auto child = worker->spawn({.descriptors = given});          // from any thread
//     if (!child) return fail(child.error().describe());
//
// prepare() reads once what a Command reads at each spawn: the environment, the paths in which to
// look for the program, and which of 0, 1 and 2 to inherit. (One that is closed or made
// close-on-exec later is /dev/null in the child.) Descriptors that the Command owned are kept, and
// every child gets them. Borrowed ones must stay open as long as children are started with them.
#ifndef SYSFD_PREPARED_COMMAND_HPP
#define SYSFD_PREPARED_COMMAND_HPP
#include <sysfd/detail/cxx23.hpp>

#include <memory>

#include <sysfd/attributes.hpp>
#include <sysfd/child.hpp>
#include <sysfd/command.hpp>  // NOLINT(misc-header-include-cycle): includes this for prepare()
#include <sysfd/output.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/result.hpp>
#include <sysfd/spawn_changes.hpp>
#include <sysfd/spawn_error.hpp>

namespace sysfd {
inline namespace v0 {

class PreparedCommand;

namespace detail {
struct PreparedState;
PreparedState& state_of(const PreparedCommand& command) noexcept;
}  // namespace detail

class PreparedCommand {
 public:
  SYSFD_API PreparedCommand(PreparedCommand&&) noexcept;
  SYSFD_API PreparedCommand& operator=(PreparedCommand&&) noexcept;
  SYSFD_API ~PreparedCommand();

  // Command::spawn(). Thread-safe.
  //
  // Errors: as there. EINVAL, descriptor, -1: the number of `descriptors` is not that of the calls
  //   of pass().
  // Allocates: nothing, except the first time in each of several threads at once, for longer
  //   arguments than before, and for some attributes.
  // Cost: two system calls for the signal mask, clone3, and those of Command::spawn() for pipes and
  //   attributes.
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> spawn(
      const SpawnChanges& changes = detail::no_changes) const;

  // Command::spawn_async(). Thread-safe. The PendingChild keeps what it needs: this PreparedCommand
  // may be destroyed before it.
  [[nodiscard]] SYSFD_API Result<PendingChild, SpawnError> spawn_async(
      const SpawnChanges& changes = detail::no_changes,
      Confirmation confirmation = Confirmation::by_finish) const;

  // Command::status(). Thread-safe.
  //
  // Allocates: a stack of 16 KiB the first time in each of several threads at once, otherwise as
  //   spawn().
  [[nodiscard]] SYSFD_API Result<ExitStatus, SpawnError> status(
      const SpawnChanges& changes = detail::no_changes) const;

  // Command::output(). Thread-safe.
  [[nodiscard]] SYSFD_API Result<Output, SpawnError> output(
      const OutputOptions& options = {}, const SpawnChanges& changes = detail::no_changes) const;

 private:
  friend class Command;
  friend detail::PreparedState& detail::state_of(const PreparedCommand& command) noexcept;
  explicit PreparedCommand(std::shared_ptr<detail::PreparedState> state) noexcept;
  detail::PreparedState& state() const noexcept;

  std::shared_ptr<detail::PreparedState> state_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PREPARED_COMMAND_HPP
