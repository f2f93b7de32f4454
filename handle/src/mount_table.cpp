// SPDX-License-Identifier: MIT
#include "mount_table.hpp"

#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Opens the file of the thread, which may have its own mount namespace.
Result<OwnedFd> open_mountinfo() noexcept {
  return open_proc_file("thread-self/mountinfo");
}

void MountTable::append(char c) noexcept {
  if (size_ < PathRoom::longest_path) text()[size_++] = c;
}

// The kernel writes space, tab, newline and backslash as a backslash and three octal digits.
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

// A line is: id parent device root mount-point ...
Result<bool> MountTable::next() noexcept {
  constexpr int id_field = 0;
  constexpr int mount_point_field = 4;
  if (!room_.is_mapped()) return failure(ENOMEM);
  id_ = 0;
  size_ = 0;
  escape_digits_ = 0;
  for (int field = id_field;;) {
    const int byte = reader_.next();
    if (byte == '\n') break;
    if (byte == ByteReader::end) {
      if (reader_.error() != 0) return failure(reader_.error());
      return false;
    }
    if (byte == ' ')
      ++field;
    else if (field == id_field)
      id_ = id_ * 10 + static_cast<unsigned>(byte - '0');
    else if (field == mount_point_field)
      append_escaped(static_cast<char>(byte));
  }
  if (size_ == PathRoom::longest_path) size_ = 0;
  text()[size_] = '\0';
  return true;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
