// SPDX-License-Identifier: MIT
//
// The two modes of a lock: see <sysfd/description_lock.hpp> and <sysfd/flock_lock.hpp>.
#ifndef SYSFD_LOCK_MODE_HPP
#define SYSFD_LOCK_MODE_HPP
#include <sysfd/detail/cxx23.hpp>

namespace sysfd {
inline namespace v0 {

// The values are fixed: they may be stored and sent. New ones are appended.
enum class LockMode {
  shared = 0,     // other guards may hold it shared at the same time, none exclusive
  exclusive = 1,  // no other guard holds it
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LOCK_MODE_HPP
