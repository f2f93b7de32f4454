// SPDX-License-Identifier: MIT
//
// Starting programs: what it takes until the child executes one. How that ends is counted for
// status() only, which waits for it.
#include <sysfd/command.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <span>

#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>

#include "counts/operation.hpp"

namespace sysfd_bench {
namespace {

using sysfd::BorrowedFd;
using sysfd::Command;
using sysfd::CStr;
using sysfd::OwnedFd;
using sysfd::PreparedCommand;
using sysfd::Stdio;

// In the working directory, so that it is as long wherever that is.
constexpr const char* program = "./bench_child";

void go_to_program() {
  if (::chdir(COUNTS_PROGRAM_DIRECTORY) != 0) give_up("chdir");
}

const std::array<OwnedFd, 3>& files() {
  const auto make = [] { return require(sysfd::event_fd(), "eventfd"); };
  static const std::array<OwnedFd, 3> made{make(), make(), make()};
  return made;
}

const std::array<OwnedFd, 5>& five_files() {
  const auto make = [] { return require(sysfd::event_fd(), "eventfd"); };
  static const std::array<OwnedFd, 5> made{make(), make(), make(), make(), make()};
  return made;
}

// Two of them are swapped.
Command with_three() {
  const auto& fds = files();
  return Command(program)
      .pass(fds[0], fds[1].get())
      .pass(fds[1], fds[0].get())
      .pass(fds[2], fds[2].get());
}

template <class Value>
Value value_of(sysfd::Result<Value, sysfd::SpawnError> result) {
  if (!result) give_up("Command");
  return *std::move(result);
}

const Around there{.before = go_to_program};
const Around there_to_end{.before = go_to_program, .waits = true};

void add_commands(Operations& operations) {
  const auto add = [&](const char* name, Command& command) {
    operations.push_back(alone(name, [&command] { return command.spawn(); }, there));
  };
  static Command plain(program);
  add("spawn: Command::spawn", plain);
  static Command three = with_three();
  add("spawn: Command::spawn, 3 passed", three);
  static Command pipes =
      Command(program).stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).stderr_to(Stdio::pipe());
  add("spawn: Command::spawn, 3 pipes", pipes);
  static Command changed = Command(program).env("NAME", "value");
  add("spawn: Command::spawn, a variable set", changed);
  static Command in_session = Command(program).session({.new_session = true});
  add("spawn: Command::spawn, a new session", in_session);

  operations.push_back(
      alone("spawn: Command::status", [] { return plain.status(); }, there_to_end));

  // What users write: from nothing to the status.
  operations.push_back(alone(
      "spawn: a new Command, 1 argument, status",
      [] { return Command(program).arg("argument").status(); }, there_to_end));

  operations.push_back(alone(
      "spawn: a new Command, 5 passed, status",
      [] {
        const auto& fds = five_files();
        return Command(program)
            .pass(fds[0], fds[1].get())
            .pass(fds[1], fds[0].get())
            .pass(fds[2], fds[2].get())
            .pass(fds[3], fds[3].get())
            .pass(fds[4], fds[4].get())
            .status();
      },
      there_to_end));

  operations.push_back(alone("spawn: Command", [] { return Command(program); }));
  operations.push_back(
      alone("spawn: Command, 3 arguments", [] { return Command(program).args({"a", "b", "c"}); }));
  static std::optional<Command> once;
  operations.push_back(
      alone("spawn: Command::prepare", [] { return std::move(*once).prepare(); }, {.before = [] {
              go_to_program();
              once.emplace(program);
            }}));
}

void add_prepared(Operations& operations) {
  static const PreparedCommand plain = value_of(Command(program).prepare());
  static const PreparedCommand three = value_of(with_three().prepare());
  operations.push_back(alone("spawn: PreparedCommand::spawn", [] { return plain.spawn(); }, there));
  operations.push_back(
      alone("spawn: PreparedCommand::status", [] { return plain.status(); }, there_to_end));
  operations.push_back(
      alone("spawn: PreparedCommand::spawn, 3 passed", [] { return three.spawn(); }, there));
  operations.push_back(alone(
      "spawn: PreparedCommand::spawn, 3 others",
      [] {
        const BorrowedFd given[] = {files()[2], files()[1], files()[0]};
        return three.spawn({.descriptors = given});
      },
      there));
  operations.push_back(alone(
      "spawn: PreparedCommand::spawn, 2 arguments",
      [] {
        const CStr more[] = {"--for", "one"};
        return plain.spawn({.arguments = more});
      },
      there));
  // Until it returns. Dropping it, which is not counted, ends the child.
  operations.push_back(
      alone("spawn: PreparedCommand::spawn_async", [] { return plain.spawn_async(); }, there));
  operations.push_back(alone(
      "spawn: PreparedCommand::spawn_async, by_descriptor",
      [] { return plain.spawn_async({}, sysfd::Confirmation::by_descriptor); }, there));
}

}  // namespace

void add_spawn(Operations& operations) {
  go_to_program();
  add_commands(operations);
  add_prepared(operations);
}

}  // namespace sysfd_bench
