// SPDX-License-Identifier: MIT
//
// The return type of every function of sysfd that can fail: a value or an error. sysfd throws no
// exceptions.
//
//     sysfd::Result<sysfd::OwnedFd> opened = sysfd::open(sysfd::cwd(), "data", O_RDONLY);
//     if (!opened && opened.error() == std::errc::permission_denied) return fail("not allowed");
//     if (!opened) return fail(opened.error());
//     sysfd::OwnedFd data = *std::move(opened);  // stops the program if there is an error
//     use(data);
//     use(sysfd::open(sysfd::cwd(), "more", O_RDONLY).or_throw("open more"));
//
// If the function is one system call, the error is its errno in std::system_category(): it compares
// with std::errc and prints with message(). Functions that make many calls have an error type of
// their own (SpawnError, ListenError), which converts to std::error_code.
#ifndef SYSFD_RESULT_HPP
#define SYSFD_RESULT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <expected>
#include <iosfwd>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include <sysfd/attributes.hpp>

namespace sysfd {
inline namespace v0 {

template <class T = void, class E = std::error_code>
class Result;

namespace detail {

// An error that describes what failed: SpawnError, ListenError.
template <class Error>
concept DescribesItself =
    std::convertible_to<const Error&, std::error_code> && requires(const Error& error) {
      { error.describe() } -> std::convertible_to<std::string>;
    };

// The exception that std::expected::value() throws for such an error. std::bad_expected_access is
// specialized as this class, so that what() is the error's description.
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

// Stops the program. The message ends with `description` (defaults to the code's message) and the
// name of the errno value.
[[noreturn, gnu::cold]] SYSFD_API void stop_without_value(
    const std::error_code& code, const char* description = nullptr) noexcept;

template <class Error>
[[noreturn, gnu::cold, gnu::noinline]] void stop_without_value(const Error& error) noexcept {
  if constexpr (DescribesItself<Error>)
    stop_without_value(static_cast<std::error_code>(error), error.describe().c_str());
  else
    contract_violation("value of a Result that holds an error");
}

template <class T, class E>
void takes_expected(const std::expected<T, E>*);
template <class E>
void takes_unexpected(const std::unexpected<E>*);

template <class T>
concept IsExpected = requires(std::remove_cvref_t<T>* p) { takes_expected(p); };
template <class T>
concept IsUnexpected = requires(std::remove_cvref_t<T>* p) { takes_unexpected(p); };

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

// A value that `if (result)` could be read as: bool, or an optional.
template <class T>
concept IsAnswer = std::same_as<T, bool> || is_optional<T>;

// A value whose destructor ends what it stands for, as that of a lock. It must have a name.
template <class T>
inline constexpr bool is_guard = false;

// A value of type To can be made from one of type From. Both may be void.
template <class To, class From>
concept MakesValue = (std::is_void_v<To> && std::is_void_v<From>) ||
                     (!std::is_void_v<To> && std::is_constructible_v<To, From>);
template <class To, class From>
concept ConvertsValue = (std::is_void_v<To> && std::is_void_v<From>) ||
                        (!std::is_void_v<To> && std::is_convertible_v<From, To>);

#if defined(__cpp_exceptions)
// what() is the description only. std::system_error would append the code's message again.
class DescribedError : public std::system_error {
 public:
  DescribedError(std::error_code code, std::string description)
      : std::system_error(code), description_(std::move(description)) {}
  const char* what() const noexcept override { return description_.c_str(); }

 private:
  std::string description_;
};

template <class Error>
[[noreturn, gnu::cold, gnu::noinline]] void throw_error(const Error& error, const char* what) {
  if constexpr (DescribesItself<Error>)
    throw DescribedError(static_cast<std::error_code>(error),
                         what ? std::string(what) + ": " + error.describe() : error.describe());
  else if constexpr (std::convertible_to<const Error&, std::error_code>)
    throw what ? std::system_error(error, what) : std::system_error(error);
  else
    throw std::bad_expected_access<Error>(error);
}
#endif

}  // namespace detail

// A std::expected, which converts to and from it, with these differences:
// - `*` and `->` of an error, and error() of a value, stop the program with a message, in every
//   build.
// - There is no conversion to bool if the value is a bool or an optional, nor from a temporary
//   Result of a lock.
// - `*` and value() of a temporary Result return the value itself, not a reference to it.
// - and_then, transform, or_else and transform_error exist with every supported compiler.
// - or_throw() is a member.
template <class T, class E>
class [[nodiscard]] Result : public std::expected<T, E> {
  using Base = std::expected<T, E>;
  using Reference = std::add_lvalue_reference_t<T>;
  using ConstReference = std::add_lvalue_reference_t<const T>;

 public:
  Result() = default;  // the value T{}

  template <class U = T>
    requires(!detail::IsExpected<U> && !detail::IsUnexpected<U> && std::is_constructible_v<T, U>)
  constexpr explicit(!std::is_convertible_v<U, T>)
      Result(U&& value) noexcept(std::is_nothrow_constructible_v<T, U>)
      : Base(std::in_place, std::forward<U>(value)) {}

  template <class... Arguments>
    requires std::is_constructible_v<Base, std::in_place_t, Arguments...>
  constexpr explicit Result(std::in_place_t, Arguments&&... arguments)
      : Base(std::in_place, std::forward<Arguments>(arguments)...) {}

  template <class... Arguments>
    requires std::is_constructible_v<E, Arguments...>
  constexpr explicit Result(std::unexpect_t, Arguments&&... arguments)
      : Base(std::unexpect, std::forward<Arguments>(arguments)...) {}

  template <class G>
    requires std::is_constructible_v<E, const G&>
  constexpr explicit(!std::is_convertible_v<const G&, E>)
      Result(const std::unexpected<G>& error) noexcept(std::is_nothrow_constructible_v<E, const G&>)
      : Base(std::unexpect, error.error()) {}

  template <class G>
    requires std::is_constructible_v<E, G>
  constexpr explicit(!std::is_convertible_v<G, E>)
      Result(std::unexpected<G>&& error) noexcept(std::is_nothrow_constructible_v<E, G>)
      : Base(std::unexpect, std::move(error).error()) {}

  template <class U, class G>
    requires(detail::MakesValue<T, const U&> && std::is_constructible_v<E, const G&>)
  constexpr explicit(!detail::ConvertsValue<T, const U&> || !std::is_convertible_v<const G&, E>)
      Result(const std::expected<U, G>& other)
      : Result(from(other)) {}

  template <class U, class G>
    requires(detail::MakesValue<T, U> && std::is_constructible_v<E, G>)
  constexpr explicit(!detail::ConvertsValue<T, U> || !std::is_convertible_v<G, E>)
      Result(std::expected<U, G>&& other)
      : Result(from(std::move(other))) {}

  // The value would be a borrow from a temporary owner.
  template <class U, class G>
    requires(!std::is_void_v<U> && detail::MakesValue<T, const U&> && !detail::MakesValue<T, U>)
  Result(std::expected<U, G>&& other) = delete;

  // True if there is a value.
  constexpr explicit operator bool() const& noexcept
    requires(!detail::IsAnswer<T>)
  {
    return Base::has_value();
  }
  // `if (result)` could mean the value. Write `result.has_value()`, `*result`, or `result == true`.
  constexpr explicit operator bool() const& noexcept
    requires(detail::IsAnswer<T>)
  = delete;
  // `if (try_acquire(file))` would unlock at the end of the condition. Write
  // `if (auto lock = try_acquire(file))`.
  constexpr explicit operator bool() const&& noexcept
    requires(detail::is_guard<T>)
  = delete;

  // The value. Stops the program with a message that names the error if there is one.
  constexpr ConstReference operator*() const& noexcept {
    require_value();
    return Base::operator*();
  }
  constexpr Reference operator*() & noexcept {
    require_value();
    return Base::operator*();
  }
  constexpr T operator*() && noexcept(std::is_void_v<T> ||
                                      std::is_nothrow_move_constructible_v<T>) {
    require_value();
    return *static_cast<Base&&>(*this);
  }
  constexpr T operator*() const&& = delete;

  // Access to a member of the value. Stops the program likewise.
  constexpr std::add_pointer_t<const T> operator->() const& noexcept
    requires(!std::is_void_v<T>)
  {
    require_value();
    return Base::operator->();
  }
  constexpr std::add_pointer_t<T> operator->() & noexcept
    requires(!std::is_void_v<T>)
  {
    require_value();
    return Base::operator->();
  }
  constexpr std::add_pointer_t<T> operator->() && noexcept
    requires(!std::is_void_v<T> && std::is_copy_constructible_v<T>)
  {
    require_value();
    return Base::operator->();
  }
  // A temporary owner cannot be borrowed from: give the Result a name first.
  constexpr std::add_pointer_t<T> operator->() && noexcept
    requires(!std::is_void_v<T> && !std::is_copy_constructible_v<T>)
  = delete;

  // The value. Throws std::bad_expected_access if there is an error, or stops the program if
  // exceptions are off.
  constexpr ConstReference value() const& { return Base::value(); }
  constexpr Reference value() & { return Base::value(); }
  constexpr T value() && { return static_cast<Base&&>(*this).value(); }

  // The error. Stops the program with a message if there is a value.
  constexpr const E& error() const& noexcept SYSFD_LIFETIMEBOUND {
    require_error();
    return Base::error();
  }
  constexpr E& error() & noexcept SYSFD_LIFETIMEBOUND {
    require_error();
    return Base::error();
  }
  constexpr E error() && noexcept {
    require_error();
    return std::move(static_cast<Base&>(*this)).error();
  }

#if defined(__cpp_exceptions)
  // The value. Throws a std::system_error with `what` and the error if there is one.
  constexpr ConstReference or_throw(const char* what = nullptr) const& {
    if (!Base::has_value()) detail::throw_error(Base::error(), what);
    return Base::operator*();
  }
  constexpr Reference or_throw(const char* what = nullptr) & {
    if (!Base::has_value()) detail::throw_error(Base::error(), what);
    return Base::operator*();
  }
  constexpr T or_throw(const char* what = nullptr) && {
    if (!Base::has_value()) detail::throw_error(Base::error(), what);
    return *static_cast<Base&&>(*this);
  }
#endif

  // The monadic functions of std::expected (C++23).
  // The Result or std::expected that `function` returns for the value, or the error.
  template <class F>
  constexpr auto and_then(F&& function) & {
    return and_then_of(static_cast<Base&>(*this), std::forward<F>(function));
  }
  template <class F>
  constexpr auto and_then(F&& function) const& {
    return and_then_of(static_cast<const Base&>(*this), std::forward<F>(function));
  }
  template <class F>
  constexpr auto and_then(F&& function) && {
    return and_then_of(static_cast<Base&&>(*this), std::forward<F>(function));
  }

  // A Result of what `function` returns for the value, or the error.
  template <class F>
  constexpr auto transform(F&& function) & {
    return transform_of(static_cast<Base&>(*this), std::forward<F>(function));
  }
  template <class F>
  constexpr auto transform(F&& function) const& {
    return transform_of(static_cast<const Base&>(*this), std::forward<F>(function));
  }
  template <class F>
  constexpr auto transform(F&& function) && {
    return transform_of(static_cast<Base&&>(*this), std::forward<F>(function));
  }

  // The Result or std::expected that `function` returns for the error, or the value.
  template <class F>
  constexpr auto or_else(F&& function) & {
    return or_else_of(static_cast<Base&>(*this), std::forward<F>(function));
  }
  template <class F>
  constexpr auto or_else(F&& function) const& {
    return or_else_of(static_cast<const Base&>(*this), std::forward<F>(function));
  }
  template <class F>
  constexpr auto or_else(F&& function) && {
    return or_else_of(static_cast<Base&&>(*this), std::forward<F>(function));
  }

  // A Result with the error that `function` returns for the error, or the value.
  template <class F>
  constexpr auto transform_error(F&& function) & {
    return transform_error_of(static_cast<Base&>(*this), std::forward<F>(function));
  }
  template <class F>
  constexpr auto transform_error(F&& function) const& {
    return transform_error_of(static_cast<const Base&>(*this), std::forward<F>(function));
  }
  template <class F>
  constexpr auto transform_error(F&& function) && {
    return transform_error_of(static_cast<Base&&>(*this), std::forward<F>(function));
  }

  // True for a Result or std::expected with an equal value or error, for an equal value, and for a
  // std::unexpected with an equal error.
  template <class U>
    requires(detail::IsExpected<U> || detail::IsUnexpected<U> || !std::is_void_v<T>)
  friend constexpr bool operator==(const Result& result, const U& other) {
    return equal(result, other);
  }
  friend constexpr bool operator==(const Base& expected, const Result& result)
    requires(std::is_void_v<T> || std::equality_comparable<T>)
  {
    return equal(expected, result);
  }

 private:
  constexpr void require_value() const noexcept {
    if (!Base::has_value()) [[unlikely]]
      detail::stop_without_value(Base::error());
  }
  constexpr void require_error() const noexcept {
    if (Base::has_value()) [[unlikely]]
      detail::contract_violation("error of a Result that holds a value");
  }

  template <class U>
  static constexpr bool equal(const Base& expected, const U& other) {
    if constexpr (detail::IsUnexpected<U>) {
      return !expected.has_value() && expected.error() == other.error();
    } else if constexpr (detail::IsExpected<U>) {
      if (expected.has_value() != other.has_value()) return false;
      if (!expected.has_value()) return expected.error() == other.error();
      if constexpr (std::is_void_v<T>)
        return true;
      else
        return *expected == *other;
    } else {
      return expected.has_value() && *expected == other;
    }
  }

  template <class Other>
  static constexpr Result from(Other&& other) {
    if (!other.has_value()) return Result(std::unexpect, std::forward<Other>(other).error());
    if constexpr (std::is_void_v<T>)
      return Result();
    else
      return Result(std::in_place, *std::forward<Other>(other));
  }

  // Calls `function` with the value of `self`, or with no argument if the value is void.
  template <class Self, class F>
  static constexpr decltype(auto) call(Self&& self, F&& function) {
    if constexpr (std::is_void_v<T>)
      return std::forward<F>(function)();
    else
      return std::forward<F>(function)(*std::forward<Self>(self));
  }

  template <class Self, class F>
  static constexpr auto and_then_of(Self&& self, F&& function) {
    using Next =
        std::remove_cvref_t<decltype(call(std::forward<Self>(self), std::forward<F>(function)))>;
    static_assert(detail::IsExpected<Next>, "the function returns a Result or std::expected");
    if (self.has_value()) return Next(call(std::forward<Self>(self), std::forward<F>(function)));
    return Next(std::unexpect, std::forward<Self>(self).error());
  }

  template <class Self, class F>
  static constexpr auto transform_of(Self&& self, F&& function) {
    using Next = Result<
        std::remove_cv_t<decltype(call(std::forward<Self>(self), std::forward<F>(function)))>, E>;
    if (!self.has_value()) return Next(std::unexpect, std::forward<Self>(self).error());
    if constexpr (std::is_void_v<typename Next::value_type>) {
      call(std::forward<Self>(self), std::forward<F>(function));
      return Next();
    } else {
      return Next(std::in_place, call(std::forward<Self>(self), std::forward<F>(function)));
    }
  }

  template <class Self, class F>
  static constexpr auto or_else_of(Self&& self, F&& function) {
    using Next =
        std::remove_cvref_t<decltype(std::forward<F>(function)(std::forward<Self>(self).error()))>;
    static_assert(detail::IsExpected<Next>, "the function returns a Result or std::expected");
    if (!self.has_value()) return Next(std::forward<F>(function)(std::forward<Self>(self).error()));
    if constexpr (std::is_void_v<T>)
      return Next();
    else
      return Next(std::in_place, *std::forward<Self>(self));
  }

  template <class Self, class F>
  static constexpr auto transform_error_of(Self&& self, F&& function) {
    using Next = Result<T, std::remove_cvref_t<decltype(std::forward<F>(function)(
                               std::forward<Self>(self).error()))>>;
    if (!self.has_value())
      return Next(std::unexpect, std::forward<F>(function)(std::forward<Self>(self).error()));
    if constexpr (std::is_void_v<T>)
      return Next();
    else
      return Next(std::in_place, *std::forward<Self>(self));
  }
};

namespace detail {
struct AnyResult {
  template <class T, class E>
  AnyResult(const Result<T, E>&) noexcept {}
};
}  // namespace detail

// A Result does not print. Write `*result` or `result.error()`. (An operator of yours, also one for
// std::expected, is preferred to this one.)
template <class Traits>
void operator<<(std::basic_ostream<char, Traits>&, detail::AnyResult) = delete;

#if defined(__cpp_exceptions)
// Result::or_throw() for a std::expected.
template <class T, class E>
T or_throw(std::expected<T, E> result, const char* what = nullptr) {
  return Result<T, E>(std::move(result)).or_throw(what);
}
#endif

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_RESULT_HPP
