// SPDX-License-Identifier: MIT
//
// Why a program could not be started: which step failed, with which errno, for which argument.
//
//     auto child = sysfd::Command("/no/such").spawn();
//     if (!child) return fail(child.error().describe());
//     // exec of "/no/such": No such file or directory
//
// After an error there is no process, no zombie and no new descriptor. The Command still owns its
// descriptors.
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

// The steps, in their order but for the last. The values are fixed; new ones are appended. Those
// before `clone` happen in the caller; all others, except `wait`, in the child. An `index`, if
// there is one, counts from 0.
enum class SpawnStep {
  // Found before there is a child.
  program,      // the program's name is empty, or contains a NUL
  argument,     // `index` counts the calls of arg(), then SpawnChanges::arguments. E2BIG: too long
  environment,  // `index` counts the calls of env() and remove_env(), the entries of environment(),
                // then SpawnChanges::environment; -1: LISTEN_... is set twice, or the
                // variable is inherited from the caller. E2BIG: too long
  standard_stream,  // `index` is 0, 1 or 2: stdin, stdout, stderr; in the child too
  descriptor,       // `index` counts the calls of pass(), then SpawnChanges::placed; in the child
  listen_fds,       // `index` counts the descriptors; in the child too
  terminal,         // a new pseudo-terminal
  cgroup,           // ENOENT: removed; EBUSY: frozen; ECANCELED: it kills its new processes; ...
  namespaces,       // new ones: EPERM; ENOSPC: a limit on their number; ...
  clone,            // EAGAIN: a limit on processes; EMFILE; ENOMEM; EPERM: a seccomp filter
  start,            // ECANCELED: killed before exec; ENOSYS: memory is not shared
  // In the child.
  table,                 // its own descriptor table
  signals,               // handlers, mask; `index`: Signals::to_default, ::ignored, ::unchanged
  session,               // setsid
  process_group,         // setpgid. EPERM: the group is not of this session; ...
  controlling_terminal,  // TIOCSCTTY
  foreground_group,      // TIOCSPGRP
  user_map,  // of the new user namespace. ECANCELED: the helper that writes it was killed
  group_map,
  dumpable,        // makes memory undumpable that is shared with a child of fewer privileges
  join_namespace,  // `index` counts Namespaces::join
  mounts,          // makes them private
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
  ambient_set,  // EPERM: not permitted, or not inheritable; EINVAL: Identity::iab is invalid
  securebits,
  parent_death,
  no_new_privileges,
  seccomp,  // EACCES: neither no_new_privileges nor CAP_SYS_ADMIN; EINVAL: an invalid program
  exec,     // ENOENT, EACCES, ENOEXEC, ETXTBSY; E2BIG: all strings together are too long; ...
  // Only of status(): the program has run, and has ended or was killed.
  wait,  // ECHILD: it was reaped elsewhere, and this kernel cannot tell its status
  // Only of a PendingChild, which goes on.
  confirmation,  // EAGAIN, ETIMEDOUT, ECANCELED: not settled yet
  // In the child, between no_new_privileges and seccomp. EBADFD: not a ruleset; E2BIG; ...
  landlock,
  // Of Command::contain(): the keeper of the tree, before and after the child's own steps.
  containment,
};

struct SpawnError {
  SpawnStep step;
  std::error_code code;  // an errno value, in std::system_category()
  int index = -1;        // of the argument, see the step; otherwise -1
  // The argument: the path, the variable's name, ...; after a comma, more about it: the interpreter
  // that is missing, ...
  std::string subject;
  int stage = -1;  // of a Pipeline, from 0; otherwise -1

  // The error as one sentence.
  SYSFD_API std::string describe() const;

  // The code alone: a function that returns a Result<T> can return std::unexpected(error).
  operator std::error_code() const noexcept { return code; }
};

// Writes describe() to a std::ostream.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& stream,
                                             const SpawnError& error) {
  return stream << error.describe();
}

}  // namespace v0
}  // namespace sysfd

// The exception of std::expected::value(): its what() is describe().
template <>
class std::bad_expected_access<sysfd::SpawnError>
    : public sysfd::detail::DescribedAccess<sysfd::SpawnError> {
 public:
  using DescribedAccess::DescribedAccess;
};

#endif  // SYSFD_SPAWN_ERROR_HPP
