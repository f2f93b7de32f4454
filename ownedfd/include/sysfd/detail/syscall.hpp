// SPDX-License-Identifier: MIT
//
// Turns the result of a system call into a Result; every module of sysfd uses this. Not for users.
#ifndef SYSFD_DETAIL_SYSCALL_HPP
#define SYSFD_DETAIL_SYSCALL_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cerrno>
#include <expected>
#include <system_error>

namespace sysfd {
inline namespace v0 {
namespace detail {

inline std::error_code error_code(int errno_value) noexcept {
  return {errno_value, std::system_category()};
}

// Returns the error for a Result.
inline std::unexpected<std::error_code> failure(int errno_value) noexcept {
  return std::unexpected(error_code(errno_value));
}

inline std::unexpected<std::error_code> last_error() noexcept {
  return failure(errno);
}

// True if something has run out, which says nothing about what the call was for.
inline bool is_shortage(std::error_code code) noexcept {
  return code == error_code(EMFILE) || code == error_code(ENFILE) || code == error_code(ENOMEM);
}

// Returns the result of a libc function in the form that system_call() has.
inline long to_answer(int returned) noexcept {
  return returned == -1 ? -errno : returned;
}

// Repeats a call while it fails with EINTR. Never for close(2).
template <class Call>
auto retry_eintr(Call call) noexcept {
  auto returned = call();
  while (returned == -1 && errno == EINTR)
    returned = call();
  return returned;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_SYSCALL_HPP
