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
#include <sysfd/detail/statx.hpp>
#include <sysfd/file_handle.hpp>

#include "kernel.hpp"
#include "mount_table.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using namespace detail;

// Returns 0 if a file is in this mount, -EBUSY if it is in another one, or another -errno. A kernel
// that does not know this kind of ID returns the other kind, and only the mask shows it.
long check_mount(MountId mount, BorrowedFd directory, const char* path) noexcept {
  const unsigned kind = mount.is_unique() ? statx_unique_mount_id : statx_mount_id;
  Statx status;
  const long answer = system_call_retried(SYS_statx, directory.get(), path,
                                          AT_EMPTY_PATH | AT_NO_AUTOMOUNT, kind, &status);
  if (answer < 0) return answer;
  return (status.mask & kind) != 0 && status.mount_id == mount.get() ? 0 : -EBUSY;
}

// Opens what is mounted at a path if that is a regular file. Opening any other kind of file could
// have side effects.
Result<OwnedFd> open_mounted_file(const char* path) noexcept {
  Statx status;
  const long answer =
      system_call_retried(SYS_statx, AT_FDCWD, path, AT_NO_AUTOMOUNT, statx_type, &status);
  if (answer < 0) return failure(static_cast<int>(-answer));
  if (!S_ISREG(status.mode)) return failure(EOPNOTSUPP);
  return open(cwd(), path, O_RDONLY | O_NONBLOCK);
}

Result<OwnedFd> open_mount(MountId mount, const char* path) noexcept {
  auto opened = open(cwd(), path, O_RDONLY | O_DIRECTORY);
  if (!opened && opened.error() == std::errc::not_a_directory) opened = open_mounted_file(path);
  if (!opened) return opened;
  if (const long answer = check_mount(mount, *opened, ""); answer < 0)
    opened = failure(static_cast<int>(-answer));
  return opened;
}

// statmount(2): reads the status of the mount with this unique ID into a buffer that begins with
// it. Returns 0 or -errno. -EOVERFLOW: the buffer is too small for the strings.
long status_of(std::uint64_t mount, std::uint64_t wanted, std::span<std::byte> buffer) noexcept {
  const kernel::MountIdRequest request{sizeof request, 0, mount, wanted};
  return system_call(kernel::sys_statmount, &request, buffer.data(), buffer.size(), 0);
}

Result<OwnedFd> open_by_status(MountId mount, std::span<const std::byte> buffer) noexcept {
  const auto& status = *reinterpret_cast<const kernel::MountStatus*>(buffer.data());
  const std::size_t at = sizeof status + status.mount_point;
  // A mount that cannot be reached from this root directory has no path, or an empty one.
  if ((status.mask & kernel::statmount_mnt_point) == 0 || at >= buffer.size())
    return failure(ENOENT);
  return open_mount(mount, reinterpret_cast<const char*>(buffer.data() + at));
}

// Opens the mount with the unique ID `unique`. Sets `answer` to what statmount(2) returned.
Result<OwnedFd> open_by_unique_id(MountId mount, std::uint64_t unique, long& answer) noexcept {
  constexpr std::size_t most_paths = 256;  // most paths are shorter
  alignas(kernel::MountStatus) std::byte buffer[sizeof(kernel::MountStatus) + most_paths];
  answer = status_of(unique, kernel::statmount_mnt_point, buffer);
  if (answer == 0) return open_by_status(mount, buffer);
  if (answer != -EOVERFLOW) return failure(static_cast<int>(-answer));
  const PathRoom room;
  if (!room.is_mapped()) return failure(ENOMEM);
  answer = status_of(unique, kernel::statmount_mnt_point, room.bytes());
  if (answer < 0) return failure(static_cast<int>(-answer));
  return open_by_status(mount, room.bytes());
}

// Finds a mount by its reusable ID when there is no /proc.
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
        long answer = 0;
        return open_by_unique_id(mount, unique, answer);
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
    // The table has only the reusable ID; statx(2) returns the unique ID of the mount at that path.
    const bool found = mount.is_unique() ? check_mount(mount, cwd(), table.mount_point()) == 0
                                         : mount == MountId(table.id());
    if (found) return open_mount(mount, table.mount_point());
  }
}

}  // namespace

Result<OwnedFd> find_mount(MountId mount) noexcept {
  long answer = 0;
  if (mount.is_unique()) {
    auto found = open_by_unique_id(mount, mount.get(), answer);
    // The search below would touch every mount point, also those of servers that are gone.
    if (answer == 0 || answer == -ENOENT) return found;
  }
  // The kernel is older, or statmount(2) is refused. For a reusable ID, the table is one file to
  // read, while listmount(2) would need a system call for each mount.
  const auto mountinfo = open_mountinfo();
  if (mountinfo) {
    MountTable table(*mountinfo);
    return find_in_table(mount, table);
  }
  if (is_shortage(mountinfo.error())) return std::unexpected(mountinfo.error());
  if (mount.is_unique()) return failure(static_cast<int>(-answer));
  return find_in_list(mount);
}

}  // namespace v0
}  // namespace sysfd
