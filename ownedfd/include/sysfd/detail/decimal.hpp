// SPDX-License-Identifier: MIT
//
// Formats numbers for messages. std::to_string() would add its code to each program once for each
// type of number. Not for users.
#ifndef SYSFD_DETAIL_DECIMAL_HPP
#define SYSFD_DETAIL_DECIMAL_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <string>

#include <sysfd/attributes.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

SYSFD_API std::string text_of(long long number);

// Does the same as std::to_string(). Allocates if there are more than 15 digits.
template <std::integral Number>
std::string decimal(Number number) {
  return text_of(static_cast<long long>(number));
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_DECIMAL_HPP
