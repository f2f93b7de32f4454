// SPDX-License-Identifier: MIT
#include <charconv>
#include <cstdint>

#include <sysfd/detail/syscall.hpp>
#include <sysfd/process_id.hpp>

namespace sysfd {
inline namespace v0 {

Result<ProcessId> ProcessId::parse(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  const bool has_zeros_before = text.size() > 1 && text.front() == '0';
  if (error == std::errc::invalid_argument || stop != end || has_zeros_before)
    return detail::failure(EINVAL);
  if (error != std::errc()) return detail::failure(ERANGE);
  return ProcessId(value);
}

std::string to_string(ProcessId id) {
  return std::to_string(id.value());
}

}  // namespace v0
}  // namespace sysfd
