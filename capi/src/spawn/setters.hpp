// SPDX-License-Identifier: MIT
//
// What all setters of a command share.
#ifndef SYSFD_CAPI_SPAWN_SETTERS_HPP
#define SYSFD_CAPI_SPAWN_SETTERS_HPP
#include <cstddef>
#include <utility>
#include <vector>

#include "objects.hpp"

namespace sysfd_c {

// Sets something by `set_it`, unless there is an `error` (an errno value). The first error stays
// with the command.
template <class Set>
int set(sysfd_command* command, sysfd::SpawnStep step, int error, Set set_it) {
  if (!command || !command->command) return -EINVAL;
  if (error == 0) {
    error = -without_exceptions([&] {
      set_it(*command->command);
      return 0;
    });
  }
  if (error != 0 && !command->fault) command->fault = Fault{step, error};
  return -error;
}

template <class Set>
int set_borrowed(sysfd_command* command, sysfd::SpawnStep step, int fd, Set set_it) {
  return set(command, step, fd < 0 ? EBADF : 0,
             [&](sysfd::Command& into) { set_it(into, lent(fd)); });
}

template <class Set>
int set_taken(sysfd_command* command, sysfd::SpawnStep step, int fd, Set set_it) {
  auto owned = taken(fd);
  return set(command, step, owned ? 0 : EBADF,
             [&](sysfd::Command& into) { set_it(into, *std::move(owned)); });
}

// A list of strings that ends with a null pointer, as a range.
class Strings {
 public:
  explicit Strings(const char* const* begin) noexcept : begin_(begin), end_(begin) {
    while (*end_)
      ++end_;
  }
  const char* const* begin() const noexcept { return begin_; }
  const char* const* end() const noexcept { return end_; }

 private:
  const char* const* begin_;
  const char* const* end_;
};

template <class To = int, class From>
std::vector<To> list(const From* values, std::size_t count) {
  return std::vector<To>(values, values + count);
}

inline sysfd::Timeout default_grace() noexcept {
  return std::chrono::seconds(5);
}
// 0 or -errno.
inline int read_drop_policy(int policy, const sysfd_timeout* grace,
                            sysfd::Timeout& limit) noexcept {
  static_assert(SYSFD_DROP_TERMINATE == static_cast<int>(sysfd::DropPolicy::terminate) &&
                SYSFD_DROP_WAIT == static_cast<int>(sysfd::DropPolicy::wait) &&
                SYSFD_DROP_DETACH == static_cast<int>(sysfd::DropPolicy::detach));
  if (policy < SYSFD_DROP_KILL || policy > SYSFD_DROP_DETACH) return -EINVAL;
  return read_timeout(grace, limit);
}

}  // namespace sysfd_c

#endif  // SYSFD_CAPI_SPAWN_SETTERS_HPP
