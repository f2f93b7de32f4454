// SPDX-License-Identifier: MIT
//
// Reads and writes the files of a cgroup.
#ifndef SYSFD_CGROUP_SRC_CGROUP_FILES_HPP
#define SYSFD_CGROUP_SRC_CGROUP_FILES_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sysfd/cgroup_error.hpp>
#include <sysfd/cgroup_limits.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

std::unexpected<CgroupError> cgroup_error(CgroupStep step, int error, std::string subject = {});

// Returns 0 or -errno. One write(2): the kernel takes it as a whole.
long write_file(BorrowedFd file, std::string_view text) noexcept;
long write_file(BorrowedFd directory, const char* name, std::string_view text) noexcept;
Result<void, CgroupError> write_file(BorrowedFd directory, const char* name, std::string_view text,
                                     CgroupStep step);

// The whole file.
Result<std::string, CgroupError> read_file(BorrowedFd directory, const char* name);
Result<std::string, CgroupError> read_whole(BorrowedFd file, const char* name);

// Calls `visit` with each line.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    visit(text.substr(0, end));
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint64_t> number_of(std::string_view text) noexcept;
// The number behind `key` and a space, in a file of such lines.
std::optional<std::uint64_t> number_at(std::string_view text, std::string_view key) noexcept;
// The only number of a file, if there is that file.
std::optional<std::uint64_t> number_in_file(BorrowedFd directory, const char* name);

// The names are apart by `separator`.
ControllerSet controllers_of(std::string_view text, char separator = ' ') noexcept;
CgroupEvents events_of(std::string_view text) noexcept;

// EBADF: it is no directory of cgroup v2.
Result<> check_cgroup(BorrowedFd directory) noexcept;

// The cgroup of the calling thread, where cgroup v2 is mounted.
Result<OwnedFd, CgroupError> open_own_cgroup();
// The controllers that cgroups of version 1 use.
Result<ControllerSet, CgroupError> controllers_of_version_1();

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CGROUP_SRC_CGROUP_FILES_HPP
