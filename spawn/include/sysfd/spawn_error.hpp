// SPDX-License-Identifier: MIT
//
// Why a program could not be started: which step failed, with which errno, for which argument.
//
//     auto child = sysfd::Command("/no/such").spawn();
//     if (!child) std::cerr << child.error().describe() << '\n';
//     // exec of "/no/such": No such file or directory
//
// After an error nothing is left: no process, no zombie, no descriptor. What the Command owns, it
// still owns.
#ifndef SYSFD_SPAWN_ERROR_HPP
#define SYSFD_SPAWN_ERROR_HPP

#include <string>
#include <system_error>

#include <sysfd/attributes.hpp>

namespace sysfd {
inline namespace v0 {

// About in the order in which they are taken. `clone` is where a child comes to be.
enum class SpawnStep {
  program,            // the program's name: empty, or a NUL inside
  argument,           // `index` counts the calls of arg(), from 0
  environment,        // `index` counts the calls of env() and remove_env(), from 0
  standard_stream,    // `index` is 0, 1 or 2: stdin, stdout, stderr
  descriptor,         // `index` counts the calls of pass(), from 0
  clone,              // EAGAIN: a limit of processes; EMFILE; ENOMEM; EPERM: a seccomp filter
  start,              // ECANCELED: killed on its way to the program; ENOSYS: no memory is shared
  table,              // the child's own descriptor table
  signals,            // the child's signal state
  working_directory,  // ENOENT, ENOTDIR, EACCES, ...
  exec,               // ENOENT, EACCES, ENOEXEC, ETXTBSY, E2BIG, ...
};

struct SpawnError {
  SpawnStep step;
  std::error_code code;  // an errno value, in std::system_category()
  int index = -1;        // of the argument, as said at the step; otherwise -1
  std::string subject;   // that argument: the path, the variable's name, ...

  // One sentence for people.
  SYSFD_API std::string describe() const;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_ERROR_HPP
