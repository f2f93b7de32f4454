// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_DUMPABLE_KEPT_HPP
#define SYSFD_SPAWN_SRC_DUMPABLE_KEPT_HPP

#include <sys/prctl.h>

#include <mutex>

namespace sysfd {
inline namespace v0 {
namespace detail {

// A child that gives up power in memory that it shares with its parent makes that memory undumpable
// first (Step::make_undumpable): who has as little power as the child must not get at the parent
// through it. That also means no core dumps, no debugger, and /proc/self is root's, for the parent as
// well. This puts it back as it was when the last of several such children at a time has left.
class DumpableKept {
 public:
  explicit DumpableKept(bool is_needed) : is_needed_(is_needed) {
    if (!is_needed_) return;
    const std::lock_guard lock(mutex);
    if (users++ == 0) before = ::prctl(PR_GET_DUMPABLE);
  }
  ~DumpableKept() {
    if (!is_needed_) return;
    const std::lock_guard lock(mutex);
    if (--users > 0) return;
    if (::prctl(PR_GET_DUMPABLE) != before) ::prctl(PR_SET_DUMPABLE, before);
  }
  DumpableKept(const DumpableKept&) = delete;
  DumpableKept& operator=(const DumpableKept&) = delete;

 private:
  static inline std::mutex mutex;
  static inline int users = 0;
  static inline int before = 0;
  bool is_needed_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_DUMPABLE_KEPT_HPP
