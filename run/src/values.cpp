// SPDX-License-Identifier: MIT
#include "values.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <limits>

namespace sysfd_run {
namespace {

struct Named {
  std::string_view name;
  int value;
};

constexpr Named signal_names[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP}, {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},
    {"KILL", SIGKILL}, {"USR1", SIGUSR1},     {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT},
    {"CHLD", SIGCHLD}, {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
    {"IO", SIGIO},     {"PWR", SIGPWR},       {"SYS", SIGSYS},
};
constexpr Named limit_names[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

constexpr Named policy_names[] = {{"other", SCHED_OTHER},
                                  {"batch", SCHED_BATCH},
                                  {"idle", SCHED_IDLE},
                                  {"fifo", SCHED_FIFO},
                                  {"rr", SCHED_RR}};

template <std::size_t Size>
const Named* find(const Named (&names)[Size], std::string_view name) {
  const auto* const found = std::ranges::find(names, name, &Named::name);
  return found == std::end(names) ? nullptr : found;
}

template <std::size_t Size>
std::string list(const Named (&names)[Size]) {
  std::string text;
  for (const Named& each : names) {
    if (!text.empty()) text += ", ";
    text += each.name;
  }
  return text;
}

bool is_unlimited(std::string_view text) {
  return text == "unlimited" || text == "infinity";
}

Checked<std::uint64_t> to_limit_value(std::string_view text) {
  if (is_unlimited(text)) return sysfd::ResourceLimit::unlimited;
  const auto size = to_size(text);
  if (!size)
    return complain({"\"", text, "\" is no limit: write a number, as 64 or 1G, or unlimited"});
  return static_cast<std::uint64_t>(*size);
}

Checked<sysfd::ResourceLimit> limit_now(int resource) {
  rlimit now{};
  // An enumeration in glibc, int in musl.
  if (::getrlimit(static_cast<decltype(RLIMIT_NOFILE)>(resource), &now) != 0)
    return complain(
        {"the kernel does not tell this limit: ", message_of({errno, std::system_category()})});
  return sysfd::ResourceLimit{resource, now.rlim_cur, now.rlim_max};
}

Checked<int> to_level(std::string_view text, int lowest, int highest) {
  const auto value = to_number(text);
  if (!value || *value < lowest || *value > highest)
    return complain({"\"", text, "\" is not from ", number(lowest), " to ", number(highest)});
  return static_cast<int>(*value);
}

}  // namespace

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view take_part(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at == rest.npos ? rest.size() : at + 1);
  return part;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == text.npos) return parts;
    text.remove_prefix(at + 1);
  }
}

