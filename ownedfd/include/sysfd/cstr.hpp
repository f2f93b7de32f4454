// SPDX-License-Identifier: MIT
//
// A parameter type for system calls that take a NUL-terminated string: paths, names, arguments. It
// accepts a string literal, a std::string, a std::filesystem::path, and anything alike, without a
// copy.
//
//     sysfd::open(sysfd::cwd(), "/etc/hosts", O_RDONLY);
//     sysfd::open(sysfd::cwd(), std::filesystem::path("/etc") / "hosts", O_RDONLY);
//
// A string that knows its length and has a NUL inside is not cut off there: the function that gets
// it fails with EINVAL.
#ifndef SYSFD_CSTR_HPP
#define SYSFD_CSTR_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <cstddef>
#include <cstring>

#include <sysfd/attributes.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

template <class S>
concept SizedString = requires(const S& s) {
  { s.c_str() } -> std::same_as<const char*>;
  { s.size() } -> std::convertible_to<std::size_t>;
};

template <class S>
concept PathString = requires(const S& s) {
  { s.native() } -> SizedString;
};

}  // namespace detail

// Does not own the string; lives no longer than it. Meant for parameters only.
class SYSFD_POINTER CStr {
 public:
  // A null pointer is not a string: the function that gets it fails with EINVAL.
  CStr(const char* string SYSFD_LIFETIMEBOUND) noexcept : string_(string) {}
  CStr(std::nullptr_t) = delete;

  template <class S>
    requires(detail::SizedString<S> || detail::PathString<S>)
  CStr(const S& string SYSFD_LIFETIMEBOUND) noexcept : string_(string_of(string)) {}

  // The string, or a null pointer where there is no string that a system call could be given.
  const char* get() const noexcept { return string_; }

 private:
  template <class S>
  static const char* string_of(const S& string) noexcept {
    if constexpr (detail::SizedString<S>)
      return std::memchr(string.c_str(), '\0', string.size()) ? nullptr : string.c_str();
    else
      return string_of(string.native());
  }

  const char* string_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CSTR_HPP
