// SPDX-License-Identifier: MIT
//
// The macros that the public headers of sysfd share: symbol visibility, and the compiler attributes
// that let Clang find a borrow that outlives its owner. Nothing here has an effect on a program
// that is correct.
#ifndef SYSFD_ATTRIBUTES_HPP
#define SYSFD_ATTRIBUTES_HPP
#include <sysfd/detail/cxx23.hpp>

// On every function that a shared library of ours exports. A static library exports nothing of its
// own, so that the shared library it is linked into does not either.
#if defined(SYSFD_BUILD_SHARED)
#define SYSFD_API __attribute__((visibility("default")))
#else
#define SYSFD_API
#endif

// On a member function or parameter: the result refers to the object, or to that argument.
#if defined(__clang__)
#define SYSFD_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define SYSFD_LIFETIMEBOUND
#endif

// On classes: SYSFD_OWNER owns what SYSFD_POINTER types refer to.
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

// Writes "sysfd: <what>" to standard error and aborts: the program broke a contract and cannot go
// on safely.
[[noreturn, gnu::cold]] SYSFD_API void contract_violation(const char* what) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ATTRIBUTES_HPP
