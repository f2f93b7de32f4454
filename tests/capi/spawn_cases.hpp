// SPDX-License-Identifier: MIT
//
// Starts that mean the same in C and in C++: one table of cases, which spawn_cases_test.cpp runs by
// both.
#ifndef SYSFD_TESTS_CAPI_SPAWN_CASES_HPP
#define SYSFD_TESTS_CAPI_SPAWN_CASES_HPP

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sysfd_test {

// One call of a setter.
struct Setting {
  enum class Kind {
    arg,         // text
    argument0,   // text
    env,         // text, more
    remove_env,  // text
    clear_env,
    directory,    // text
    root,         // text
    search,       // number
    pass,         // a new file, as number
    pass_closed,  // a descriptor that is not open, as number
    stdin_null,
    stdout_pipe,
    stderr_like_stdout,
    umask,  // number
    nice,   // number
    new_session,
    process_group,  // number
    user,           // number
    no_new_privileges,
    blocked,       // the signal `number`
    retry_busy,    // number
    parent_death,  // the signal `number`
  };
  Kind kind;
  const char* text = nullptr;
  const char* more = nullptr;
  int number = 0;
};

struct SpawnCase {
  const char* name;
  const char* program;
  std::vector<Setting> settings;
};

// What came of it, by either engine.
struct SpawnOutcome {
  // Of an error.
  int step = -1;
  int code = 0;
  int index = -1;
  std::string text;
  // Of a start.
  std::optional<int> wait_status;
  std::string out;
  std::string err;
  friend bool operator==(const SpawnOutcome&, const SpawnOutcome&) = default;
};

std::span<const SpawnCase> spawn_cases();

// By Command::output() and by sysfd_command_output().
SpawnOutcome run_in_cpp(const SpawnCase& it);
SpawnOutcome run_in_c(const SpawnCase& it);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_CAPI_SPAWN_CASES_HPP
