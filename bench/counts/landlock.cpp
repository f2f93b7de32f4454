// SPDX-License-Identifier: MIT
//
// Landlock: rulesets and their rules, and what a ruleset adds to a start.
#include <sysfd/landlock.hpp>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>

#include "counts/operation.hpp"

namespace sysfd_bench {
namespace {

using sysfd::Command;
using sysfd::FileRight;
using sysfd::OwnedFd;
using sysfd::PreparedCommand;
using sysfd::Ruleset;

const sysfd::Rights required = sysfd::rights::of_abi(4);  // of Linux 6.7: rights to ports, too

template <class Value, class Error>
Value value_of(sysfd::Result<Value, Error> result) {
  if (!result) give_up(result.error().describe().c_str());
  if constexpr (!std::is_void_v<Value>) return *std::move(result);
}

// As of Linux 6.7.
struct RawRuleset {
  std::uint64_t files, ports;
};
struct RawPort {
  std::uint64_t allowed, port;
};

long ask_raw() {
  return checked(
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

RawFd create_raw() {
  if (ask_raw() < 4) give_up("no rights to ports");
  const RawRuleset attr{required.files.bits(), required.ports.bits()};
  return RawFd(::syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0));
}

// Something to add rules to, made before they are counted.
std::optional<Ruleset> ruleset;
const Around with_ruleset{.before = [] { ruleset = value_of(Ruleset::create(required)); },
                          .after = [] { ruleset.reset(); }};

void allow_raw(int file) {
  struct stat status;
  checked(::fstat(file, &status));
  if (!S_ISDIR(status.st_mode)) give_up("no directory");
  const landlock_path_beneath_attr attr{LANDLOCK_ACCESS_FS_READ_FILE, file};
  checked(
      ::syscall(SYS_landlock_add_rule, ruleset->fd().get(), LANDLOCK_RULE_PATH_BENEATH, &attr, 0));
}

void allow_port_raw(std::uint16_t port) {
  constexpr int rule_net_port = 2;
  const RawPort attr{sysfd::PortRights(sysfd::PortRight::bind_tcp).bits(), port};
  checked(::syscall(SYS_landlock_add_rule, ruleset->fd().get(), rule_net_port, &attr, 0));
}

void add_rules(Operations& operations) {
  static const OwnedFd directory = require(sysfd::open(sysfd::cwd(), "/", O_PATH), "open");
  const auto add = [&](const char* name, auto raw, auto ours) {
    operations.push_back(compare(name, raw, ours, with_ruleset));
  };
  add(
      "landlock: Ruleset::allow", [] { allow_raw(directory.get()); },
      [] { return ruleset->allow(directory, FileRight::read_file); });
  add(
      "landlock: Ruleset::allow, a path",
      [] {
        const auto file = static_cast<int>(checked(::openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC)));
        allow_raw(file);
        checked(::close(file));
      },
      [] { return ruleset->allow("/", FileRight::read_file); });
  add(
      "landlock: Ruleset::allow_port", [] { allow_port_raw(80); },
      [] { return ruleset->allow_port(80, sysfd::PortRight::bind_tcp); });
}

void add_starts(Operations& operations) {
  static std::optional<PreparedCommand> command;
  const auto prepare = [](bool is_restricted) {
    if (::chdir(COUNTS_PROGRAM_DIRECTORY) != 0) give_up("chdir");
    Command made("./bench_child");
    if (is_restricted) {
      ruleset = value_of(Ruleset::create(required));
      value_of(ruleset->allow("/", sysfd::rights::run));
      made.landlock(*ruleset);
    }
    command = value_of(std::move(made).prepare());
  };
  for (const bool is_restricted : {false, true})
    operations.push_back(alone(is_restricted ? "landlock: PreparedCommand::spawn, restricted"
                                             : "landlock: PreparedCommand::spawn, not restricted",
                               [] { return command->spawn(); },
                               {.before = [=] { prepare(is_restricted); }}));
}

}  // namespace

void add_landlock(Operations& operations) {
  operations.push_back(compare(
      "landlock: landlock_support", [] { return ask_raw(); },
      [] { return sysfd::landlock_support(); }));
  operations.push_back(compare(
      "landlock: Ruleset::create", [] { return create_raw(); },
      [] { return Ruleset::create(required); }));
  add_rules(operations);
  operations.push_back(alone(
      "landlock: explain",
      [] { return sysfd::explain(*ruleset, "/usr/bin", FileRight::read_file); }, with_ruleset));
  operations.push_back(
      alone("landlock: Ruleset::for_program", [] { return Ruleset::for_program("/bin/sh"); }));
  add_starts(operations);
}

}  // namespace sysfd_bench
