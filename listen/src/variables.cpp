// SPDX-License-Identifier: MIT
#include "variables.hpp"

#include <algorithm>
#include <climits>
#include <string_view>

#include <sysfd/listen_fds.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

std::string quoted(const char* name, const char* value) {
  return std::string(name) + "=\"" + value + '"';
}

std::unexpected<ListenError> malformed(const char* name, const char* value, std::string problem) {
  return std::unexpected(
      ListenError{ListenErrorKind::malformed, quoted(name, value), std::move(problem)});
}

Result<void, ListenError> check_identity(const char* text, const Asker& asker) {
  const auto intended = ProcessId::parse(text);
  if (!intended) return malformed("LISTEN_PIDFDID", text, "not a 64-bit number");
  // As in libsystemd, they are not compared if this process cannot find out its own identity, for
  // whatever reason.
  const auto own = asker.id();
  if (own && *own != *intended)
    return std::unexpected(ListenError{ListenErrorKind::other_process,
                                       quoted("LISTEN_PIDFDID", text),
                                       "this process is " + to_string(*own)});
  return {};
}

}  // namespace

Result<ListenPlan, ListenError> read_listen_variables(const ListenVariables& variables,
                                                      const Asker& asker) {
  const auto not_activated = [](const char* missing) {
    return std::unexpected(ListenError{ListenErrorKind::not_activated, missing, "not set"});
  };
  if (!variables.pid) return not_activated("LISTEN_PID");
  const auto pid = parse_decimal<pid_t>(variables.pid, INT_MAX);
  if (!pid) return malformed("LISTEN_PID", variables.pid, "not the number of a process");
  if (*pid != asker.pid)
    return std::unexpected(ListenError{ListenErrorKind::other_process,
                                       quoted("LISTEN_PID", variables.pid),
                                       "this process is " + std::to_string(asker.pid)});
  if (variables.pidfd_id)
    if (auto ours = check_identity(variables.pidfd_id, asker); !ours)
      return std::unexpected(std::move(ours.error()));

  if (!variables.fds) return not_activated("LISTEN_FDS");
  const auto count = parse_decimal<int>(variables.fds, INT_MAX - ListenFds::first_number);
  if (!count) return malformed("LISTEN_FDS", variables.fds, "must be a positive number");

  ListenPlan plan{*count, std::nullopt};
  if (variables.fd_names) {
    plan.names = variables.fd_names;
    const auto names = std::ranges::count(*plan.names, ':') + 1;  // the empty text is one name
    if (names != *count)
      return malformed(
          "LISTEN_FDNAMES", variables.fd_names,
          std::to_string(names) + " names for " + std::to_string(*count) + " descriptors");
  }
  return plan;
}

std::vector<std::string> split_names(const std::string& names) {
  std::vector<std::string> list;
  for (std::string_view left = names;;) {
    const auto colon = left.find(':');
    list.emplace_back(left.substr(0, colon));
    if (colon == std::string_view::npos) return list;
    left.remove_prefix(colon + 1);
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
