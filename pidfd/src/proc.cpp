// SPDX-License-Identifier: MIT
#include "proc.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <limits>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/pidfd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// A path that ends with a number.
class NumberedPath {
 public:
  template <std::size_t Size>
  NumberedPath(const char (&directory)[Size], int number) noexcept {
    static_assert(Size + std::numeric_limits<int>::digits10 + 2 <= sizeof path_);
    std::memcpy(path_, directory, Size);
    *std::to_chars(path_ + Size - 1, std::end(path_) - 1, number).ptr = '\0';
  }
  const char* get() const noexcept { return path_; }

 private:
  char path_[32];
};

// Whether /proc shows process numbers as the caller's pid namespace has them: NSpid lists the
// caller's numbers from the namespace of /proc down to its own. A kernel without pid namespaces has
// no such line.
Result<bool> proc_is_of_our_namespace() noexcept {
  const auto file = open(cwd(), "/proc/self/status", O_RDONLY);
  if (!file) return std::unexpected(file.error());
  std::array<char, 4096> buffer;
  const ssize_t size =
      retry_eintr([&] { return ::pread(file->get(), buffer.data(), buffer.size(), 0); });
  if (size == -1) return last_error();
  std::string_view line(buffer.data(), static_cast<std::size_t>(size));
  constexpr std::string_view label = "\nNSpid:\t";
  const std::size_t found = line.find(label);
  if (found == line.npos) return line.size() < buffer.size();
  line.remove_prefix(found + label.size());
  return line.substr(0, line.find('\n')).find('\t') == line.npos;
}

}  // namespace

// The line "Pid:" of /proc/self/fdinfo/<fd>. It says -1 once the process was reaped, 0 if it has no
// number in this /proc.
Result<pid_t> pid_from_fdinfo(BorrowedFd pidfd) noexcept {
  const NumberedPath path("/proc/self/fdinfo/", pidfd.get());
  const auto file = open(cwd(), path.get(), O_RDONLY);
  if (!file) return std::unexpected(file.error());

  std::array<char, 512> buffer;  // the lines before it are few and short
  const ssize_t size =
      retry_eintr([&] { return ::pread(file->get(), buffer.data(), buffer.size(), 0); });
  if (size == -1) return last_error();
  const std::string_view text(buffer.data(), static_cast<std::size_t>(size));

  constexpr std::string_view label = "\nPid:\t";
  const std::size_t found = text.find(label);
  pid_t pid = 0;
  if (found == text.npos ||
      std::from_chars(text.data() + found + label.size(), text.data() + text.size(), pid).ec !=
          std::errc())
    return failure(EOPNOTSUPP);
  if (pid < 0) return failure(ESRCH);
  const auto comparable = proc_is_of_our_namespace();
  if (!comparable) return std::unexpected(comparable.error());
  if (pid == 0 || !*comparable) return failure(EREMOTE);
  return pid;
}

}  // namespace detail

Result<OwnedFd> PidFd::proc_directory() const noexcept {
  const auto number = pid();
  if (!number) return std::unexpected(number.error());
  const detail::NumberedPath path("/proc/", *number);
  auto directory = sysfd::open(cwd(), path.get(), O_RDONLY | O_DIRECTORY);
  // The number was this process's all the time, if it still is.
  // cppcheck-suppress identicalConditionAfterEarlyExit
  if (const auto now = pid(); !now) return std::unexpected(now.error());
  if (!directory) return directory;

  struct statfs file_system;
  if (::fstatfs(directory->get(), &file_system) == -1) return detail::last_error();
  if (file_system.f_type != PROC_SUPER_MAGIC) return detail::failure(ENOENT);
  const auto comparable = detail::proc_is_of_our_namespace();
  if (!comparable) return std::unexpected(comparable.error());
  if (!*comparable) return detail::failure(EREMOTE);
  return directory;
}

}  // namespace v0
}  // namespace sysfd
