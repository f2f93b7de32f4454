// SPDX-License-Identifier: MIT
//
// The values of options, from text. A complaint is what is wrong with the text, and what would do;
// the caller adds the option.
#ifndef SYSFD_RUN_VALUES_HPP
#define SYSFD_RUN_VALUES_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/cgroup_limits.hpp>
#include <sysfd/namespaces.hpp>
#include <sysfd/resources.hpp>

#include "checked.hpp"

namespace sysfd_run {

// The signals of real time that glibc leaves for programs.
inline constexpr int first_real_time = 34;
inline constexpr int last_real_time = 64;

// A decimal number and nothing else.
std::optional<std::int64_t> to_number(std::string_view text);

// The text in front of the first separator, which is removed from `rest`, and that separator with
// it.
std::string_view take_part(std::string_view& rest, char separator);
std::vector<std::string_view> split(std::string_view text, char separator);

// "5s", "500ms", "2m", "1h", "1d", "1.5s"; without a unit, seconds, as timeout(1).
Checked<std::chrono::nanoseconds> to_duration(std::string_view text);
// "200M": K, M, G, T are powers of 1024.
Checked<std::int64_t> to_size(std::string_view text);
// "TERM", "SIGTERM", "15", "RTMIN+3".
Checked<int> to_signal(std::string_view text);
// "TERM"; of a real-time signal, its number.
std::string name_of_signal(int signo);

// "nofile=64", "nofile=64:128", "nofile=:128", with what is not given as the caller has it.
Checked<sysfd::ResourceLimit> to_limit(std::string_view text);
// "nofile"; of an unknown one, its number.
std::string name_of_limit(int resource);

Checked<sysfd::Scheduler> to_scheduler(std::string_view text);
Checked<sysfd::IoPriority> to_io_priority(std::string_view text);
Checked<std::vector<int>> to_processors(std::string_view text);
Checked<sysfd::CpuLimit> to_cpu_limit(std::string_view text);
Checked<sysfd::NamespaceSet> to_namespaces(std::string_view text);

}  // namespace sysfd_run

#endif  // SYSFD_RUN_VALUES_HPP
