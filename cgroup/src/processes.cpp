// SPDX-License-Identifier: MIT
#include "processes.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sysfd/cgroup.hpp>

#include "cgroup_files.hpp"
#include "cgroup_tree.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

Result<std::vector<pid_t>, CgroupError> numbers_in(BorrowedFd cgroup) {
  const auto content = read_file(cgroup, "cgroup.procs");
  if (!content) return std::unexpected(content.error());
  std::vector<pid_t> numbers;
  for_each_line(*content, [&](std::string_view line) {
    numbers.push_back(static_cast<pid_t>(number_of(line).value_or(0)));
  });
  if (std::ranges::find(numbers, 0) != numbers.end())
    return cgroup_error(CgroupStep::read, EXDEV, "cgroup.procs");
  return numbers;
}

// A number may be another process's by now. It is that of the pidfd, or of no process, if it is
// still listed when the pidfd is open.
Result<std::vector<PidFd>, CgroupError> open_processes(BorrowedFd cgroup,
                                                       std::span<const pid_t> numbers) {
  std::vector<std::pair<pid_t, PidFd>> opened;
  for (const pid_t number : numbers) {
    auto process = PidFd::open(number);
    if (process)
      opened.emplace_back(number, *std::move(process));
    else if (process.error() != std::errc::no_such_process)
      return cgroup_error(CgroupStep::read, process.error().value(), "cgroup.procs");
  }
  auto there = numbers_in(cgroup);
  if (!there) return std::unexpected(std::move(there).error());
  std::ranges::sort(*there);
  std::vector<PidFd> processes;
  for (auto& [number, process] : opened)
    if (std::ranges::binary_search(*there, number)) processes.push_back(std::move(process));
  return processes;
}

}  // namespace detail

Result<std::vector<PidFd>, CgroupError> Cgroup::processes() const {
  std::vector<PidFd> all;
  std::optional<CgroupError> failed;
  const auto fail = [&](CgroupError error) -> long {
    failed = std::move(error);
    return -failed->code.value();
  };
  const long answer = detail::for_each_cgroup(directory_, [&](BorrowedFd cgroup) -> long {
    const auto numbers = detail::numbers_in(cgroup);
    if (!numbers) return fail(numbers.error());
    if (numbers->empty()) return 0;
    auto found = detail::open_processes(cgroup, *numbers);
    if (!found) return fail(found.error());
    for (PidFd& process : *found)
      all.push_back(std::move(process));
    return 0;
  });
  if (answer == 0) return all;
  if (failed && -answer == failed->code.value()) return std::unexpected(*std::move(failed));
  return detail::cgroup_error(CgroupStep::read, static_cast<int>(-answer), "the cgroups below");
}

}  // namespace v0
}  // namespace sysfd
