// SPDX-License-Identifier: MIT
//
// The writer of a new user namespace's maps: a second child that shares the parent's memory and is
// in the parent's namespaces, with a stack of its own. It follows the same rules as run_child.cpp.
#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <ctime>

#include "in_child/child_args.hpp"
#include "in_child/child_proc.hpp"
#include "in_child/child_syscall.hpp"
#include "in_child/kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

char* append(char* end, const char* text) {
  while (*text)
    *end++ = *text++;
  *end = '\0';
  return end;
}

long write_to(const IdMaps& maps, const char* name, const char* text, std::size_t size) {
  char path[64];
  append(append(path, maps.process), name);
  return write_in_proc(path, text, static_cast<long>(size));
}

// Without CAP_SETGID one group can be mapped, if the namespace gives up setgroups(2) for good.
long write_groups(const IdMaps& maps) {
  const long answer = write_to(maps, "/gid_map", maps.groups, maps.groups_size);
  if (answer != -EPERM || write_to(maps, "/setgroups", "deny", 4) < 0) return answer;
  return write_to(maps, "/gid_map", maps.groups, maps.groups_size);
}

// It does not stay behind if nobody is left who would tell it to go: from time to time it looks
// whether its parent is still there. (PR_SET_PDEATHSIG is about the thread that made it, which may
// end while the child goes on.)
void await_decision(const IdMaps& maps, long parent) {
  static constexpr timespec look_after{.tv_sec = 0, .tv_nsec = 100'000'000};
  while (__atomic_load_n(&maps.is_wanted, __ATOMIC_ACQUIRE) == IdMaps::undecided) {
    raw_syscall(SYS_futex, address(&maps.is_wanted), FUTEX_WAIT, IdMaps::undecided,
                address(&look_after));
    if (raw_syscall(SYS_getppid) != parent) exit_quietly();
  }
}

}  // namespace

void write_id_maps(void* pointer) noexcept {
  IdMaps& maps = *static_cast<IdMaps*>(pointer);
  const long parent = raw_syscall(SYS_getppid);  // 0: in another pid namespace
  if (parent != 0 && parent != maps.parent) exit_quietly();
  // It holds none of them, or, where close_range is refused, a copy of each; never the parent's
  // own.
  const bool has_own_table =
      raw_syscall(SYS_close_range, 0, ~0U, kernel::close_range_unshare) == 0 ||
      raw_syscall(SYS_unshare, CLONE_FILES) == 0;
  await_decision(maps, parent);
  if (!has_own_table) {
    maps.error = -EACCES;
    exit_quietly();
  }
  if (maps.is_wanted == IdMaps::wanted) {
    long answer = maps.users ? write_to(maps, "/uid_map", maps.users, maps.users_size) : 0;
    if (answer >= 0 && maps.groups) {
      maps.failed_step = SpawnStep::group_map;
      answer = write_groups(maps);
    }
    maps.error = answer < 0 ? answer : 0;
  }
  exit_quietly();
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
