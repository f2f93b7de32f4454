// SPDX-License-Identifier: MIT
//
// Where the program is looked for, and the shell that runs a script without "#!".
#include "plan/program_path.hpp"

#include <unistd.h>

#include <sysfd/detail/join.hpp>

#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

std::string_view path_to_search(const CommandSpec& spec, char* const* environment) noexcept {
  char* const* variables = spec.search == ProgramSearch::caller_path ? ::environ : environment;
  const char* path = variables ? find_variable(variables, "PATH") : nullptr;
  return path ? path : "/bin:/usr/bin";
}

void find_candidates(const CommandSpec& spec, char* const* environment, std::string& candidates) {
  constexpr std::string_view end("\0", 1);
  candidates.clear();
  const auto add = [&](std::string_view place) {
    append(candidates, {place, "/", spec.program(), end});
  };
  if (spec.search == ProgramSearch::nowhere) {
    for (const std::string& place : spec.search_directories)
      add(place);
  } else {
    for_each_directory(path_to_search(spec, environment), [&](std::string_view place) {
      if (place.starts_with('/')) add(place);
    });
  }
  candidates.push_back('\0');
}

namespace {

PartResult gather_program(Planning& planning) {
  const int fd = planning.spec.program_fd->get();
  if (fd < 0) return std::unexpected(planning.error_at(SpawnStep::exec, error_code(EBADF)));
  planning.fds().keep_until_exec(fd, SpawnStep::exec);
  return Reuse::yes;
}

// As execvp(3): the shell, the path of the script, which the child fills in, and the arguments
// behind argument 0.
void set_shell_arguments(SpawnScratch& scratch) {
  static char shell[] = "/bin/sh";
  auto& all = scratch.rare_part().shell_arguments;
  all.assign({shell, nullptr});
  for (char* const* argument = scratch.child.args.arguments + 1; *argument; ++argument)
    all.push_back(*argument);
  all.push_back(nullptr);
  scratch.child.args.shell_arguments = all.data();
}

}  // namespace

const PlanPart program_part{gather_program, nullptr};
const ShellPart shell_part{set_shell_arguments};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
