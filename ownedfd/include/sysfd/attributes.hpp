// SPDX-License-Identifier: MIT
//
// Macros that the public headers of sysfd share: symbol visibility, and the attributes with which
// Clang finds a borrow that outlives its owner. None of them changes what a correct program does.
#ifndef SYSFD_ATTRIBUTES_HPP
#define SYSFD_ATTRIBUTES_HPP
#include <sysfd/detail/cxx23.hpp>

// Marks each function that a shared library of sysfd exports. A static library exports nothing, so
// a shared library that links it does not export these functions either.
#if defined(SYSFD_BUILD_SHARED)
#define SYSFD_API __attribute__((visibility("default")))
#else
#define SYSFD_API
#endif

// On a member function or a parameter: the result refers to the object, or to that argument.
#if defined(__clang__)
#define SYSFD_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define SYSFD_LIFETIMEBOUND
#endif

// On a parameter of a member function: the object refers to that argument from then on. Clang 20
// and newer warn (-Wdangling-capture) if the argument dies before the object. The newest have
// another name for it.
#if defined(__clang__) && defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::lifetime_capture_by_this)
#define SYSFD_CAPTURED_BY_THIS [[clang::lifetime_capture_by_this]]
#elif __has_cpp_attribute(clang::lifetime_capture_by)
#define SYSFD_CAPTURED_BY_THIS [[clang::lifetime_capture_by(this)]]
#endif
#endif
#ifndef SYSFD_CAPTURED_BY_THIS
#define SYSFD_CAPTURED_BY_THIS
#endif

// On classes: a SYSFD_OWNER owns what a SYSFD_POINTER refers to.
#if defined(__clang__)
#define SYSFD_OWNER [[gsl::Owner]]
#define SYSFD_POINTER [[gsl::Pointer]]
#else
#define SYSFD_OWNER
#define SYSFD_POINTER
#endif

namespace sysfd {
inline namespace v0 {
namespace detail {

// Writes "sysfd: <what>" to standard error and aborts. For a broken contract, after which the
// program cannot go on safely.
[[noreturn, gnu::cold]] SYSFD_API void contract_violation(const char* what) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ATTRIBUTES_HPP
