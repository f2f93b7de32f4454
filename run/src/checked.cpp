// SPDX-License-Identifier: MIT
#include "checked.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <iterator>

namespace sysfd_run {

bool write_out(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

std::string number(long long value) {
  char digits[24];
  const auto result = std::to_chars(std::begin(digits), std::end(digits), value);
  return {digits, result.ptr};
}

std::string message_of(std::error_code code) {
  return code.message();
}

}  // namespace sysfd_run
