// SPDX-License-Identifier: MIT
//
// What the variables of socket activation say, apart from where they come from and whether the
// descriptors are there.
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

// As service managers write it: digits and nothing else, from 1 to `largest`. With a zero in front,
// which means octal to some, it would be two different numbers.
template <class Number>
std::optional<Number> parse_decimal(std::string_view text, Number largest) noexcept {
  Number number{};
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || end != text.end() || text.starts_with('-') || text.starts_with('0') ||
      number > largest)
    return std::nullopt;
  return number;
}

// Those of sd_listen_fds(3), by what they are for.
inline constexpr const char* listen_variable_names[] = {"LISTEN_PID", "LISTEN_PIDFDID",
                                                        "LISTEN_FDS", "LISTEN_FDNAMES"};

// Their values; a null pointer where one is missing.
struct ListenVariables {
  const char* pid = nullptr;
  const char* pidfd_id = nullptr;
  const char* fds = nullptr;
  const char* fd_names = nullptr;
};

// Who asks. The identity is wanted only if LISTEN_PIDFDID is there; no value: it cannot be had.
struct Asker {
  pid_t pid;
  std::optional<ProcessId> (*id)() noexcept;
};

struct ListenPlan {
  int count;                         // at least one
  std::optional<std::string> names;  // as LISTEN_FDNAMES has them; as many as `count`
};

Result<ListenPlan, ListenError> read_listen_variables(const ListenVariables& variables,
                                                      const Asker& asker);

// Between the colons, the empty ones as well.
std::vector<std::string> split_names(const std::string& names);

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LISTEN_SRC_VARIABLES_HPP
