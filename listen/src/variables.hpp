// SPDX-License-Identifier: MIT
//
// Parses the variables of socket activation. Other code reads them from the environment, and checks
// that the descriptors are open.
#ifndef SYSFD_LISTEN_SRC_VARIABLES_HPP
#define SYSFD_LISTEN_SRC_VARIABLES_HPP

#include <sys/types.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/listen_error.hpp>
#include <sysfd/process_id.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Parses a number as service managers write it: only digits, from 1 to `largest`. A leading zero is
// an error, because some programs would read an octal number.
template <class Number>
std::optional<Number> parse_decimal(std::string_view text, Number largest) noexcept {
  Number number{};
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || end != text.end() || text.starts_with('-') || text.starts_with('0') ||
      number > largest)
    return std::nullopt;
  return number;
}

// These are the variables of sd_listen_fds(3).
inline constexpr const char* listen_variable_names[] = {"LISTEN_PID", "LISTEN_PIDFDID",
                                                        "LISTEN_FDS", "LISTEN_FDNAMES"};

// The values of the variables; a null pointer if one is not set.
struct ListenVariables {
  const char* pid = nullptr;
  const char* pidfd_id = nullptr;
  const char* fds = nullptr;
  const char* fd_names = nullptr;
};

// Describes the calling process. `id` is called only if LISTEN_PIDFDID is set, and returns no value
// if the identity cannot be found out.
struct Asker {
  pid_t pid;
  std::optional<ProcessId> (*id)() noexcept;
};

struct ListenPlan {
  int count;                         // at least one
  std::optional<std::string> names;  // in the form of LISTEN_FDNAMES; `count` names
};

Result<ListenPlan, ListenError> read_listen_variables(const ListenVariables& variables,
                                                      const Asker& asker);

// Splits at the colons and keeps empty names.
std::vector<std::string> split_names(const std::string& names);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LISTEN_SRC_VARIABLES_HPP
