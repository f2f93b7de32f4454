// SPDX-License-Identifier: MIT
//
// A parameter type for strings that a function copies: arguments, names and values of variables,
// paths. It accepts a string literal, a std::string, a std::string_view, a std::filesystem::path,
// and anything alike. A null pointer, and a string with a NUL inside, are errors of the function
// that gets them: EINVAL.
#ifndef SYSFD_TEXT_HPP
#define SYSFD_TEXT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>

namespace sysfd {
inline namespace v0 {

class Text;

namespace detail {

// Of classes only: a pointer has a constructor of its own, and an array is one.
template <class S>
concept TextLike =
    std::is_class_v<S> && !std::same_as<S, Text> && !std::same_as<S, CStr> &&
    (std::convertible_to<const S&, std::string_view> || SizedString<S> || PathString<S>);

}  // namespace detail

// Does not own the string; lives no longer than it. Meant for parameters only.
class SYSFD_POINTER Text {
 public:
  Text(const char* string SYSFD_LIFETIMEBOUND) noexcept
      : text_(string ? std::string_view(string) : std::string_view()),
        fault_(string ? nullptr : "a null pointer") {}
  Text(std::nullptr_t) = delete;
  Text(CStr string) noexcept
      : text_(string.get() ? std::string_view(string.get()) : std::string_view()),
        fault_(string.get() ? nullptr : "a null pointer, or a string with a NUL inside") {}

  template <detail::TextLike S>
  Text(const S& string SYSFD_LIFETIMEBOUND) noexcept
      : text_(view_of(string)),
        fault_(text_.find('\0') == text_.npos ? nullptr : "a string with a NUL inside") {}

  // All of it, NULs inside included. Empty for a null pointer.
  std::string_view view() const noexcept { return text_; }

  // What it is where it is not a string that a system call can be given, in words. A null pointer
  // where it is one.
  const char* fault() const noexcept { return fault_; }

 private:
  template <class S>
  static std::string_view view_of(const S& string) noexcept {
    if constexpr (std::convertible_to<const S&, std::string_view>)
      return string;
    else if constexpr (detail::SizedString<S>)
      return {string.c_str(), static_cast<std::size_t>(string.size())};
    else
      return view_of(string.native());
  }

  std::string_view text_;
  const char* fault_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_TEXT_HPP
