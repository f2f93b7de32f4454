// SPDX-License-Identifier: MIT
//
// A program that is started again and again, from any number of threads: a worker for each
// connection, a compiler for each file. All that a Command says is looked at and put together once.
//
//     auto worker = sysfd::Command("worker").arg("--serve").pass(any, 3).prepare();
//     if (!worker) return fail(worker.error().describe());
//     const sysfd::BorrowedFd given[] = {connection};
//     auto child = worker->spawn({.descriptors = given});          // from any thread
//
// What a Command asks the system at each spawn is asked by prepare(): the environment, the paths to
// look for the program in, and which of 0, 1 and 2 are to be inherited (one that is closed, or made
// close-on-exec, after that is /dev/null in the child). Descriptors that it owns it keeps, and lends
// to every child; those that it was lent must stay open as long as it starts children with them.
#ifndef SYSFD_PREPARED_COMMAND_HPP
#define SYSFD_PREPARED_COMMAND_HPP
#include <sysfd/detail/cxx23.hpp>

#include <memory>
#include <optional>
#include <span>

#include <sysfd/attributes.hpp>
#include <sysfd/child.hpp>
#include <sysfd/command.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/output.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/result.hpp>
#include <sysfd/spawn_error.hpp>

namespace sysfd {
inline namespace v0 {

// A descriptor that one child is given as `number`. None: nothing is passed as that number, and 0,
// 1 and 2 are what they are where nothing is said of them. As that of SpawnChanges::descriptors it
// must stay open as Command::pass() says of a borrowed one.
struct PlacedFd {
  std::optional<BorrowedFd> fd;
  int number;
};

// What is different for one child.
struct SpawnChanges {
  // More arguments, behind those of the Command.
  std::span<const CStr> arguments{};
  // Instead of the descriptors that were said by pass(), in that order: as many, or none for those.
  std::span<const BorrowedFd> descriptors{};
  // Each instead of what the Command says of that number by pass(), stdin_from(), stdout_to(),
  // stderr_to() or terminal(), if anything. EINVAL: a number twice.
  std::span<const PlacedFd> placed{};
  // "NAME=value" sets a variable, "NAME" alone removes it. The program was looked up by prepare():
  // another PATH is for the program only. EINVAL: an entry without a name, or LISTEN_... beside
  // listen_fds().
  std::span<const CStr> environment{};
  // Where the program starts, by path.
  std::optional<CStr> working_directory{};
};
// The last three are planned for each child anew: it takes the time of Command::spawn() the first
// time.

namespace detail {
inline constexpr SpawnChanges no_changes{};
}

class PreparedCommand {
 public:
  SYSFD_API PreparedCommand(PreparedCommand&&) noexcept;
  SYSFD_API PreparedCommand& operator=(PreparedCommand&&) noexcept;
  SYSFD_API ~PreparedCommand();

  // Command::spawn(). Thread-safe. Errors: as there; EINVAL, descriptor, -1: not as many
  // descriptors as were passed. System calls here: two for the signal mask and clone3, and what is
  // said there for pipes and attributes. Does not allocate but for the first time in each of
  // several threads at once, for longer arguments than before, and for what Command::spawn() says
  // of attributes.
  [[nodiscard]] SYSFD_API Result<Child, SpawnError> spawn(
      const SpawnChanges& changes = detail::no_changes) const;

  // Command::spawn_async(). Thread-safe. The PendingChild keeps what it needs of this, which may be
  // destroyed before it.
  [[nodiscard]] SYSFD_API Result<PendingChild, SpawnError> spawn_async(
      const SpawnChanges& changes = detail::no_changes,
      Confirmation confirmation = Confirmation::by_finish) const;

  // Command::status(). Thread-safe. Allocates a stack of 16 KiB the first time in each of several
  // threads at once, otherwise as spawn().
  [[nodiscard]] SYSFD_API Result<ExitStatus, SpawnError> status(
      const SpawnChanges& changes = detail::no_changes) const;

  // Command::output(). Thread-safe.
  [[nodiscard]] SYSFD_API Result<Output, SpawnError> output(
      const OutputOptions& options = {}, const SpawnChanges& changes = detail::no_changes) const;

 private:
  friend class Command;
  friend class PendingChild;
  friend class detail::Batch;
  struct Shared;
  class Lease;
  class Takeover;
  explicit PreparedCommand(std::shared_ptr<Shared> shared) noexcept;
  static Result<PendingChild, SpawnError> start(std::shared_ptr<Shared> shared,
                                                const SpawnChanges& changes,
                                                Confirmation confirmation);
  Shared& shared() const noexcept;
  std::optional<SpawnError> try_out() const;

  std::shared_ptr<Shared> shared_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PREPARED_COMMAND_HPP
