// SPDX-License-Identifier: MIT
#include <sysfd/spawn_error.hpp>

namespace sysfd {
inline namespace v0 {
namespace {

std::string what_failed(const SpawnError& error) {
  const auto quoted = [&] { return " \"" + error.subject + '"'; };
  const auto numbered = [&] { return ' ' + std::to_string(error.index); };
  switch (error.step) {
    case SpawnStep::program:
      return "program name" + quoted();
    case SpawnStep::argument:
      return "argument" + numbered() + quoted();
    case SpawnStep::environment:
      return "environment variable" + numbered() + quoted();
    case SpawnStep::standard_stream:
      return error.subject + " of the child";
    case SpawnStep::descriptor:
      return "descriptor" + numbered() + ", " + error.subject;
    case SpawnStep::clone:
      return "clone";
    case SpawnStep::start:
      return "start of the child, " + error.subject;
    case SpawnStep::table:
      return "descriptor table of the child";
    case SpawnStep::signals:
      return "signal state of the child";
    case SpawnStep::working_directory:
      return "change to the working directory" + (error.subject.empty() ? "" : quoted());
    case SpawnStep::exec:
      return "exec of" + quoted();
  }
  return "spawn";
}

}  // namespace

std::string SpawnError::describe() const {
  return what_failed(*this) + ": " + code.message();
}

}  // namespace v0
}  // namespace sysfd
