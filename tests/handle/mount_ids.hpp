// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_HANDLE_MOUNT_IDS_HPP
#define SYSFD_TESTS_HANDLE_MOUNT_IDS_HPP

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <sysfd/create.hpp>
#include <sysfd/file_handle.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

// Uses statx(2), which also works for file systems without handles.
inline MountId mount_id(BorrowedFd file, bool unique) {
  constexpr unsigned statx_mnt_id_unique = 0x4000;
  struct statx status;
  const unsigned mask = unique ? statx_mnt_id_unique : STATX_MNT_ID;
  if (::statx(file.get(), "", AT_EMPTY_PATH, mask, &status) != 0 || !(status.stx_mask & mask))
    std::abort();
  return unique ? MountId::unique(status.stx_mnt_id) : MountId(static_cast<int>(status.stx_mnt_id));
}

inline MountId mount_id(const std::filesystem::path& path, bool unique) {
  const auto file = must(sysfd::open(cwd(), path, O_PATH));
  return mount_id(file, unique);
}

inline bool has_unique_ids(BorrowedFd file) {
  return name_to_handle(file, {.unique_mount = true}).has_value();
}

// Is mounted while this object lives.
class BindMount {
 public:
  BindMount(const std::filesystem::path& what, const std::filesystem::path& where) : where_(where) {
    if (::mount(what.c_str(), where_.c_str(), nullptr, MS_BIND, nullptr) == 0) return;
    std::perror("bind mount");
    std::abort();
  }
  ~BindMount() { ::umount2(where_.c_str(), MNT_DETACH); }
  BindMount(const BindMount&) = delete;
  BindMount& operator=(const BindMount&) = delete;

 private:
  std::filesystem::path where_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_HANDLE_MOUNT_IDS_HPP
