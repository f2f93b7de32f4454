// SPDX-License-Identifier: MIT
//
// The rule for what counts as a refusal of a system call. Not for users.
#ifndef SYSFD_DETAIL_REFUSAL_HPP
#define SYSFD_DETAIL_REFUSAL_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Whether `answer`, as system_call() gives it, may come from a seccomp filter or a security module
// that does not know this call, or not this argument of it: filters answer ENOSYS, EPERM or EACCES.
// An older call with the same guarantee is tried then. Filters are per thread: no refusal is
// remembered. EPERM and EACCES may be the kernel's own answer, which the older call then gives too;
// where it would do more than that, the caller has to tell one from the other.
SYSFD_ALWAYS_INLINE bool is_refusal(long answer) noexcept {
  return answer == -ENOSYS || answer == -EPERM || answer == -EACCES;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_REFUSAL_HPP
