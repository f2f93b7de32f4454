// SPDX-License-Identifier: MIT
//
// Numbers in messages. std::to_string() is code of its own in each program, for each type of
// number. Not for users.
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

// As std::to_string(). Allocates where there are more than 15 digits.
template <std::integral Number>
std::string decimal(Number number) {
  return text_of(static_cast<long long>(number));
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_DECIMAL_HPP
