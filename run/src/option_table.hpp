// SPDX-License-Identifier: MIT
//
// The options of sysfd-run. This table is the only place that lists them: the parser, the keys of
// profiles, --help, the completions of shells, the man page's list and --explain are made from it.
#ifndef SYSFD_RUN_OPTION_TABLE_HPP
#define SYSFD_RUN_OPTION_TABLE_HPP

#include <span>
#include <string_view>

namespace sysfd_run {

enum class Id : unsigned char {
  deadline,
  kill_after,
  signal,
  tree,
  no_tree,
  parent_death,
  limit,
  memory,
  pids,
  cpu,
  nice,
  sched,
  cpus,
  ionice,
  oom_score,
  umask,
  user,
  group,
  groups,
  caps,
  no_new_privs,
  unshare,
  map_root,
  reads,
  writes,
  executes,
  devices,
  startup_files,
  connects,
  binds,
  scope,
  env,
  unset_env,
  clear_env,
  chdir,
  root,
  pass,
  stdin_from,
  stdout_to,
  stderr_to,
  listen,
  nohup,
  session,
  lock,
  lock_shared,
  lock_timeout,
  json,
  profile,
  explain,
  dry_run,
  why,
  completion,
  help,
  version,
};

enum class Section : unsigned char {
  ending,
  resources,
  identity,
  confinement,
  surroundings,
  descriptors,
  lock,
  report,
};

// How often an option counts: as a switch; once, the last one; or each time.
enum class Form : unsigned char { flag, once, many };
// What a shell completes for the argument.
enum class Completes : unsigned char { nothing, file, directory, user, group, signal };

struct Option {
  Id id;
  std::string_view name;
  std::string_view argument;  // what stands for it in --help; empty: a flag
  Form form;
  Section section;
  Completes completes;
  std::string_view text;  // what it does
  std::string_view call;  // of the library, and the system call behind it
};

std::span<const Option> options();
const Option& option_of(Id id);
const Option* find_option(std::string_view name);
std::string_view title_of(Section section);

// The option that was probably meant: one that is spelled alike, or the one that does what an
// option of this name of another tool does. Empty: none.
std::string_view guess_option(std::string_view name);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_OPTION_TABLE_HPP
