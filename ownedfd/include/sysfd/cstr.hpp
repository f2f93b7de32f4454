// SPDX-License-Identifier: MIT
//
// A parameter type for system calls that take a NUL-terminated string, such as a path or a name. It
// accepts a string literal, a std::string, a std::filesystem::path and similar types, without a
// copy.
//
//     auto a = sysfd::open(sysfd::cwd(), "/etc/hosts", O_RDONLY);
//     auto b = sysfd::open(sysfd::cwd(), std::string("/etc/") + "hosts", O_RDONLY);
//     use(a, b);
//
// A string of known length that contains a NUL is not cut off there: the function that receives it
// fails with EINVAL.
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

// Refers to the string and must not outlive it. Meant for parameters only.
class SYSFD_POINTER CStr {
 public:
  // With a null pointer, the function that receives this fails with EINVAL.
  CStr(const char* string SYSFD_LIFETIMEBOUND) noexcept : string_(string) {}
  CStr(std::nullptr_t) = delete;

  template <class S>
    requires(detail::SizedString<S> || detail::PathString<S>)
  CStr(const S& string SYSFD_LIFETIMEBOUND) noexcept : string_(string_of(string)) {}

  // The string. Null if it was null or contains a NUL.
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
