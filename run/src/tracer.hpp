// SPDX-License-Identifier: MIT
//
// Follows the program and all that it starts with ptrace(2), and notes the system calls that fail
// with EACCES. Needs no privilege: they are descendants of this process.
#ifndef SYSFD_RUN_TRACER_HPP
#define SYSFD_RUN_TRACER_HPP

#include <sys/types.h>

#include <map>
#include <optional>

#include <sysfd/child.hpp>

#include "checked.hpp"
#include "why.hpp"

namespace sysfd_run {

// What the program of a traced run is started by: this program, called with these arguments. It
// stops until the tracer is there, and then executes the other one.
inline constexpr const char* traced_start = "--traced-start";
[[noreturn]] void start_traced(char** argv);

class Tracer {
 public:
  Tracer(const sysfd::Child& child, Denials& denials) : child_(child), denials_(denials) {}

  Checked<> attach();
  // After a SIGCHLD: handles all that has stopped or ended. The end of the program itself is left
  // to the Child, if this process is its parent.
  void handle_stops();
  // Leaves those alone that still run. What does not stop for that in a tenth of a second is left
  // alone by a later handle_stops().
  void detach();

 private:
  // The system call that a process is in.
  using Entered = std::optional<RefusedSystemCall>;

  bool handle_one(pid_t process, Entered& entered);
  void handle_stop(pid_t process, int status, Entered& entered);
  void note_new(pid_t process);
  void leave(pid_t process, int signo, int event);
  void note_system_call(pid_t process, Entered& entered);

  const sysfd::Child& child_;
  Denials& denials_;
  bool is_started_ = false;
  bool is_leaving_ = false;
  std::map<pid_t, Entered> traced_;
};

}  // namespace sysfd_run

#endif  // SYSFD_RUN_TRACER_HPP
