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

#include <concepts>
#include <expected>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace sysfd {
inline namespace v0 {

template <class T = void>
using Result = std::expected<T, std::error_code>;

namespace detail {

// An error that names what failed: SpawnError, ListenError.
template <class Error>
concept DescribesItself = requires(const Error& error) {
  { error.code } -> std::convertible_to<std::error_code>;
  { error.describe() } -> std::convertible_to<std::string>;
};

// What std::expected::value() throws of such an error: std::bad_expected_access is specialized as
// this, so that what() is the error's description.
template <class Error>
class DescribedAccess : public std::bad_expected_access<void> {
 public:
  explicit DescribedAccess(Error error) : error_(std::move(error)), text_(error_.describe()) {}

  const char* what() const noexcept override { return text_.c_str(); }
  Error& error() & noexcept { return error_; }
  const Error& error() const& noexcept { return error_; }
  Error&& error() && noexcept { return std::move(error_); }
  const Error&& error() const&& noexcept { return std::move(error_); }

 private:
  Error error_;
  std::string text_;
};

}  // namespace detail

#if defined(__cpp_exceptions)
namespace detail {

// what() is the description alone: std::system_error would append the text of the code once more.
class DescribedError : public std::system_error {
 public:
  DescribedError(std::error_code code, std::string description)
      : std::system_error(code), description_(std::move(description)) {}
  const char* what() const noexcept override { return description_.c_str(); }

 private:
  std::string description_;
};

}  // namespace detail

// The value of a result, or a std::system_error with its error and `what`.
template <class T>
T or_throw(Result<T> result, const char* what) {
  if (!result) throw std::system_error(result.error(), what);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// The same for a SpawnError or ListenError, which names what failed: what() is its describe().
template <class T, detail::DescribesItself Error>
T or_throw(std::expected<T, Error> result) {
  if (!result) throw detail::DescribedError(result.error().code, result.error().describe());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}
#endif

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_RESULT_HPP
