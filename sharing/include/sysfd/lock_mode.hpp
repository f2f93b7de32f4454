// SPDX-License-Identifier: MIT
//
// The two modes of a lock: see <sysfd/description_lock.hpp> and <sysfd/flock_lock.hpp>.
#ifndef SYSFD_LOCK_MODE_HPP
#define SYSFD_LOCK_MODE_HPP

namespace sysfd {
inline namespace v0 {

enum class LockMode {
  shared,     // other guards may hold it shared at the same time, none exclusive
  exclusive,  // no other guard holds it
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LOCK_MODE_HPP
