// SPDX-License-Identifier: MIT
#include <sysfd/description_lock.hpp>
#include <sysfd/flock_lock.hpp>

#include <optional>

#include "convert.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::DescriptionLock;
using sysfd::FlockLock;
using sysfd::LockMode;
using sysfd::LockRange;

struct sysfd_description_lock {
  std::optional<DescriptionLock> lock;  // nothing when it was unlocked or released
};

struct sysfd_flock_lock {
  std::optional<FlockLock> lock;
};

namespace {

static_assert(SYSFD_LOCK_SHARED == static_cast<int>(LockMode::shared) &&
              SYSFD_LOCK_EXCLUSIVE == static_cast<int>(LockMode::exclusive));

bool is_mode(int mode) noexcept {
  return mode == SYSFD_LOCK_SHARED || mode == SYSFD_LOCK_EXCLUSIVE;
}

int read_range(const sysfd_lock_range* given, LockRange& range) noexcept {
  if (!given) return 0;
  sysfd_lock_range read = SYSFD_LOCK_RANGE_INIT;
  if (const int error = read_struct(given, read); error != 0) return error;
  if (read.reserved != 0) return -EINVAL;
  range = {read.start, read.length};
  return 0;
}

// Makes an object of the lock that `acquire` returns, called with the mode.
template <class Object, class Acquire>
int make_lock(int mode, Object** lock, Acquire acquire) {
  if (!lock || !is_mode(mode)) return -EINVAL;
  return make_from(lock, acquire(static_cast<LockMode>(mode)));
}
template <class Acquire>
int make_lock(int mode, const sysfd_lock_range* given, sysfd_description_lock** lock,
              Acquire acquire) {
  LockRange range;
  if (const int error = read_range(given, range); error != 0) return error;
  return make_lock(mode, lock, [&](LockMode it) { return acquire(it, range); });
}

// Calls `body` with the lock, if it is there.
template <class Object, class Body>
int with(Object* object, Body body) noexcept {
  return object && object->lock ? code_of(body(*object->lock)) : -EINVAL;
}
template <class Object>
int try_upgrade_for(Object* object, const sysfd_timeout* timeout) noexcept {
  auto limit = sysfd::Timeout::forever();
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return with(object, [&](auto& lock) { return lock.try_upgrade_for(limit); });
}
template <class Object>
int mode_of(const Object* object) noexcept {
  return object && object->lock ? static_cast<int>(object->lock->mode()) : -EINVAL;
}
// The lock is gone from the object, also after an error, as in C++.
template <class Object>
int unlock(Object* object) noexcept {
  const int code = with(object, [](auto& lock) { return std::move(lock).unlock(); });
  if (object && object->lock) object->lock.reset();
  return code;
}
template <class Object>
int release(Object* object) noexcept {
  if (!object || !object->lock) return -EINVAL;
  const int fd = (*std::move(object->lock)).release().release();
  object->lock.reset();
  return fd;
}

}  // namespace

int sysfd_description_lock_acquire(int fd, int mode, const sysfd_lock_range* range,
                                   sysfd_description_lock** lock) {
  if (fd < 0) return -EBADF;
  return make_lock(mode, range, lock, [&](LockMode it, LockRange of) {
    return DescriptionLock::acquire(lent(fd), it, of);
  });
}

int sysfd_description_lock_try_acquire(int fd, int mode, const sysfd_lock_range* range,
                                       sysfd_description_lock** lock) {
  if (fd < 0) return -EBADF;
  return make_lock(mode, range, lock, [&](LockMode it, LockRange of) {
    return DescriptionLock::try_acquire(lent(fd), it, of);
  });
}

int sysfd_description_lock_try_acquire_for(int fd, int mode, const sysfd_lock_range* range,
                                           const sysfd_timeout* timeout,
                                           sysfd_description_lock** lock) {
  auto limit = sysfd::Timeout::forever();
  if (fd < 0) return -EBADF;
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return make_lock(mode, range, lock, [&](LockMode it, LockRange of) {
    return DescriptionLock::try_acquire_for(lent(fd), it, limit, of);
  });
}

