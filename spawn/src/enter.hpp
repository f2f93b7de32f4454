// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_ENTER_HPP
#define SYSFD_SPAWN_SRC_ENTER_HPP

#include <sys/types.h>

#include <cstdint>
#include <memory>

#include <sysfd/namespace_set.hpp>
#include <sysfd/result.hpp>

#include "job.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// What a child is from its first moment.
struct Birth {
  NamespaceSet namespaces{};  // new ones
  int cgroup = -1;            // the descriptor of a directory; -1: that of the parent
  // Where the kernel can (Linux 7.1), and the caller may:
  bool reaps_itself = false;
  bool killed_with_parent = false;
  bool no_new_privileges = false;  // for the one before, which may need it

  // Set by enter_child: the way that was taken.
  bool by_clone3 = false;
};

// Makes the child and has it run the job. Returns when the child has left this memory: it executes
// the program, or has ended. The answer is its number, and job.pidfd refers to it. All signals are
// to be blocked. Uses clone3(2), or clone(2) with the same flags where clone3 is refused and clone
// can do the same; never anything that copies this process. Of `birth`, reaps_itself and
// killed_with_parent say afterwards whether it is so.
Result<pid_t> enter_child(Job& job, Birth& birth) noexcept;

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
