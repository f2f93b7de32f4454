// SPDX-License-Identifier: MIT
//
// What a step of sysfd-run returns: a value, or what to tell the user.
#ifndef SYSFD_RUN_CHECKED_HPP
#define SYSFD_RUN_CHECKED_HPP

#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace sysfd_run {

// The statuses of sysfd-run itself. 124 to 127 are those of timeout(1) and env(1).
enum Status : int {
  lock_not_had = 123,
  deadline_reached = 124,
  run_failed = 125,
  not_executable = 126,
  not_found = 127,
  killed_by_signal = 128,  // and the number of the signal
};

// Why the program was not started. `text` names the option, what was wrong, and what would do.
struct Complaint {
  std::string text;
  Status status = run_failed;
};

template <class T = void>
using Checked = std::expected<T, Complaint>;

inline std::string cat(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts)
    text += part;
  return text;
}

inline std::unexpected<Complaint> complain(std::initializer_list<std::string_view> parts) {
  return std::unexpected(Complaint{cat(parts)});
}

// Writes all of it to a descriptor. False: an error; errno.
bool write_out(int fd, std::string_view text);
// A decimal number, without the locale of std::to_string().
std::string number(long long value);
// The message of an errno value.
std::string message_of(std::error_code code);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_CHECKED_HPP
