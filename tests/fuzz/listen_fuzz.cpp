// SPDX-License-Identifier: MIT
//
// Fuzzes the variables of a service manager. An input is five texts, with a NUL after each:
// LISTEN_PID, LISTEN_PIDFDID, LISTEN_FDS, LISTEN_FDNAMES and NOTIFY_SOCKET; "\x01" alone means that
// a variable is not set.
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/seeded.hpp"
#include "notify_address.hpp"
#include "variables.hpp"

namespace sysfd_test {

using namespace sysfd;

namespace {

using detail::ListenVariables;
using detail::parse_notify_address;
using detail::read_listen_variables;
using detail::split_names;

constexpr pid_t own_pid = 4711;
constexpr std::uint64_t own_id = 9223372036854776000U;

bool is_number(std::string_view text) {
  const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
  return !text.empty() && text.front() != '0' && std::ranges::all_of(text, is_digit);
}

void check_accepted(const ListenVariables& variables, const detail::ListenPlan& plan,
                    bool has_identity) {
  promise(variables.pid && variables.fds, "nothing is given that was not announced");
  promise(variables.pid == std::to_string(own_pid), "nor to another process");
  promise(is_number(variables.fds) && variables.fds == std::to_string(plan.count),
          "a number is digits, and the one that is read");
  promise(plan.count >= 1 && plan.count <= 2147483644, "all have a number");
  if (variables.pidfd_id) {
    const auto id = ProcessId::parse(variables.pidfd_id);
    promise(id && (!has_identity || *id == ProcessId(own_id)), "only who has the identity");
  }
  promise(plan.names.has_value() == (variables.fd_names != nullptr), "names, if there are any");
  if (!plan.names) return;
  promise(*plan.names == variables.fd_names, "names as they were written");
  const auto names = split_names(*plan.names);
  promise(names.size() == static_cast<std::size_t>(plan.count), "one name for each");
  std::string joined;
  for (const std::string& name : names) {
    promise(!name.contains(':'), "a name has no colon");
    joined += (&name == names.data() ? "" : ":") + name;
  }
  promise(joined == *plan.names, "names can be put together again");
}

void check_refused(const ListenError& error, const ListenVariables& variables) {
  promise(!error.subject.empty() && !error.problem.empty(), "every error says what is wrong");
  promise(error.describe().starts_with(error.subject), "and describes it");
  promise(error.subject.starts_with("LISTEN_"), "by the variable");
  switch (error.kind) {
    case ListenErrorKind::not_activated:
      promise(!variables.pid || !variables.fds, "only where one is missing");
      return;
    case ListenErrorKind::other_process:
      promise(variables.pid && is_number(variables.pid), "only where there is a number");
      return;
    case ListenErrorKind::malformed: promise(variables.pid != nullptr, "of what is there"); return;
    default: promise(false, "no other error");
  }
}

void check_variables(const ListenVariables& variables) {
  using Identity = std::optional<ProcessId>;
  const auto known = []() noexcept { return Identity(ProcessId(own_id)); };
  const auto none = []() noexcept { return Identity(); };
  for (const detail::Asker& asker : {detail::Asker{own_pid, known}, {own_pid, none}}) {
    const auto plan = read_listen_variables(variables, asker);
    if (plan)
      check_accepted(variables, *plan, asker.id == +known);
    else
      check_refused(plan.error(), variables);
  }
}

void check_address(std::string_view text) {
  const auto address = parse_notify_address(text);
  if (!address) {
    promise(address.error() == std::errc::invalid_argument, "one error for all addresses");
    return;
  }
  if (address->is_vsock()) {
    promise(text.starts_with("vsock"), "an address as it was written");
    promise(address->size == 16, "an address as long as the kernel's");
    return;
  }
  promise(address->address.ss_family == AF_UNIX && address->type == SOCK_DGRAM, "or AF_UNIX");
  promise(text.starts_with('/') || text.starts_with('@'), "as it was written");
  promise(address->size <= sizeof(sockaddr_un), "no longer than an address can be");
  sockaddr_un name{};
  std::memcpy(&name, &address->address, sizeof name);
  const bool is_abstract = text.starts_with('@');
  const std::size_t size = address->size - offsetof(sockaddr_un, sun_path);
  std::string written(name.sun_path, size - (is_abstract ? 0 : 1));
  promise(is_abstract ? written[0] == '\0' : name.sun_path[size - 1] == '\0', "its kind");
  if (is_abstract) written[0] = '@';
  promise(written == text, "what is written is what is meant");
}

std::string seed(unsigned number) {
  // The same table as for libsystemd: see tests/listen/compared_with_libsystemd.
  constexpr std::array<std::string_view, 12> pids = {
      "4711", "4711", "4711", "4711", "", "\x01", "abc", "0", " 4711", "+4711", "2147483648", "1"};
  constexpr std::array<std::string_view, 6> ids = {
      "\x01", "\x01", "9223372036854776000", "1", "18446744073709551616", "x"};
  constexpr std::array<std::string_view, 14> counts = {
      "1",  "2",   "3",  "\x01",       "0",          "-1",         "+1",
      "01", "0x1", "1 ", "2147483644", "2147483645", "2147483648", ""};
  constexpr std::array<std::string_view, 9> names = {"\x01", "\x01", "a",    "a:b", "a:b:c",
                                                     ":",    "a:",   "a::b", ""};
  constexpr std::array<std::string_view, 8> addresses = {"/run/systemd/notify",
                                                         "@/org/freedesktop/systemd1/notify",
                                                         "@",
                                                         "/",
                                                         "vsock:2:1234",
                                                         "vsock-stream:4294967295:1",
                                                         "relative",
                                                         "vsock-seqpacket:2:3:4"};
  std::string text;
  for (const std::string_view part :
       {pids[number % pids.size()], ids[number / 16 % ids.size()],
        counts[number / 256 % counts.size()], names[number / 4096 % names.size()],
        addresses[number / 65536 % addresses.size()]})
    text.append(part).append(1, '\0');
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> parts;
  for (std::size_t begin = 0; parts.size() < 4;) {
    const std::size_t end = std::min(input.find('\0', begin), input.size());
    parts.push_back(input.substr(begin, end - begin));
    begin = std::min(end + 1, input.size());
    if (parts.size() == 4) check_address(std::string_view(input).substr(begin));
    if (parts.size() == 4 && input.ends_with('\0') && begin < input.size())
      check_address(std::string_view(input).substr(begin, input.size() - begin - 1));
  }
  const auto value = [&](std::size_t i) { return parts[i] == "\x01" ? nullptr : parts[i].c_str(); };
  check_variables({value(0), value(1), value(2), value(3)});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed_number) {
  const std::string valid = seed(seed_number / 16);
  return mutate(data, size, max_size, seed_number, std::as_bytes(std::span(valid)));
}

}  // namespace sysfd_test
