// SPDX-License-Identifier: MIT
//
// How functions of sysfd answer: a value, or the error of the system call that failed. Nothing in
// sysfd throws.
//
//     sysfd::Result<sysfd::OwnedFd> log = sysfd::open(sysfd::cwd(), "log", O_WRONLY | O_APPEND);
//     if (!log && log.error() == std::errc::permission_denied) ...
//     sysfd::OwnedFd file = sysfd::or_throw(std::move(log), "open log");   // or std::system_error
//
// The error is an errno value in std::system_category(). It compares with std::errc and prints with
// message().
#ifndef SYSFD_RESULT_HPP
#define SYSFD_RESULT_HPP

#include <expected>
#include <system_error>
#include <type_traits>
#include <utility>

namespace sysfd {
inline namespace v0 {

template <class T = void>
using Result = std::expected<T, std::error_code>;

#if defined(__cpp_exceptions)
// The value of a result, or a std::system_error with its error and `what`.
template <class T>
T or_throw(Result<T> result, const char* what) {
  if (!result) throw std::system_error(result.error(), what);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}
#endif

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_RESULT_HPP
