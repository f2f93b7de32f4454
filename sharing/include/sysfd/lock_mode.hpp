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
  shared = 0,     // others may hold it shared at the same time, but not exclusive
  exclusive = 1,  // nobody else holds it
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LOCK_MODE_HPP
