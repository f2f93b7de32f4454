// SPDX-License-Identifier: MIT
#include "convert.hpp"

#include <algorithm>
#include <cstring>

namespace sysfd_c {

int negative(const std::error_code& code) noexcept {
  const int value = code.category() == std::system_category()
                        ? code.value()
                        : code.default_error_condition().value();
  return value > 0 ? -value : -EINVAL;
}

int read_bytes(const void* given, std::size_t first, void* read, std::size_t known) noexcept {
  std::uint32_t size = 0;
  std::memcpy(&size, given, sizeof size);
  if (size < first) return -EINVAL;
  if (size > max_struct_size) return -E2BIG;
  const auto* bytes = static_cast<const unsigned char*>(given);
  if (size > known && std::any_of(bytes + known, bytes + size, [](auto byte) { return byte != 0; }))
    return -E2BIG;
  std::memcpy(read, given, std::min<std::size_t>(size, known));
  return 0;
}

void write_bytes(void* out, const void* value, std::size_t known) noexcept {
  std::uint32_t size = 0;
  std::memcpy(&size, out, sizeof size);
  const std::size_t common = std::min<std::size_t>(size, known);
  auto* bytes = static_cast<unsigned char*>(out);
  std::memcpy(bytes + sizeof size, static_cast<const unsigned char*>(value) + sizeof size,
              common - sizeof size);
  if (size > common) std::memset(bytes + common, 0, size - common);
}

int write_text(std::string_view text, char* buffer, std::size_t size) noexcept {
  if (is_missing(buffer, size)) return -EINVAL;
  if (size > 0) {
    const std::size_t length = text.copy(buffer, size - 1);
    buffer[length] = '\0';
  }
  return static_cast<int>(std::min<std::size_t>(text.size(), std::numeric_limits<int>::max()));
}

int fail(const std::error_code& code, int kind, std::string_view text, sysfd_error* out) noexcept {
  const int error = negative(code);
  if (out) {
    sysfd_error filled = SYSFD_ERROR_INIT;
    filled.code = -error;
    filled.kind = kind;
    write_text(text, filled.text, sizeof filled.text);
    write_struct(out, filled);
  }
  return error;
}

}  // namespace sysfd_c
