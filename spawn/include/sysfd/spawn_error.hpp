// SPDX-License-Identifier: MIT
//
// Why a program could not be started: which step failed, with which errno, for which argument.
//
//     auto child = sysfd::Command("/no/such").spawn();
//     if (!child) std::cerr << child.error() << '\n';
//     // exec of "/no/such": No such file or directory
//
// After an error nothing is left: no process, no zombie, no descriptor. What the Command owns, it
// still owns.
#ifndef SYSFD_SPAWN_ERROR_HPP
#define SYSFD_SPAWN_ERROR_HPP
#include <sysfd/detail/cxx23.hpp>

#include <iosfwd>
#include <string>
#include <system_error>

#include <sysfd/attributes.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// In the order in which they are taken. What comes before `clone` happens in this process, the rest
// but `wait` in the child. An `index`, where there is one, counts from 0.
enum class SpawnStep {
  // What is found wrong before there is a child.
  program,      // the program's name: empty, or a NUL inside
  argument,     // `index` counts the calls of arg(), then SpawnChanges::arguments. E2BIG: too long
  environment,  // `index` counts the calls of env() and remove_env(), the entries of environment(),
                // then SpawnChanges::environment; -1: LISTEN_... is set twice, or it is this
                // process's own. E2BIG: too long
  standard_stream,  // `index` is 0, 1 or 2: stdin, stdout, stderr; in the child too
  descriptor,       // `index` counts the calls of pass(), then SpawnChanges::placed; in the child
  listen_fds,       // `index` counts the descriptors; in the child too
  terminal,         // a new pseudo-terminal
  cgroup,           // ENOENT removed, EBUSY frozen, ECANCELED it kills what is born into it, ...
  namespaces,       // new ones: EPERM, ENOSPC a limit of them, ...
  clone,            // EAGAIN: a limit of processes; EMFILE; ENOMEM; EPERM: a seccomp filter
  start,            // ECANCELED: killed on its way to the program; ENOSYS: no memory is shared
  // In the child.
  table,                 // its own descriptor table
  signals,               // handlers, mask; `index`: Signals::to_default, ::ignored, ::unchanged
  session,               // setsid
  process_group,         // setpgid: EPERM it is none of this session, ...
  controlling_terminal,  // TIOCSCTTY
  foreground_group,      // TIOCSPGRP
  user_map,              // of the new user namespace; ECANCELED: who writes it was killed
  group_map,
  dumpable,        // to make memory undumpable that is shared with a child of less power
  join_namespace,  // `index` counts Namespaces::join
  mounts,          // to make them private
  host_name,
  limit,  // `index` counts Resources::limits
  umask,
  nice,
  scheduler,
  processors,
  io_priority,
  oom_score_adjust,
  timer_slack,
  root_directory,
  working_directory,  // ENOENT, ENOTDIR, EACCES, ...
  bounding_set,       // of capabilities
  groups,
  group,
  user,
  capabilities,
  ambient_set,  // EPERM: not permitted, or not inheritable; EINVAL: no text of Identity::iab
  securebits,
  parent_death,
  no_new_privileges,
  seccomp,  // EACCES: neither no_new_privileges nor CAP_SYS_ADMIN; EINVAL: no valid program
  exec,     // ENOENT, EACCES, ENOEXEC, ETXTBSY; E2BIG: all strings together are too long; ...
  // Of status() only. The program has run, and ended or was killed.
  wait,  // ECHILD: somebody else has reaped it, and this kernel cannot tell what its status was
  // Of a PendingChild only, which goes on.
  confirmation,  // EAGAIN, ETIMEDOUT, ECANCELED: not yet
};

struct SpawnError {
  SpawnStep step;
  std::error_code code;  // an errno value, in std::system_category()
  int index = -1;        // of the argument, as said at the step; otherwise -1
  std::string
      subject;     // that argument: the path, the variable's name, ...; behind a comma, what else
                   // is known of it: the interpreter that is missing, ...
  int stage = -1;  // of a Pipeline, from 0; otherwise -1

  // One sentence for people.
  SYSFD_API std::string describe() const;

  // The code alone: a function that returns a Result<T> can return std::unexpected(this).
  operator std::error_code() const noexcept { return code; }
};

// Writes describe(), to a std::ostream.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& stream,
                                             const SpawnError& error) {
  return stream << error.describe();
}

}  // namespace v0
}  // namespace sysfd

// What std::expected::value() throws: what() is describe().
template <>
class std::bad_expected_access<sysfd::SpawnError>
    : public sysfd::detail::DescribedAccess<sysfd::SpawnError> {
 public:
  using DescribedAccess::DescribedAccess;
};

#endif  // SYSFD_SPAWN_ERROR_HPP
