// SPDX-License-Identifier: MIT
#include "mount_table.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <sysfd/create.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Of the thread, which may have a mount namespace of its own.
Result<OwnedFd> open_mountinfo() noexcept {
  return open(cwd(), "/proc/thread-self/mountinfo", O_RDONLY);
}

Result<bool> MountTable::fill() noexcept {
  const ssize_t size = retry_eintr([&] { return ::read(mountinfo_.get(), chunk_, sizeof chunk_); });
  if (size == -1) return last_error();
  begin_ = 0;
  end_ = static_cast<std::size_t>(size);
  return size > 0;
}

void MountTable::append(char c) noexcept {
  if (size_ < sizeof mount_point_) mount_point_[size_++] = c;
}

// Space, tab, newline and backslash are written as a backslash and three octal digits.
void MountTable::append_escaped(char c) noexcept {
  if (escape_digits_ > 0) {
    escape_ = escape_ * 8 + (c - '0');
    if (--escape_digits_ == 0) append(static_cast<char>(escape_));
  } else if (c == '\\') {
    escape_digits_ = 3;
    escape_ = 0;
  } else {
    append(c);
  }
}

// A line: id parent device root mount-point ...
Result<bool> MountTable::next() noexcept {
  constexpr int id_field = 0;
  constexpr int mount_point_field = 4;
  id_ = 0;
  size_ = 0;
  for (int field = id_field;;) {
    if (begin_ == end_) {
      const auto more = fill();
      if (!more || !*more) return more;
    }
    const char c = chunk_[begin_++];
    if (c == '\n') break;
    if (c == ' ')
      ++field;
    else if (field == id_field)
      id_ = id_ * 10 + static_cast<unsigned>(c - '0');
    else if (field == mount_point_field)
      append_escaped(c);
  }
  if (size_ == sizeof mount_point_) size_ = 0;
  mount_point_[size_] = '\0';
  return true;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