Checked<std::chrono::nanoseconds> to_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
  };
  static constexpr Unit units[] = {{"ns", 1},
                                   {"us", 1'000},
                                   {"ms", 1'000'000},
                                   {"s", 1'000'000'000},
                                   {"", 1'000'000'000},
                                   {"m", 60'000'000'000},
                                   {"min", 60'000'000'000},
                                   {"h", 3'600'000'000'000},
                                   {"d", 86'400'000'000'000}};
  const auto fails = [&] {
    return complain({"\"", text, "\" is no time: write 5s, 500ms, 1.5m, 2h or 1d"});
  };
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto* const unit = std::ranges::find(units, text.substr(end), &Unit::name);
  std::string_view digits = text.substr(0, end);
  if (unit == std::end(units) || digits.empty()) return fails();
  const std::string_view whole_text = take_part(digits, '.');
  if (digits.find('.') != digits.npos || (whole_text.empty() && digits.empty())) return fails();
  const auto whole = whole_text.empty() ? 0 : to_number(whole_text);
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (!whole || *whole > most / unit->nanoseconds - 1) return std::chrono::nanoseconds(most);
  std::int64_t value = *whole * unit->nanoseconds;
  std::int64_t place = unit->nanoseconds;
  for (const char digit : digits) {
    place /= 10;
    value += (digit - '0') * place;
  }
  const bool is_zero = text.substr(0, end).find_first_not_of("0.") == text.npos;
  return std::chrono::nanoseconds(is_zero ? 0 : std::max(value, std::int64_t{1}));
}

Checked<std::int64_t> to_size(std::string_view text) {
  static constexpr std::string_view units = "KMGT";
  std::string_view digits = text;
  int shift = 0;
  if (digits.ends_with("iB")) digits.remove_suffix(2);
  if (!digits.empty()) {
    const std::size_t unit = units.find(digits.back());
    if (unit != units.npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      digits.remove_suffix(1);
    }
  }
  const auto value = to_number(digits);
  if (!value || *value < 0 || *value > std::numeric_limits<std::int64_t>::max() >> shift)
    return complain({"\"", text, "\" is no size: write bytes, or 64K, 200M or 1G"});
  return *value << shift;
}

Checked<int> to_signal(std::string_view text) {
  const auto value = to_number(text);
  if (value && *value >= 1 && *value <= last_real_time) return static_cast<int>(*value);
  std::string_view name = text;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  if (const Named* const known = find(signal_names, name)) return known->value;
  if (name.starts_with("RTMIN")) {
    name.remove_prefix(5);
    const auto offset = name.empty()          ? 0
                        : name.front() == '+' ? to_number(name.substr(1))
                                              : std::nullopt;
    if (offset && *offset >= 0 && first_real_time + *offset <= last_real_time)
      return first_real_time + static_cast<int>(*offset);
  }
  return complain({"\"", text, "\" is no signal: write TERM, SIGINT, 15 or RTMIN+1"});
}

std::string name_of_signal(int signo) {
  const auto* const known = std::ranges::find(signal_names, signo, &Named::value);
  return known == std::end(signal_names) ? number(signo) : std::string(known->name);
}

Checked<sysfd::ResourceLimit> to_limit(std::string_view text) {
  std::string_view rest = text;
  const std::string_view name = take_part(rest, '=');
  const Named* const known = find(limit_names, name);
  if (!known) return complain({"\"", name, "\" is no limit: there are ", list(limit_names)});
  const auto parts = split(rest, ':');
  if (rest.empty() || parts.size() > 2 ||
      (parts.size() == 2 && parts[0].empty() && parts[1].empty()))
    return complain({"write ", name, "=SOFT, or ", name, "=SOFT:HARD"});
  sysfd::ResourceLimit limit{known->value, 0, 0};
  if (parts[0].empty() || parts.back().empty()) {
    const auto now = limit_now(known->value);
    if (!now) return std::unexpected(now.error());
    limit = *now;
  }
  const std::string_view soft = parts[0];
  const std::string_view hard = parts.back();  // the same, if one is given
  if (!soft.empty()) {
    const auto value = to_limit_value(soft);
    if (!value) return std::unexpected(value.error());
    limit.soft = *value;
  }
  if (!hard.empty()) {
    const auto value = to_limit_value(hard);
    if (!value) return std::unexpected(value.error());
    limit.hard = *value;
  }
  if (limit.soft > limit.hard)
    return complain({"the soft limit is above the hard one, which is ",
                     number(static_cast<long long>(limit.hard))});
  return limit;
}

std::string name_of_limit(int resource) {
  const auto* const known = std::ranges::find(limit_names, resource, &Named::value);
  return known == std::end(limit_names) ? number(resource) : std::string(known->name);
}

Checked<sysfd::Scheduler> to_scheduler(std::string_view text) {
  std::string_view rest = text;
  const Named* const policy = find(policy_names, take_part(rest, ':'));
  if (!policy) return complain({"\"", text, "\" is no policy: there are ", list(policy_names)});
  const bool is_real_time = policy->value == SCHED_FIFO || policy->value == SCHED_RR;
  if (!is_real_time) {
    if (text.find(':') != text.npos) return complain({policy->name, " has no priority"});
    return sysfd::Scheduler{.policy = policy->value};
  }
  const auto level = to_level(rest, 1, 99);
  if (!level) return complain({"write ", policy->name, ":1 to ", policy->name, ":99"});
  return sysfd::Scheduler{.policy = policy->value, .priority = static_cast<unsigned>(*level)};
}

Checked<sysfd::IoPriority> to_io_priority(std::string_view text) {
  using Class = sysfd::IoPriority::Class;
  std::string_view rest = text;
  const std::string_view name = take_part(rest, ':');
  if (text == "idle") return sysfd::IoPriority{Class::idle, 0};
  if (name != "best-effort" && name != "real-time")
    return complain({"\"", text, "\" is no class: there are idle, best-effort, real-time"});
  const auto level = text == name ? Checked<int>(4) : to_level(rest, 0, 7);
  if (!level) return complain({"the level ", level.error().text});
  return sysfd::IoPriority{name == "real-time" ? Class::real_time : Class::best_effort, *level};
}

Checked<std::vector<int>> to_processors(std::string_view text) {
  constexpr int highest = 8191;  // CONFIG_NR_CPUS
  std::vector<int> processors;
  for (const std::string_view part : split(text, ',')) {
    std::string_view rest = part;
    const auto first = to_level(take_part(rest, '-'), 0, highest);
    const auto last = part.find('-') == part.npos ? first : to_level(rest, 0, highest);
    if (!first || !last || *last < *first)
      return complain({"\"", text, "\" is no list of processors: write 0-3,6"});
    for (int each = *first; each <= *last; ++each)
      processors.push_back(each);
  }
  return processors;
}

Checked<sysfd::CpuLimit> to_cpu_limit(std::string_view text) {
  const auto percent =
      text.ends_with('%') ? to_number(text.substr(0, text.size() - 1)) : std::nullopt;
  if (!percent || *percent < 1 || *percent > 1'000'000)
    return complain({"\"", text, "\" is no share: write 50% for half a processor, 200% for two"});
  return sysfd::CpuLimit{std::chrono::milliseconds(*percent)};
}

Checked<sysfd::NamespaceSet> to_namespaces(std::string_view text) {
  using sysfd::Namespace;
  struct Kind {
    std::string_view name;
    Namespace value;
  };
  static constexpr Kind kinds[] = {{"user", Namespace::user},    {"mount", Namespace::mount},
                                   {"net", Namespace::net},      {"pid", Namespace::pid},
                                   {"ipc", Namespace::ipc},      {"uts", Namespace::uts},
                                   {"cgroup", Namespace::cgroup}};
  sysfd::NamespaceSet set;
  for (const std::string_view name : split(text, ',')) {
    const auto* const kind = std::ranges::find(kinds, name, &Kind::name);
    if (kind == std::end(kinds))
      return complain(
          {"\"", name, "\" is no namespace: there are user, mount, net, pid, ipc, uts, cgroup"});
    set = set | kind->value;
  }
  return set;
}

}  // namespace sysfd_run
