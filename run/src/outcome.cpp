// SPDX-License-Identifier: MIT
#include "outcome.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "values.hpp"

namespace sysfd_run {
namespace {

// How many bytes at the beginning of the text are one character of UTF-8; 0 if they are none.
std::size_t length_of_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  // The second byte tells longer forms of short characters, surrogates, and what is above U+10FFFF.
  const auto second = static_cast<unsigned char>(text[1]);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  const bool has_all = std::ranges::all_of(text.substr(1, length - 1), [](char each) {
    return (static_cast<unsigned char>(each) & 0xc0) == 0x80;
  });
  return has_all ? length : 0;
}

// An argument may have any bytes. JSON is UTF-8: a byte that is none becomes U+FFFD.
std::string quoted(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = length_of_character(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (length == 0)
      out += "\\ufffd";
    else if (byte < 0x20 || byte == 0x7f)
      out += cat({"\\u00", std::string_view(&digits[byte >> 4], 1),
                  std::string_view(&digits[byte & 15], 1)});
    else
      out += cat({byte == '"' || byte == '\\' ? "\\" : "", text.substr(0, length)});
    text.remove_prefix(std::max(length, std::size_t{1}));
  }
  return out + '"';
}

class Object {
 public:
  void add(std::string_view name, const std::string& value) {
    text_ += cat({text_.empty() ? "{\n  " : ",\n  ", quoted(name), ": ", value});
  }
  void add_number(std::string_view name, long long value) { add(name, number(value)); }
  template <class T>
  void add_optional(std::string_view name, const std::optional<T>& value) {
    add(name, value ? number(static_cast<long long>(*value)) : "null");
  }
  std::string finish() && { return std::move(text_) + "\n}\n"; }

 private:
  std::string text_;
};

std::string_view name_of(const Outcome& outcome) {
  if (outcome.deadline) return "deadline";
  switch (outcome.ending.reason) {
    case sysfd::EndReason::exited: return "exited";
    case sysfd::EndReason::signal: return "signal";
    case sysfd::EndReason::core_dump: return "core_dump";
    case sysfd::EndReason::timeout: return "deadline";
    case sysfd::EndReason::out_of_memory: return "out_of_memory";
    case sysfd::EndReason::not_known: break;
  }
  return "not_known";
}

void add_program(Object& object, const Settings& settings) {
  std::string list;
  for (const std::string& word : settings.program)
    list += cat({list.empty() ? "" : ", ", quoted(word)});
  object.add("program", cat({"[", list, "]"}));
}

long long microseconds(const timeval& time) {
  return static_cast<long long>(time.tv_sec) * 1'000'000 + time.tv_usec;
}

}  // namespace

int exit_status(const Outcome& outcome) {
  if (outcome.deadline) return deadline_reached;
  const auto& status = outcome.ending.status;
  if (!status) return run_failed;
  if (const auto signo = status->signal()) return killed_by_signal + *signo;
  return status->code().value_or(run_failed);
}

std::string to_json(const Settings& settings, const Outcome& outcome) {
  Object object;
  object.add("ending", quoted(name_of(outcome)));
  object.add_number("status", exit_status(outcome));
  const auto& status = outcome.ending.status;
  object.add_optional("code", status ? status->code() : std::nullopt);
  const auto signo = status ? status->signal() : std::nullopt;
  object.add_optional("signal", signo);
  object.add("signal_name", signo ? quoted(name_of_signal(*signo)) : "null");
  object.add("forwarded", outcome.forwarded ? quoted(name_of_signal(*outcome.forwarded)) : "null");
  object.add("text", quoted(outcome.ending.describe()));
  add_program(object, settings);
  object.add("containment", quoted(sysfd::to_string(outcome.containment)));
  object.add_number("wall_us", outcome.wall.count() / 1000);
  object.add_number("user_us", microseconds(outcome.used.ru_utime));
  object.add_number("system_us", microseconds(outcome.used.ru_stime));
  const long most = outcome.used.ru_maxrss;
  object.add_optional("max_rss_kib", most > 0 ? std::optional(most) : std::nullopt);
  object.add_optional("oom_kills", outcome.ending.oom_kills);
  object.add_optional("refused_forks", outcome.ending.refused_forks);
  const auto peak = outcome.cgroup ? outcome.cgroup->memory_peak : std::nullopt;
  object.add_optional("memory_peak", peak ? std::optional(peak->count()) : std::nullopt);
  object.add_optional("pids_peak", outcome.cgroup ? outcome.cgroup->pids_peak : std::nullopt);
  return std::move(object).finish();
}

std::string to_json(const Settings& settings, const Complaint& complaint) {
  Object object;
  object.add("ending", quoted(complaint.status == lock_not_had ? "lock_not_had" : "not_started"));
  object.add_number("status", complaint.status);
  object.add("text", quoted(complaint.text));
  add_program(object, settings);
  return std::move(object).finish();
}

}  // namespace sysfd_run
