// SPDX-License-Identifier: MIT
//
// What the parent prepares and the child carries out. The child shares the parent's memory: it
// reads the job, and reports in it.
#ifndef SYSFD_SPAWN_SRC_JOB_HPP
#define SYSFD_SPAWN_SRC_JOB_HPP

#include <cstddef>
#include <cstdint>

#include <sysfd/spawn_error.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// One change of the child's descriptor table; see fd_plan.hpp for how a list of them comes about.
struct FdAction {
  enum class Kind {
    duplicate,  // dup3(source, target)
    save,       // the same, close-on-exec: puts a descriptor aside that is about to be overwritten
    keep,       // target is in its place already, and shall not be closed by exec
    open_null,  // opens /dev/null as target
  };
  Kind kind;
  int source;
  int target;
  SpawnStep step;  // whose fault it is if this fails
  int index;
};

struct Job {
  enum class Progress {
    not_started,  // the child has not run, or its memory is not this one
    started,
    failed,     // see failed_step and what follows it
    executing,  // only execve is left: if the child is gone from this memory now, it succeeded
  };

  // Set by the parent, only read by the child.
  unsigned first_unneeded = 0;   // no descriptor with this number or a higher one is needed
  bool shares_table = false;     // CLONE_FILES: the descriptor table is the parent's own
  bool resets_handlers = false;  // no CLONE_CLEAR_SIGHAND: the signal handlers are the parent's
  const char* directory = nullptr;
  int directory_fd = -1;
  const FdAction* actions = nullptr;
  std::size_t action_count = 0;
  std::uint64_t signal_mask = 0;  // one bit a signal, as rt_sigprocmask(2) has it
  // The paths to try, one behind the other, each with its NUL; an empty one ends the list.
  const char* candidates = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;

  // Set by the kernel before the child runs, in the parent's memory: a child that does not see it
  // does not share that memory.
  int pidfd = -1;

  // Set by the child, only read by the parent, after the child has left this memory.
  Progress progress = Progress::not_started;
  SpawnStep failed_step{};
  int error = 0;
  int index = -1;
  const char* path = nullptr;  // the candidate that execve(2) failed for, where it was one
};

// The child's life from clone to exec; `prepared` is a Job. In a file of its own, which is compiled apart:
// it uses nothing but raw system calls.
[[noreturn]] void run_child(void* prepared) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_JOB_HPP
