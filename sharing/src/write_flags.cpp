// SPDX-License-Identifier: MIT
#include "write_flags.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// Lists the file systems (from linux/magic.h, and from fs/xfs, fs/jfs, ... if it has none) where
// the flags of the call alone decide where a write goes. Others are not trusted: overlayfs, and
// FUSE if it passes writes through, write to another file, which has O_APPEND if the description
// has it; servers of FUSE and 9p open a file of theirs with the O_APPEND of open(2); ZFS checks the
// flags of the description in addition to those of the call.
constexpr std::uint32_t honouring[] = {
    0x0000ef53,  // ext2, ext3, ext4
    0x58465342,  // XFS
    0x9123683e,  // Btrfs
    0xf2f52010,  // F2FS
    0x01021994,  // tmpfs, memfd_create(2)
    0x858458f6,  // ramfs
    0x00006969,  // NFS: the client places it
    0x00004d44,  // FAT
    0x2011bab0,  // exFAT
    0x7366746e,  // NTFS
    0xca451a4e,  // bcachefs
    0x3153464a,  // JFS
    0x00003434,  // NILFS2
    0x15013346,  // UDF
    0x62656572,  // sysfs, where nothing is appended
    0x63677270,  // cgroup v2, likewise
};
constexpr std::uint32_t overlayfs = 0x794c7630;

// True since Linux 6.9. Tries it with an invalid buffer: whatever the call returns, nothing is
// written.
Result<bool> kernel_has_noappend(int fd) noexcept {
  const iovec nothing{nullptr, 1};
  constexpr int contradiction = kernel::rwf_append | kernel::rwf_noappend;
  const long answer = with_flags(SYS_pwritev2, fd, std::span(&nothing, 1), 0, contradiction);
  if (answer == -EBADF) return failure(EBADF);
  return answer == -EINVAL || answer == -EFAULT;
}

}  // namespace

Result<WriteFlags> find_write_flags(int fd) noexcept {
  struct statfs file_system{};
  if (detail::retry_eintr([&] { return ::fstatfs(fd, &file_system); }) == -1) return last_error();
  const auto type = static_cast<std::uint32_t>(file_system.f_type);
  if (std::ranges::find(honouring, type) != std::end(honouring)) return WriteFlags::honoured;
  struct stat status{};
  if (const long answer = system_call(SYS_fstat, fd, &status); answer < 0)
    return failure(static_cast<int>(-answer));
  if (!S_ISREG(status.st_mode)) return WriteFlags::honoured;  // a device: its driver writes
  if (type != overlayfs) return WriteFlags::noappend_ignored;
  // Before Linux 6.7, overlayfs ignores even RWF_APPEND. Kernels from 6.7 to 6.8 are treated like
  // older ones.
  const auto is_new = kernel_has_noappend(fd);
  if (!is_new.has_value()) return std::unexpected(is_new.error());
  return *is_new ? WriteFlags::noappend_ignored : WriteFlags::ignored;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
