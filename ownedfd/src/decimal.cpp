// SPDX-License-Identifier: MIT
#include <sysfd/detail/decimal.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

std::string text_of(long long number) {
  return std::to_string(number);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
