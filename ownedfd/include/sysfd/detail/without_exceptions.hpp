// SPDX-License-Identifier: MIT
//
// Turns the exceptions of the C++ library into an errno. Not for users.
#ifndef SYSFD_DETAIL_WITHOUT_EXCEPTIONS_HPP
#define SYSFD_DETAIL_WITHOUT_EXCEPTIONS_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cerrno>
#include <exception>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Calls `body`, which returns a number that is -errno after an error, and returns what it returns.
// No exception leaves it. (Not `...`: the end of a thread by pthread_cancel(3) must go through.)
template <class Body>
auto without_exceptions(Body body) -> decltype(body()) {
#if defined(__cpp_exceptions)
  try {
    return body();
  } catch (const std::exception&) {  // bad_alloc; length_error of a string that is too long
    return -ENOMEM;
  }
#else
  return body();
#endif
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_WITHOUT_EXCEPTIONS_HPP
