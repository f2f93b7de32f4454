// SPDX-License-Identifier: MIT
//
// Concatenates strings. The code that lets a std::string grow is inlined at each use; these
// functions have it once for all of them. Not for users.
#ifndef SYSFD_DETAIL_JOIN_HPP
#define SYSFD_DETAIL_JOIN_HPP
#include <sysfd/detail/cxx23.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

#include <sysfd/attributes.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Appends the parts. None of them may refer to `text` itself.
SYSFD_API void append(std::string& text, std::initializer_list<std::string_view> parts);

SYSFD_API std::string join(std::initializer_list<std::string_view> parts);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_JOIN_HPP
