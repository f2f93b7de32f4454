// SPDX-License-Identifier: MIT
#ifndef SYSFD_LANDLOCK_SRC_PATHS_HPP
#define SYSFD_LANDLOCK_SRC_PATHS_HPP

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace sysfd {
inline namespace v0 {
namespace detail {

struct FreeText {
  void operator()(char* text) const noexcept { std::free(text); }
};

// realpath(3). Null after an error: see errno.
inline std::unique_ptr<char, FreeText> real_path(const char* path) noexcept {
  return std::unique_ptr<char, FreeText>(::realpath(path, nullptr));
}

inline std::string_view directory_of(std::string_view path) noexcept {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LANDLOCK_SRC_PATHS_HPP
