// SPDX-License-Identifier: MIT
#include <sysfd/spawn_changes.hpp>

#include "objects.hpp"

namespace sysfd_c {

Changes::~Changes() = default;

int Changes::read(const sysfd_spawn_changes* given) {
  sysfd_spawn_changes read = SYSFD_SPAWN_CHANGES_INIT;
  if (const int error = read_struct(given, read); error != 0) return error;
  if (read.reserved != 0 || is_missing(read.descriptors, read.descriptor_count) ||
      is_missing(read.placed, read.placed_count))
    return -EINVAL;
  const auto add_strings = [](const char* const* strings, std::vector<sysfd::CStr>& to) {
    for (; strings && *strings; ++strings)
      to.emplace_back(*strings);
  };
  add_strings(read.arguments, arguments_);
  add_strings(read.environment, environment_);
  for (std::size_t i = 0; i < read.descriptor_count; ++i) {
    if (read.descriptors[i] < 0) return -EBADF;
    descriptors_.push_back(lent(read.descriptors[i]));
  }
  for (std::size_t i = 0; i < read.placed_count; ++i) {
    const auto& [fd, number] = read.placed[i];
    if (fd < -1) return -EBADF;
    placed_.push_back({sysfd::BorrowedFd::unsafe_borrow_optional(fd), number});
  }
  changes_ = {.arguments = arguments_,
              .descriptors = descriptors_,
              .placed = placed_,
              .environment = environment_};
  if (read.working_directory) changes_.working_directory = sysfd::CStr(read.working_directory);
  return 0;
}

}  // namespace sysfd_c
