// SPDX-License-Identifier: MIT
#include <sysfd/detail/proc_file.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>
#include <sysfd/detail/statx.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// Returns the ID of the mount that a file is in. While the file is open, no other mount can get
// this ID.
Result<std::uint64_t> mount_of(BorrowedFd file) noexcept {
  Statx status;
  const long answer =
      system_call_retried(SYS_statx, file.get(), "", AT_EMPTY_PATH, statx_mount_id, &status);
  if (answer < 0) return failure(static_cast<int>(-answer));
  if ((status.mask & statx_mount_id) == 0) return failure(EOPNOTSUPP);
  return status.mount_id;
}

Result<OwnedFd> open_in_mount(BorrowedFd directory, std::string_view name, int flags,
                              std::uint64_t mount) noexcept {
  char path[64];
  if (name.size() >= sizeof path) return failure(ENAMETOOLONG);
  path[name.copy(path, name.size())] = '\0';
  auto opened = open(directory, path, flags | O_NOFOLLOW, 0);
  if (!opened) return opened;
  const auto found = mount_of(*opened);
  if (!found) return std::unexpected(found.error());
  if (*found != mount) return failure(EXDEV);
  return opened;
}

// Does what RESOLVE_NO_XDEV and RESOLVE_NO_MAGICLINKS do. Opens files only with O_PATH until it is
// known that they are in this mount.
Result<OwnedFd> walk(BorrowedFd from, std::string_view path, int flags,
                     std::uint64_t mount) noexcept {
  std::optional<OwnedFd> directory;
  for (;;) {
    const BorrowedFd here = directory ? directory->borrow() : from;
    const std::size_t slash = path.find('/');
    const bool is_last = slash == path.npos;
    const std::string_view name = path.substr(0, slash);
    auto next = open_in_mount(here, name, O_PATH, mount);
    if (!next) return next;
    // "self" and "thread-self" are symbolic links, not magic links: their targets are names in the
    // same directory, the root of the procfs.
    char target[64];
    const bool may_be_link = !directory && (!is_last || (flags & O_NOFOLLOW) == 0);
    const long size =
        may_be_link ? system_call(SYS_readlinkat, next->get(), "", target, sizeof target) : 0;
    if (size > 0) {
      next = walk(from, {target, static_cast<std::size_t>(size)}, is_last ? flags : O_PATH, mount);
      if (is_last || !next) return next;
    }
    if (is_last) return open_in_mount(here, name, flags, mount);
    path.remove_prefix(slash + 1);
    directory = *std::move(next);
  }
}

}  // namespace

Result<OwnedFd> open_proc() noexcept {
  auto root = open(cwd(), "/proc", O_PATH | O_DIRECTORY);
  if (!root) return root;
  struct statfs file_system{};
  const long answer = system_call_retried(SYS_fstatfs, root->get(), &file_system);
  if (answer < 0) return failure(static_cast<int>(-answer));
  if (file_system.f_type != PROC_SUPER_MAGIC) return failure(ENOENT);
  return root;
}

Result<OwnedFd> open_in_proc(BorrowedFd directory, const char* path, int flags) noexcept {
  auto opened = open(directory, path, flags, 0, Resolve::no_mount_points | Resolve::no_magic_links);
  if (opened || !is_refusal(-opened.error().value())) return opened;
  const auto mount = mount_of(directory);
  if (!mount) return opened;
  return walk(directory, path, flags, *mount);
}

Result<OwnedFd> open_proc_file(const char* path, int flags) noexcept {
  const auto root = open_proc();
  if (!root) return std::unexpected(root.error());
  return open_in_proc(*root, path, flags);
}

Result<OwnedFd> open_proc_link(BorrowedFd directory, const char* name, int flags) noexcept {
  if (auto link = open_in_proc(directory, name, O_PATH | O_NOFOLLOW); !link) return link;
  return open(directory, name, flags, 0);
}

Result<OwnedFd> open_proc_link(const char* directory, const char* name, int flags) noexcept {
  const auto opened = open_proc_file(directory, O_PATH | O_DIRECTORY);
  if (!opened) return std::unexpected(opened.error());
  return open_proc_link(*opened, name, flags);
}

NumberedPath::NumberedPath(std::string_view directory, int number) noexcept {
  constexpr int digits = std::numeric_limits<int>::digits10 + 1;
  constexpr std::size_t room = sizeof path_ - digits - 2;  // a sign, and the NUL
  if (directory.size() > room) contract_violation("NumberedPath: the directory is too long");
  char* const end = path_ + directory.copy(path_, room);
  *std::to_chars(end, std::end(path_) - 1, number).ptr = '\0';
}

bool ByteReader::fill() noexcept {
  if (error_ != 0) return false;
  const long size = system_call_retried(SYS_read, file_.get(), buffer_, sizeof buffer_);
  if (size < 0) error_ = static_cast<int>(-size);
  begin_ = 0;
  size_ = size < 0 ? 0 : static_cast<std::size_t>(size);
  return size_ > 0;
}

bool ByteReader::skip_line() noexcept {
  while (begin_ < size_ || fill()) {
    const void* const found = std::memchr(buffer_ + begin_, '\n', size_ - begin_);
    const auto* const newline = static_cast<const char*>(found);
    begin_ = newline ? static_cast<std::size_t>(newline - buffer_) + 1 : size_;
    if (newline) return true;
  }
  return false;
}

Result<std::string_view> find_field(BorrowedFd file, std::string_view label,
                                    std::span<char> room) noexcept {
  ByteReader reader(file);
  int byte = 0;
  for (std::size_t matched = 0; matched < label.size();) {
    byte = reader.next();
    if (byte == ByteReader::end) return failure(reader.error() != 0 ? reader.error() : ENODATA);
    if (byte == static_cast<unsigned char>(label[matched])) {
      ++matched;
      continue;
    }
    if (byte != '\n') (void)reader.skip_line();
    matched = 0;
  }
  std::size_t size = 0;
  while ((byte = reader.next()) != '\n' && byte != ByteReader::end) {
    if (size == room.size()) return failure(EOVERFLOW);
    room[size++] = static_cast<char>(byte);
  }
  if (reader.error() != 0) return failure(reader.error());
  return std::string_view(room.data(), size);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
