// SPDX-License-Identifier: MIT
#include "cgroup_files.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {

namespace {

constexpr std::pair<Controller, std::string_view> controllers[] = {
    {Controller::cpu, "cpu"},   {Controller::cpuset, "cpuset"},
    {Controller::io, "io"},     {Controller::memory, "memory"},
    {Controller::pids, "pids"}, {Controller::hugetlb, "hugetlb"},
};

}  // namespace

std::string ControllerSet::text() const {
  std::string text;
  for (const auto& [controller, name] : controllers) {
    if (!contains(controller)) continue;
    if (!text.empty()) text += ' ';
    text += name;
  }
  return text;
}

namespace detail {

std::unexpected<CgroupError> cgroup_error(CgroupStep step, int error, std::string subject) {
  return std::unexpected(CgroupError{step, error_code(error), std::move(subject)});
}

long write_file(BorrowedFd file, std::string_view text) noexcept {
  const long answer = system_call_retried(SYS_write, file.get(), text.data(), text.size());
  if (answer < 0) return answer;
  return static_cast<std::size_t>(answer) == text.size() ? 0 : -EIO;
}

long write_file(BorrowedFd directory, const char* name, std::string_view text) noexcept {
  const auto file = open(directory, name, O_WRONLY);
  return file ? write_file(*file, text) : -file.error().value();
}

Result<void, CgroupError> write_file(BorrowedFd directory, const char* name, std::string_view text,
                                     CgroupStep step) {
  const long answer = write_file(directory, name, text);
  if (answer < 0) return cgroup_error(step, static_cast<int>(-answer), name);
  return {};
}

Result<std::string, CgroupError> read_whole(BorrowedFd file, const char* name) {
  std::string content;
  content.reserve(4096);
  for (;;) {
    const std::size_t before = content.size();
    const std::size_t room = std::max<std::size_t>(content.capacity() - before, 1024);
    long got = 0;
    content.resize_and_overwrite(before + room, [&](char* start, std::size_t) {
      got = system_call_retried(SYS_pread64, file.get(), start + before, room,
                                static_cast<long>(before));
      return before + (got < 0 ? 0 : static_cast<std::size_t>(got));
    });
    if (got < 0) return cgroup_error(CgroupStep::read, static_cast<int>(-got), name);
    if (got == 0) return content;
  }
}

Result<std::string, CgroupError> read_file(BorrowedFd directory, const char* name) {
  const auto file = open(directory, name, O_RDONLY);
  if (!file) return cgroup_error(CgroupStep::read, file.error().value(), name);
  return read_whole(*file, name);
}

std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::uint64_t number = 0;
  const char* const start = text.data();
  const char* const end = start + text.size();
  const auto [rest, error] = std::from_chars(start, end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> number_at(std::string_view text, std::string_view key) noexcept {
  std::optional<std::uint64_t> found;
  for_each_line(text, [&](std::string_view line) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' '))
      found = number_of(line.substr(key.size() + 1));
  });
  return found;
}

std::optional<std::uint64_t> number_in_file(BorrowedFd directory, const char* name) {
  const auto content = read_file(directory, name);
  return content ? number_of(*content) : std::nullopt;
}

ControllerSet controllers_of(std::string_view text, char separator) noexcept {
  ControllerSet found;
  if (text.ends_with('\n')) text.remove_suffix(1);
  while (!text.empty()) {
    const auto end = text.find(separator);
    const auto first = text.substr(0, end);
    for (const auto& [controller, name] : controllers)
      if (first == name) found = found | controller;
    if (first == "blkio") found = found | Controller::io;  // its name in version 1
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return found;
}

CgroupEvents events_of(std::string_view text) noexcept {
  CgroupEvents events;
  events.populated = number_at(text, "populated") == 1U;
  events.frozen = number_at(text, "frozen") == 1U;
  return events;
}

Result<> check_cgroup(BorrowedFd directory) noexcept {
  struct statfs file_system{};
  const long answer = system_call_retried(SYS_fstatfs, directory.get(), &file_system);
  if (answer < 0) return failure(static_cast<int>(-answer));
  if (file_system.f_type != CGROUP2_SUPER_MAGIC) return failure(EBADF);
  return {};
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
