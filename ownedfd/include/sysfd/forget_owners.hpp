// SPDX-License-Identifier: MIT
//
// For a process that fork(2) made, that executes no program, and that has closed the descriptors of
// the owners that were copied, for example with closefrom(3). It gets the same numbers again, and
// with SYSFD_TRACK_OWNERSHIP they would have two owners. Without that option, forget_owners() does
// nothing. Either way, the copied owners may not be used or destroyed: end such a process with
// _exit(2).
#ifndef SYSFD_FORGET_OWNERS_HPP
#define SYSFD_FORGET_OWNERS_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sysfd/attributes.hpp>
#include <sysfd/detail/ownership.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

SYSFD_API void clear_owner_table() noexcept;

}  // namespace detail

// From here on no number has an owner, as far as the table knows. Async-signal-safe. Not for
// processes with other threads that use owners.
inline void forget_owners() noexcept {
  if constexpr (detail::tracks_ownership) detail::clear_owner_table();
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_FORGET_OWNERS_HPP
