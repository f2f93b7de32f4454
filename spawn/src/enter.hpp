// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_ENTER_HPP
#define SYSFD_SPAWN_SRC_ENTER_HPP

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include <sysfd/detail/deadline.hpp>
#include <sysfd/namespace_set.hpp>
#include <sysfd/result.hpp>

#include "job.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// What a child is to be from its first moment.
struct Birth {
  NamespaceSet namespaces{};  // new ones
  int cgroup = -1;            // the descriptor of a directory; -1: that of the parent
  // Where the kernel can (Linux 7.1), and the caller may:
  bool reaps_itself = false;
  bool killed_with_parent = false;
  bool no_new_privileges = false;  // for the one before, which may need it
};

// What it is, and the way that was taken.
struct Entered {
  pid_t pid;
  bool by_clone3;
  bool reaps_itself;
  bool killed_with_parent;
};

// For a child that its parent does not wait for (no CLONE_VFORK). All of this, and the job with all
// that it points to, stays where it is until the child has left this memory.
struct Apart {
  static constexpr std::size_t stack_size = std::size_t{16} * 1024;
  alignas(16) std::byte stack[stack_size];
  // 1 as long as the child is in this memory, then cleared by the kernel, which wakes who waits for
  // it (CLONE_CHILD_CLEARTID). A futex.
  int is_inside = 0;
  // Whether anybody asks for that word. Who waits for the process to end does not need it.
  bool is_watched = true;
  // Whether the child starts with a copy of the descriptor table. Otherwise it makes its own out of
  // the common one in its first system call, which may come late: what is lent to it must stay open
  // so long.
  bool copies_table = false;
  // Whether the parent is suspended all the same (CLONE_VFORK): enter_child() returns when the
  // child has left.
  bool suspends_parent = false;
  // For a child that leaves neither a zombie nor a SIGCHLD here: how to clone it where it cannot
  // reap itself. The child is watched.
  long (*clone_orphan)(Job& job, const Birth& birth, Apart& apart,
                       bool by_clone3) noexcept = nullptr;
};

// Makes the child and has it run the job. Returns when the child has left this memory: it executes
// the program, or has ended; or, with an Apart, at once. job.pidfd refers to it. All signals are to
// be blocked. Uses clone3(2), or clone(2) with the same flags where clone3 is refused and clone can
// do the same; never anything that copies this process. With an Apart: ENOSYS in an emulator that
// would copy it all the same. A child that leaves no zombie needs an Apart that is watched.
// EOPNOTSUPP: no process can be in between, see orphan.cpp.
Result<Entered> enter_child(Job& job, const Birth& birth, Apart* apart = nullptr) noexcept;

// Whether this process runs in such an emulator.
bool is_emulated() noexcept;

// To be called once the child has left this memory, if that was not before enter_child() returned.
void note_departure(const Job& job) noexcept;

// Waits until the child, to which `pidfd` refers, has left this memory. Answers 0, or -errno:
// ETIMEDOUT it has not by then; ECANCELED. The child is watched.
long await_leave(const Apart& apart, int pidfd, const Deadline& deadline) noexcept;

// Waits until the process has ended, whether it is reaped or not. False: it has not by then.
bool await_end(int pidfd, const Deadline& deadline) noexcept;

// The writer of a new user namespace's maps, which lives until they are written, or not wanted.
class IdMapWriter {
 public:
  explicit IdMapWriter(IdMaps& maps) : maps_(maps), stack_(new std::byte[stack_size]) {}
  ~IdMapWriter();
  IdMapWriter(const IdMapWriter&) = delete;
  IdMapWriter& operator=(const IdMapWriter&) = delete;

  // All signals are to be blocked.
  Result<> start() noexcept;

 private:
  static constexpr std::size_t stack_size = std::size_t{16} * 1024;
  IdMaps& maps_;
  std::unique_ptr<std::byte[]> stack_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_ENTER_HPP
