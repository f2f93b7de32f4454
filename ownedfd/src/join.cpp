// SPDX-License-Identifier: MIT
#include <sysfd/detail/join.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

void append(std::string& text, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts)
    text.append(part);
}

std::string join(std::initializer_list<std::string_view> parts) {
  std::string text;
  append(text, parts);
  return text;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
