// SPDX-License-Identifier: MIT
#include "peers/loop.hpp"

#include <sysfd/command.hpp>

namespace sysfd_bench {
namespace {

// The last word of what a command says of its version; nothing if it does not run.
std::string version_of(const char* program) {
  const auto output = sysfd::Command(program).arg("--version").output();
  if (!output || !output->success()) return {};
  std::string line = output->out.substr(0, output->out.find('\n'));
  return line.substr(line.find_last_of(" v") + 1);
}

}  // namespace

Peer loop_peer(const char* name, std::string version, Traits traits,
               std::vector<std::string> command) {
  return {.name = name,
          .version = std::move(version),
          .traits = std::move(traits),
          .command = std::move(command)};
}

Peer script_peer(const char* name, const char* interpreter, Traits traits, const char* script) {
  std::string version = version_of(interpreter);
  if (version.empty()) return {.name = name, .missing = "its interpreter does not run"};
  return loop_peer(name, std::move(version), std::move(traits), {interpreter, script});
}

}  // namespace sysfd_bench
