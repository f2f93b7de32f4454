// SPDX-License-Identifier: MIT
//
// Every operation of handle that calls the kernel, beside the raw calls. Finding a mount by hand is
// to know its path and to open it.
#include <fcntl.h>
#include <poll.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <sysfd/create.hpp>
#include <sysfd/fanotify.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/mount_cache.hpp>

#include "support/pair.hpp"
#include "support/raw_handle.hpp"

namespace {

using sysfd_bench::add_pair;
using sysfd_bench::name_raw;
using sysfd_bench::RawNamed;

const char* const path = "/tmp";

long open_and_close(int mount, RawNamed& named) {
  return ::close(sysfd_bench::open_raw(mount, named.handle, O_PATH));
}

void add_names(sysfd::BorrowedFd file) {
  const int number = file.get();
  const auto by_path = [](int flags) {
    return [flags] {
      RawNamed named;
      return name_raw(AT_FDCWD, path, flags, named);
    };
  };
  const auto ours = [](sysfd::HandleFlags flags) {
    return [flags] { return sysfd::name_to_handle(sysfd::cwd(), path, flags); };
  };
  constexpr int unique = 0x001;
  constexpr int connectable = 0x002;
  constexpr int fid = 0x200;
  add_pair("name_to_handle", by_path(0), ours({}));
  add_pair("name_to_handle, follow", by_path(AT_SYMLINK_FOLLOW), ours({.follow = true}));
  add_pair("name_to_handle, fid", by_path(fid), ours({.fid = true}));
  add_pair("name_to_handle, connectable", by_path(connectable), ours({.connectable = true}));
  add_pair("name_to_handle, unique_mount", by_path(unique), ours({.unique_mount = true}));
  add_pair(
      "name_to_handle of an open file",
      [=] {
        RawNamed named;
        return name_raw(number, "", AT_EMPTY_PATH, named);
      },
      [=] { return sysfd::name_to_handle(file); });
  add_pair(
      "file_system_id",
      [=] {
        struct statfs answer{};
        return ::fstatfs(number, &answer);
      },
      [=] { return sysfd::file_system_id(file); });
}

void add_opens(sysfd::BorrowedFd directory) {
  static RawNamed raw;
  name_raw(AT_FDCWD, path, 0, raw);
  static const auto named = *sysfd::name_to_handle(sysfd::cwd(), path);
  static const auto unique = sysfd::name_to_handle(sysfd::cwd(), path, {.unique_mount = true});
  static sysfd::MountCache cache;
  const int number = directory.get();
  static const int mountinfo = ::open("/proc/thread-self/mountinfo", O_RDONLY | O_CLOEXEC);
  const auto poll_mounts = [] {
    pollfd fd{mountinfo, POLLPRI, 0};
    return ::poll(&fd, 1, 0);
  };
  const auto open_root = [] { return ::close(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); };

  add_pair(
      "open_by_handle, close", [=] { return open_and_close(number, raw); },
      [=] { return sysfd::open_by_handle(directory, named.handle, O_PATH); });
  add_pair("find_mount, close", open_root, [] { return sysfd::find_mount(named.mount); });
  if (unique)
    add_pair("find_mount of a unique ID, close", open_root,
             [] { return sysfd::find_mount(unique->mount); });
  add_pair("MountCache::find, nothing has changed", poll_mounts,
           [] { return cache.find(named.mount); });
  add_pair(
      "MountCache::open_by_handle, close",
      [=] {
        poll_mounts();
        return open_and_close(number, raw);
      },
      [] { return cache.open_by_handle(named, O_PATH); });
}

}  // namespace

int main(int argc, char** argv) {
  const auto directory = *sysfd::open(sysfd::cwd(), path, O_RDONLY | O_DIRECTORY);
  add_names(directory);
  add_opens(directory);
  return sysfd_bench::run_pairs(argc, argv);
}
