// SPDX-License-Identifier: MIT
//
// Fuzzes what reads the files of a cgroup, /proc/<pid>/cgroup, and the mounts of cgroup v2 in
// /proc/<pid>/mountinfo. An input is two texts, with a NUL between them: the file of a cgroup, or
// the memberships; and the mounts.
#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "fuzz/seeded.hpp"
#include "own_cgroup.cpp"  // these functions have no header: nothing else calls them

namespace sysfd_test {

using namespace sysfd;

namespace {

void check_numbers(std::string_view text) {
  if (const auto number = detail::number_of(text)) {
    std::string digits = std::to_string(*number);
    std::string_view written = text;
    if (written.ends_with('\n')) written.remove_suffix(1);
    written.remove_prefix(std::min(written.size() - 1, written.find_first_not_of('0')));
    promise(written == digits, "a number is digits, and the one that is read");
  }
  for (const std::string_view key : {"populated", "usage_usec", "oom"})
    if (const auto number = detail::number_at(text, key))
      promise(text.contains(std::string(key) + ' '), "the number of a line that is there");
  const auto events = detail::events_of(text);
  promise(!events.populated || text.contains("populated "), "what is written");
}

void check_controllers(std::string_view text) {
  const auto found = detail::controllers_of(text);
  const auto again = detail::controllers_of(found.text());
  promise(found == again, "the names are those that are read");
}

void check_mounts(std::string_view memberships, std::string_view mountinfo) {
  const auto own = detail::find_path(memberships);
  for (const auto& mount : detail::find_mounts(mountinfo)) {
    promise(mount.root.size() <= mountinfo.size() && mount.point.size() <= mountinfo.size(),
            "no more than is there");
    if (!own) continue;
    const auto path = detail::path_in(mount, *own);
    if (path) promise(path->starts_with(mount.point), "a path below the mount");
    if (path && mount.root == "/") promise(!own->starts_with("/.."), "not outside");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(input.find('\0'), input.size());
  const std::string_view first = input.substr(0, end);
  check_numbers(first);
  check_controllers(first);
  check_mounts(first, input.substr(std::min(end + 1, input.size())));
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  using namespace std::string_view_literals;
  constexpr std::string_view all[] = {
      "cpuset cpu io memory pids hugetlb\n\0"sv,
      "populated 1\nfrozen 0\nusage_usec 18446744073709551615\noom 007\n\0"sv,
      "12:cpu,cpuacct:/a\n0::/user.slice/a b\n\0"
      "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
      "31 23 0:26 /user.slice /mnt/a\\040b rw shared:4 - cgroup2 none rw\n"sv,
      "0::/../../other\n\0"
      "30 23 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"sv};
  return mutate(data, size, max_size, seed,
                std::as_bytes(std::span(all[seed / 16 % std::size(all)])));
}

}  // namespace sysfd_test
