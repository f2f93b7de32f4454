// SPDX-License-Identifier: MIT
//
// Operations on file handles.
#include <sysfd/file_handle.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <unordered_map>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/fanotify.hpp>
#include <sysfd/mount_cache.hpp>

#include "counts/operation.hpp"
#include "counts/raw_handle.hpp"

namespace sysfd_bench {
namespace {

using sysfd::FileHandle;
using sysfd::HandleFlags;
using sysfd::MountCache;
using sysfd::NamedHandle;
using sysfd::OwnedFd;

constexpr const char* directory = "/tmp";
constexpr int handle_fid = 0x200, handle_connectable = 0x2, handle_mnt_id_unique = 0x1;

// Of the directory, with the ID that its mount alone has.
const NamedHandle& named() {
  static const NamedHandle found = [] {
    const auto unique = sysfd::name_to_handle(sysfd::cwd(), directory, {.unique_mount = true});
    return unique ? *unique : require(sysfd::name_to_handle(sysfd::cwd(), directory), directory);
  }();
  return found;
}

RawHandle& raw_handle() {
  static RawHandle handle = checked_name(AT_FDCWD, directory, 0).handle;
  return handle;
}

const OwnedFd& opened() {
  static const OwnedFd made =
      require(sysfd::open(sysfd::cwd(), directory, O_RDONLY | O_DIRECTORY), directory);
  return made;
}

void add_names(Operations& operations) {
  static const int raw_fd = opened().get();
  static const OwnedFd& fd = opened();
  const auto add = [&](const char* name, int raw_flags, HandleFlags flags) {
    operations.push_back(compare(
        name, [raw_flags] { return checked_name(AT_FDCWD, directory, raw_flags); },
        [flags] { return sysfd::name_to_handle(sysfd::cwd(), directory, flags); }));
  };
  add("handle: name_to_handle", 0, {});
  add("handle: name_to_handle, follow", AT_SYMLINK_FOLLOW, {.follow = true});
  add("handle: name_to_handle, fid", handle_fid, {.fid = true});
  add("handle: name_to_handle, connectable", handle_connectable, {.connectable = true});
  add("handle: name_to_handle, unique_mount", handle_mnt_id_unique, {.unique_mount = true});
  operations.push_back(compare(
      "handle: name_to_handle of a descriptor",
      [] { return checked_name(raw_fd, "", AT_EMPTY_PATH); },
      [] { return sysfd::name_to_handle(fd); }));
}

// statmount(2) of Linux 6.8, which libc's headers do not have.
struct RawMountRequest {
  std::uint32_t size, spare;
  std::uint64_t mount, wanted;
};
struct RawMountStatus {
  std::uint32_t size, options;
  std::uint64_t mask;
  std::uint32_t others[23];
  std::uint32_t mount_point;
  std::uint64_t spare[50];
  char strings[4097];
};
static_assert(offsetof(RawMountStatus, mount_point) == 108);
static_assert(offsetof(RawMountStatus, strings) == 512);

RawFd find_raw(std::uint64_t mount) {
  constexpr std::uint64_t mnt_point = 0x10;
  constexpr unsigned mnt_id_unique = 0x4000;
  constexpr long sys_statmount = 457;
  const RawMountRequest request{sizeof request, 0, mount, mnt_point};
  RawMountStatus status;
  checked(::syscall(sys_statmount, &request, &status, sizeof status, 0));
  if ((status.mask & mnt_point) == 0) give_up("no path");
  const auto opened = static_cast<int>(checked(
      ::openat(AT_FDCWD, status.strings + status.mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  struct statx found;
  checked(::statx(opened, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, mnt_id_unique, &found));
  if ((found.stx_mask & mnt_id_unique) == 0 || found.stx_mnt_id != mount) give_up("over it");
  return RawFd(opened);
}

void add_opening(Operations& operations) {
  static const int raw_mount = opened().get();
  static const OwnedFd& mount = opened();
  static const NamedHandle& file = named();
  operations.push_back(compare(
      "handle: open_by_handle", [] { return RawFd(open_raw(raw_mount, raw_handle(), O_PATH)); },
      [] { return sysfd::open_by_handle(mount, file.handle, O_PATH); }));

  operations.push_back(compare(
      "handle: find_mount", [] { return find_raw(file.mount.get()); },
      [] { return sysfd::find_mount(file.mount); }));

  // The mount and the list of mounts are open, and nothing has changed.
  static MountCache cache;
  const Around with_cache{.before = [] { (void)require(cache.find(file.mount), "mount"); }};
  // It keeps descriptors too: otherwise there would be nothing to find.
  static const std::unordered_map<sysfd::MountId, int> raw_cache{{file.mount, raw_mount}};
  const auto find_in_raw = [] {
    pollfd changed{raw_mount, POLLPRI, 0};  // a directory, of which this can be asked too
    if (::poll(&changed, 1, 0) != 0) give_up("mounts have changed");
    const auto found = raw_cache.find(file.mount);
    if (found == raw_cache.end()) give_up("no such mount");
    return found->second;
  };
  operations.push_back(compare(
      "handle: MountCache::find", find_in_raw, [] { return cache.find(file.mount); }, with_cache));
  operations.push_back(compare(
      "handle: MountCache::open_by_handle",
      [find_in_raw] { return RawFd(open_raw(find_in_raw(), raw_handle(), O_PATH)); },
      [] { return cache.open_by_handle(file, O_PATH); }, with_cache));
  operations.push_back(compare(
      "handle: file_system_id",
      [] {
        struct statfs status;
        checked(::fstatfs(raw_mount, &status));
        return status.f_fsid;
      },
      [] { return sysfd::file_system_id(mount); }));
}

// Without a system call.
void add_values(Operations& operations) {
  static const std::array<std::byte, 8> content{std::byte{1}, std::byte{2}};
  static const FileHandle handle = require(FileHandle::from_parts(1, content), "from_parts");
  static const FileHandle other = handle;
  static const std::vector<std::byte> stored = handle.serialize();
  operations.push_back(
      alone("handle: from_parts", [] { return FileHandle::from_parts(1, content); }));
  operations.push_back(alone("handle: serialize", [] { return handle.serialize(); }));
  operations.push_back(
      alone("handle: deserialize", [] { return FileHandle::deserialize(stored); }));
  operations.push_back(alone("handle: ==", [] { return handle == other; }));
  operations.push_back(alone("handle: <", [] { return handle < other; }));
  operations.push_back(alone("handle: hash", [] { return std::hash<FileHandle>()(handle); }));
}

// An event about one file, in a directory with this name, as the kernel writes it.
struct NamedEvent {
  fanotify_event_metadata metadata{};
  fanotify_event_info_header record{};
  std::array<std::int32_t, 2> fsid{};
  std::uint32_t size = 8;
  std::int32_t type = 1;
  std::array<char, 8> handle{};
  std::array<char, 12> name{"file.txt"};
};

void add_events(Operations& operations) {
  static const NamedEvent event = [] {
    NamedEvent made;
    made.metadata.event_len = sizeof made;
    made.metadata.vers = FANOTIFY_METADATA_VERSION;
    made.metadata.metadata_len = FAN_EVENT_METADATA_LEN;
    made.metadata.mask = FAN_CREATE;
    made.metadata.fd = FAN_NOFD;
    made.record.info_type = FAN_EVENT_INFO_TYPE_DFID_NAME;
    made.record.len = sizeof made - offsetof(NamedEvent, record);
    return made;
  }();
  static const auto bytes = std::as_bytes(std::span(&event, 1));
  operations.push_back(alone("handle: take_event", [] {
    auto left = bytes;
    return sysfd::take_event(left);
  }));
  operations.push_back(alone("handle: take_fid", [] {
    auto left = bytes.subspan(offsetof(NamedEvent, record));
    return sysfd::take_fid(left);
  }));
}

}  // namespace

void add_handle(Operations& operations) {
  add_names(operations);
  add_opening(operations);
  add_values(operations);
  add_events(operations);
}

}  // namespace sysfd_bench