int sysfd_description_lock_adopt_take(int fd, int mode, const sysfd_lock_range* range,
                                      sysfd_description_lock** lock) {
  auto owned = taken(fd);
  if (!owned) return -EBADF;
  return make_lock(mode, range, lock, [&](LockMode it, LockRange of) {
    return DescriptionLock::adopt(*std::move(owned), it, of);
  });
}

int sysfd_description_lock_upgrade(sysfd_description_lock* lock) {
  return with(lock, [](DescriptionLock& it) { return it.upgrade(); });
}

int sysfd_description_lock_try_upgrade(sysfd_description_lock* lock) {
  return with(lock, [](DescriptionLock& it) { return it.try_upgrade(); });
}

int sysfd_description_lock_try_upgrade_for(sysfd_description_lock* lock,
                                           const sysfd_timeout* timeout) {
  return try_upgrade_for(lock, timeout);
}

int sysfd_description_lock_downgrade(sysfd_description_lock* lock) {
  return with(lock, [](DescriptionLock& it) { return it.downgrade(); });
}

int sysfd_description_lock_mode(const sysfd_description_lock* lock) {
  return mode_of(lock);
}

int sysfd_description_lock_range(const sysfd_description_lock* lock, sysfd_lock_range* range) {
  if (!lock || !lock->lock || check_output(range) != 0) return -EINVAL;
  sysfd_lock_range filled = SYSFD_LOCK_RANGE_INIT;
  filled.start = lock->lock->range().start;
  filled.length = lock->lock->range().length;
  write_struct(range, filled);
  return 0;
}

int sysfd_description_lock_unlock(sysfd_description_lock* lock) {
  return unlock(lock);
}

int sysfd_description_lock_release(sysfd_description_lock* lock) {
  return release(lock);
}

void sysfd_description_lock_free(sysfd_description_lock* lock) {
  delete lock;
}

int sysfd_flock_lock_acquire(int fd, int mode, sysfd_flock_lock** lock) {
  if (fd < 0) return -EBADF;
  return make_lock(mode, lock, [&](LockMode it) { return FlockLock::acquire(lent(fd), it); });
}

int sysfd_flock_lock_try_acquire(int fd, int mode, sysfd_flock_lock** lock) {
  if (fd < 0) return -EBADF;
  return make_lock(mode, lock, [&](LockMode it) { return FlockLock::try_acquire(lent(fd), it); });
}

int sysfd_flock_lock_try_acquire_for(int fd, int mode, const sysfd_timeout* timeout,
                                     sysfd_flock_lock** lock) {
  auto limit = sysfd::Timeout::forever();
  if (fd < 0) return -EBADF;
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return make_lock(mode, lock,
                   [&](LockMode it) { return FlockLock::try_acquire_for(lent(fd), it, limit); });
}

int sysfd_flock_lock_adopt_take(int fd, int mode, sysfd_flock_lock** lock) {
  auto owned = taken(fd);
  if (!owned) return -EBADF;
  return make_lock(mode, lock,
                   [&](LockMode it) { return FlockLock::adopt(*std::move(owned), it); });
}

int sysfd_flock_lock_upgrade(sysfd_flock_lock* lock) {
  return with(lock, [](FlockLock& it) { return it.upgrade(); });
}

int sysfd_flock_lock_try_upgrade(sysfd_flock_lock* lock) {
  return with(lock, [](FlockLock& it) { return it.try_upgrade(); });
}

int sysfd_flock_lock_try_upgrade_for(sysfd_flock_lock* lock, const sysfd_timeout* timeout) {
  return try_upgrade_for(lock, timeout);
}

int sysfd_flock_lock_downgrade(sysfd_flock_lock* lock) {
  return with(lock, [](FlockLock& it) { return it.downgrade(); });
}

int sysfd_flock_lock_is_locked(const sysfd_flock_lock* lock) {
  return lock && lock->lock ? static_cast<int>(lock->lock->is_locked()) : -EINVAL;
}

int sysfd_flock_lock_mode(const sysfd_flock_lock* lock) {
  return mode_of(lock);
}

int sysfd_flock_lock_unlock(sysfd_flock_lock* lock) {
  return unlock(lock);
}

int sysfd_flock_lock_release(sysfd_flock_lock* lock) {
  return release(lock);
}

void sysfd_flock_lock_free(sysfd_flock_lock* lock) {
  delete lock;
}
