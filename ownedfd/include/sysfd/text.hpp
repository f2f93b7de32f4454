// SPDX-License-Identifier: MIT
//
// A parameter type for strings that a function copies: arguments, names and values of environment
// variables, paths. It accepts a string literal, a std::string, a std::string_view, a
// std::filesystem::path and similar types. With a null pointer, or a string that contains a NUL,
// the function that receives it fails with EINVAL.
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

// A type that refers to characters or bytes and may die before them: std::string_view, std::span,
// a pointer.
template <class T>
inline constexpr bool is_view = std::ranges::enable_borrowed_range<T> || std::is_pointer_v<T>;

// Classes only: a pointer has its own constructor, and an array converts to a pointer.
template <class S>
concept TextLike =
    std::is_class_v<S> && !std::same_as<S, Text> && !std::same_as<S, CStr> &&
    (std::convertible_to<const S&, std::string_view> || SizedString<S> || PathString<S>);

}  // namespace detail

// Refers to the string and must not outlive it. Meant for parameters only.
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
    requires(!detail::is_view<S>)
  Text(const S& string SYSFD_LIFETIMEBOUND) noexcept : Text(view_of(string), Whole()) {}
  template <detail::TextLike S>
    requires detail::is_view<S>
  Text(const S& string) noexcept : Text(view_of(string), Whole()) {}

  // The whole string, with any NUL inside. Empty for a null pointer.
  std::string_view view() const noexcept { return text_; }

  // Describes why this cannot be passed to a system call. Null if it can.
  const char* fault() const noexcept { return fault_; }

 private:
  struct Whole {};  // tells the constructor from the others
  Text(std::string_view text, Whole) noexcept
      : text_(text),
        fault_(text_.find('\0') == text_.npos ? nullptr : "a string with a NUL inside") {}
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
