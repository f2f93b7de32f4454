// SPDX-License-Identifier: MIT
//
// What the parent prepares and the child carries out. The child shares the parent's memory, or if
// it gets a copy, a page with these: it reads its arguments, and reports in them.
#ifndef SYSFD_SPAWN_SRC_IN_CHILD_CHILD_ARGS_HPP
#define SYSFD_SPAWN_SRC_IN_CHILD_CHILD_ARGS_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <sysfd/spawn_error.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// One thing that the child does between having its own descriptor table and executing the program:
// a system call with its arguments, or, where more than that is needed, an action of run_child.cpp.
struct Step {
  enum Action : long {
    open_null = -1,        // opens /dev/null as descriptor a, with the flags b
    write_proc = -2,       // writes b, of c bytes, to the file a below /proc
    take_foreground = -3,  // makes its group the foreground one of the terminal a
    // Sets signal a. The parent has number b or, if it can have none here, pidfd c. Not if d and
    // the kernel kills the child with its parent.
    set_parent_death = -4,
    await_id_maps = -5,        // has the IdMaps a written
    enable_capabilities = -6,  // all that are permitted; b inheritable if a
    write_listen_pid = -7,     // its number into a; its identity into b, or no variable c
    join_cgroup = -8,          // the one of the directory a
    make_undumpable = -9,      // this memory, see ScopedDumpable
    // Leaves descriptor a as it is; where exec would leave it closed, as open_null.
    keep_or_open_null = -10,
    take_stop_signals = -11,  // see ChildArgs::stop_signals
    set_to_default = -12,     // the signals a, one bit each
    close_at_exec = -13,      // the descriptor a, if it is open
  };
  long call;  // the number of a system call, or an Action
  long a, b, c, d, e;
  SpawnStep step;  // the step to report on failure
  int index;       // which of the things that are configured there, or -1
};

// Both ends included.
struct FdRange {
  unsigned first;
  unsigned last;
};

struct ChildArgs {
  enum class Progress {
    not_started,  // the child has not run, or its memory is not this one
    started,
    failed,     // see failed_step and what follows it
    executing,  // only execve is left: if the child is gone from this memory now, it succeeded
  };

  // What close_range(CLOSE_RANGE_UNSHARE) made of the table (see child_table.hpp).
  enum class TableCopy { not_checked, sound, faulty };

  static constexpr int number_unknown = -1;

  // Set by the parent, only read by the child.
  unsigned first_unneeded = 0;    // no descriptor with this number or a higher one is needed
  bool inherits = false;          // but all that are not close-on-exec are wanted
  const FdRange* gaps = nullptr;  // nor one of these, below it
  std::size_t gap_count = 0;
  bool needs_until_exec = false;  // the program is not to have all that is left below it
  bool suspends_parent = false;   // CLONE_VFORK
  bool shares_table = false;      // CLONE_FILES: the descriptor table is the parent's own
  // The child checks whether the kernel copied the table rightly if its pidfd has this number or a
  // higher one. `copies_wrongly`: this kernel does not.
  unsigned checks_copy_from = ~0U;
  bool copies_wrongly = false;
  bool resets_handlers = false;     // no CLONE_CLEAR_SIGHAND: the signal handlers are the parent's
  bool killed_with_parent = false;  // CLONE_PIDFD_AUTOKILL
  const Step* steps = nullptr;
  std::size_t step_count = 0;
  std::uint64_t signal_mask = 0;  // one bit a signal, as rt_sigprocmask(2) has it
  bool is_filtered = false;       // a seccomp program is the last of the steps
  // The program: a descriptor, or the paths to try, one behind the other, each with its NUL; an
  // empty one ends the list.
  int program = -1;
  int busy_retries = 0;  // how often to try again while it is open for writing
  const char* candidates = nullptr;
  char* const* arguments = nullptr;
  // For /bin/sh, if a candidate is no program that the kernel can execute (ENOEXEC): the child puts
  // the candidate in as the second one. Null: no shell.
  char** shell_arguments = nullptr;
  char* const* environment = nullptr;

  // Set by the kernel before the child runs, in the parent's memory: a child that does not see it
  // does not share that memory.
  int pidfd = -1;
  // Set by the kernel when there is a child, if who clones it may be killed before it can say so: a
  // pidfd is written before the kernel knows whether there will be one. clone(2) cannot tell both.
  int number = number_unknown;

  // Set by the child, only read by the parent, after the child has left this memory.
  Progress progress = Progress::not_started;
  bool table_was_copied = false;  // close_range was refused
  bool made_undumpable = false;   // the memory, which was dumpable before
  TableCopy table_copy = TableCopy::not_checked;
  // Those of SIGTSTP, SIGTTIN and SIGTTOU that came for the child before it executed, one bit each.
  // It does not stop for them, since the suspended parent could not stop then: the parent sends
  // them to the program.
  std::uint64_t stop_signals = 0;
  // The process group that was in the foreground of a terminal before the child's own, or 0.
  int former_foreground = 0;
  int terminal = -1;  // that terminal, in the child
  int times_busy = 0;
  SpawnStep failed_step{};
  long error = 0;  // -errno
  int index = -1;
  const char* path = nullptr;  // the candidate that execve(2) failed for, if it was one
};

// The maps of a new user namespace, which a second child writes, one in the parent's namespaces:
// the first one may not, and the parent is suspended.
struct IdMaps {
  enum Wanted : int { undecided, wanted, unwanted };

  // Set by the parent. Texts for /proc/<pid>/uid_map and gid_map, or none.
  const char* users = nullptr;
  std::size_t users_size = 0;
  const char* groups = nullptr;
  std::size_t groups_size = 0;
  int parent = 0;  // its number

  char process[16] = {};      // set by the child: what /proc/self leads to
  int is_wanted = undecided;  // set by the child or by the parent. A futex
  int writer_lives = 1;       // cleared by the kernel when the writer ends. A futex
  int writer = -1;            // its number; set by the parent, and -1 again once it is reaped
  // How far the writer has come, also if it is gone before it is done.
  SpawnStep failed_step = SpawnStep::user_map;
  long error = -ECANCELED;  // 0: written
};

// The arguments of clone_and_run().
struct CloneCall {
  long number;  // of the system call: clone3 or clone
  long a, b, c, child_tid;
};

// A clone that another process is to make, so that the child is that one's and, when that one has
// ended, an orphan.
struct OrphanClone {
  CloneCall call;
  ChildArgs* args;
  long answer = -ECANCELED;  // of the system call; unchanged if the process was killed before
};

// The life of the process that makes it; `pointer` is to an OrphanClone.
[[noreturn]] void make_orphan(void* pointer) noexcept;
// The child's life from clone to exec; `pointer` is to a ChildArgs. Each of these is in a file of
// its own, which is compiled apart: it uses nothing but raw system calls.
[[noreturn]] void run_child(void* pointer) noexcept;
// The same in the calling process itself. Returns after a failure only.
void run_in_place(ChildArgs& args) noexcept;
// The life of the writer; `pointer` is to an IdMaps.
[[noreturn]] void write_id_maps(void* pointer) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_IN_CHILD_CHILD_ARGS_HPP
