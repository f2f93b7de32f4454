// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
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

// Answers 0 if a file lies in this mount, EBUSY if it lies in another one, or another errno. Kernels
// that do not know an ID of that kind answer another one, and say so in the mask only.
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
  struct stat status;
  if (::stat(path, &status) == -1) return last_error();
  if (!S_ISREG(status.st_mode)) return failure(EOPNOTSUPP);
  return open(cwd(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

Result<OwnedFd> open_mount(MountId mount, const char* path) noexcept {
  auto opened = open(cwd(), path, O_RDONLY | O_DIRECTORY);
  if (!opened && opened.error() == std::errc::not_a_directory) opened = open_mounted_file(path);
  if (!opened) return opened;
  if (const int error = look_whether_in(mount, *opened, ""); error != 0) opened = failure(error);
  return opened;
}

// The status of one mount, by its unique ID. Answers 0 or an error.
int status_of(std::uint64_t mount, std::uint64_t wanted, kernel::MountStatus& status) noexcept {
  const kernel::MountIdRequest request{sizeof request, 0, mount, wanted};
  status.mask = 0;
  return static_cast<int>(-system_call(kernel::sys_statmount, &request, &status, sizeof status, 0));
}

Result<OwnedFd> open_by_status(MountId mount, const kernel::MountStatus& status) noexcept {
  // A mount that cannot be reached from this root directory has no path, or an empty one.
  if ((status.mask & kernel::statmount_mnt_point) == 0) return failure(ENOENT);
  const std::size_t at = status.mount_point;
  if (at >= sizeof status.strings) return failure(ENOENT);
  return open_mount(mount, status.strings + at);
}

// For a reusable ID where there is no /proc.
Result<OwnedFd> find_in_list(MountId mount) noexcept {
  std::array<std::uint64_t, 256> mounts;
  std::uint64_t last = 0;
  for (;;) {
    const kernel::MountIdRequest request{sizeof request, 0, kernel::listmount_root, last};
    const long count =
        system_call(kernel::sys_listmount, &request, mounts.data(), mounts.size(), 0);
    if (count < 0) return failure(static_cast<int>(-count));
    if (count == 0) return failure(ENOENT);
    for (const std::uint64_t unique : std::span(mounts).first(static_cast<std::size_t>(count))) {
      kernel::MountStatus status;
      constexpr std::uint64_t wanted = kernel::statmount_mnt_basic | kernel::statmount_mnt_point;
      if (status_of(unique, wanted, status) == 0 &&
          (status.mask & kernel::statmount_mnt_basic) != 0 && status.reusable_id == mount.get())
        return open_by_status(mount, status);
      last = unique;
    }
  }
}

Result<OwnedFd> find_in_table(MountId mount, MountTable& table) noexcept {
  for (;;) {
    const auto more = table.next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return failure(ENOENT);
    // The table has the reusable ID only; the other is asked of what is there.
    const bool found = mount.is_unique() ? look_whether_in(mount, cwd(), table.mount_point()) == 0
                                         : mount == MountId(table.id());
    if (found) return open_mount(mount, table.mount_point());
  }
}

}  // namespace

Result<OwnedFd> find_mount(MountId mount) noexcept {
  int error = 0;
  if (mount.is_unique()) {
    kernel::MountStatus status;
    error = status_of(mount.get(), kernel::statmount_mnt_point, status);
    if (error == 0) return open_by_status(mount, status);
    // The long way would touch every mount point, also those of servers that are gone.
    if (error == ENOENT) return failure(ENOENT);
  }
  // An older kernel, or one that is not allowed to answer. For a reusable ID the table is one file
  // to read, where listmount(2) would take a system call for each mount.
  const auto mountinfo = open_mountinfo();
  if (mountinfo) {
    MountTable table(*mountinfo);
    return find_in_table(mount, table);
  }
  if (mount.is_unique()) return failure(error);
  return find_in_list(mount);
}

}  // namespace v0
}  // namespace sysfd
