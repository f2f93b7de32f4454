// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <sysfd/create.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/file_handle.hpp>

#include "kernel.hpp"
#include "mount_table.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using namespace detail;

// Answers 0 if a file lies in this mount, EBUSY if it lies in another one, or another errno.
// Kernels that do not know an ID of that kind answer another one, and say so in the mask only.
int look_whether_in(MountId mount, BorrowedFd directory, const char* path) noexcept {
  const unsigned kind = mount.is_unique() ? kernel::statx_mnt_id_unique : STATX_MNT_ID;
  struct statx status;
  status.stx_mask = 0;
  const long answer = system_call_retried(SYS_statx, directory.get(), path,
                                          AT_EMPTY_PATH | AT_NO_AUTOMOUNT, kind, &status);
  if (answer < 0) return static_cast<int>(-answer);
  return (status.stx_mask & kind) != 0 && status.stx_mnt_id == mount.get() ? 0 : EBUSY;
}

// What is mounted at a path where that is no directory. Opening anything but a regular file could
// do something.
Result<OwnedFd> open_mounted_file(const char* path) noexcept {
  struct statx status;
  const long answer =
      system_call_retried(SYS_statx, AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &status);
  if (answer < 0) return failure(static_cast<int>(-answer));
  if (!S_ISREG(status.stx_mode)) return failure(EOPNOTSUPP);
  return open(cwd(), path, O_RDONLY | O_NONBLOCK);
}

Result<OwnedFd> open_mount(MountId mount, const char* path) noexcept {
  auto opened = open(cwd(), path, O_RDONLY | O_DIRECTORY);
  if (!opened && opened.error() == std::errc::not_a_directory) opened = open_mounted_file(path);
  if (!opened) return opened;
  if (const int error = look_whether_in(mount, *opened, ""); error != 0) opened = failure(error);
  return opened;
}

// The status of one mount, by its unique ID, into a buffer that begins with it. Answers 0 or an
// error: EOVERFLOW the buffer is too small for the strings.
int status_of(std::uint64_t mount, std::uint64_t wanted, std::span<std::byte> buffer) noexcept {
  const kernel::MountIdRequest request{sizeof request, 0, mount, wanted};
  return static_cast<int>(
      -system_call(kernel::sys_statmount, &request, buffer.data(), buffer.size(), 0));
}

Result<OwnedFd> open_by_status(MountId mount, std::span<const std::byte> buffer) noexcept {
  const auto& status = *reinterpret_cast<const kernel::MountStatus*>(buffer.data());
  const std::size_t at = sizeof status + status.mount_point;
  // A mount that cannot be reached from this root directory has no path, or an empty one.
  if ((status.mask & kernel::statmount_mnt_point) == 0 || at >= buffer.size())
    return failure(ENOENT);
  return open_mount(mount, reinterpret_cast<const char*>(buffer.data() + at));
}

// Of one whose unique ID is `unique`. `refusal` becomes the errno where statmount(2) gave no
// status.
Result<OwnedFd> open_by_unique_id(MountId mount, std::uint64_t unique, int& refusal) noexcept {
  constexpr std::size_t most_paths = 256;  // are shorter
  alignas(kernel::MountStatus) std::byte buffer[sizeof(kernel::MountStatus) + most_paths];
  refusal = status_of(unique, kernel::statmount_mnt_point, buffer);
  if (refusal == 0) return open_by_status(mount, buffer);
  if (refusal != EOVERFLOW) return failure(refusal);
  const PathRoom room;
  if (!room.is_there()) return failure(ENOMEM);
  refusal = status_of(unique, kernel::statmount_mnt_point, room.bytes());
  if (refusal != 0) return failure(refusal);
  return open_by_status(mount, room.bytes());
}

// For a reusable ID where there is no /proc.
Result<OwnedFd> find_in_list(MountId mount) noexcept {
  std::array<std::uint64_t, 32> mounts;
  std::uint64_t last = 0;
  for (;;) {
    const kernel::MountIdRequest request{sizeof request, 0, kernel::listmount_root, last};
    const long count =
        system_call(kernel::sys_listmount, &request, mounts.data(), mounts.size(), 0);
    if (count < 0) return failure(static_cast<int>(-count));
    if (count == 0) return failure(ENOENT);
    for (const std::uint64_t unique : std::span(mounts).first(static_cast<std::size_t>(count))) {
      kernel::MountStatus status;
      status.mask = 0;
      if (status_of(unique, kernel::statmount_mnt_basic,
                    std::as_writable_bytes(std::span(&status, 1))) == 0 &&
          (status.mask & kernel::statmount_mnt_basic) != 0 && status.reusable_id == mount.get()) {
        int refusal = 0;
        return open_by_unique_id(mount, unique, refusal);
      }
      last = unique;
    }
  }
}

Result<OwnedFd> find_in_table(MountId mount, MountTable& table) noexcept {
  for (;;) {
    const auto more = table.next();
    if (!more.has_value()) return std::unexpected(more.error());
    if (!*more) return failure(ENOENT);
    // The table has the reusable ID only; the other is asked of what is there.
    const bool found = mount.is_unique() ? look_whether_in(mount, cwd(), table.mount_point()) == 0
                                         : mount == MountId(table.id());
    if (found) return open_mount(mount, table.mount_point());
  }
}

}  // namespace

Result<OwnedFd> find_mount(MountId mount) noexcept {
  int refusal = 0;
  if (mount.is_unique()) {
    auto found = open_by_unique_id(mount, mount.get(), refusal);
    // The long way would touch every mount point, also those of servers that are gone.
    if (refusal == 0 || refusal == ENOENT) return found;
  }
  // An older kernel, or one that is not allowed to answer. For a reusable ID the table is one file
  // to read, where listmount(2) would take a system call for each mount.
  const auto mountinfo = open_mountinfo();
  if (mountinfo) {
    MountTable table(*mountinfo);
    return find_in_table(mount, table);
  }
  if (mount.is_unique()) return failure(refusal);
  return find_in_list(mount);
}

}  // namespace v0
}  // namespace sysfd
