// SPDX-License-Identifier: MIT
//
// Decides which errors count as a refusal of a system call. Not for users.
#ifndef SYSFD_DETAIL_REFUSAL_HPP
#define SYSFD_DETAIL_REFUSAL_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// True if `answer`, as returned by system_call(), may come from a seccomp filter or a security
// module that does not know this call or this argument: they use ENOSYS, EPERM or EACCES.
//
// The caller then tries an older call with the same guarantee. A refusal is not remembered, since
// filters are per thread. EPERM and EACCES may also be the kernel's own answer. The older call then
// fails the same way; if it would succeed where it must not, the caller has to tell the two apart.
SYSFD_ALWAYS_INLINE bool is_refusal(long answer) noexcept {
  return answer == -ENOSYS || answer == -EPERM || answer == -EACCES;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_REFUSAL_HPP
