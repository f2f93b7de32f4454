// SPDX-License-Identifier: MIT
//
// `import sysfd.handle;` in the place of its headers. scripts/module_exports writes this.
module;
#include <sysfd/fanotify.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/mount_cache.hpp>

export module sysfd.handle;
export import sysfd.ownedfd;

export namespace sysfd {
using sysfd::FanotifyEvent;
using sysfd::FanotifyEvents;
using sysfd::FanotifyFid;
using sysfd::FanotifyFidKind;
using sysfd::FanotifyFids;
using sysfd::FileHandle;
using sysfd::FileSystemId;
using sysfd::HandleFlags;
using sysfd::MountCache;
using sysfd::MountId;
using sysfd::NamedHandle;
using sysfd::file_system_id;
using sysfd::find_mount;
using sysfd::name_to_handle;
using sysfd::nsfs_root;
using sysfd::open_by_handle;
using sysfd::pidfs_root;
using sysfd::take_event;
using sysfd::take_fid;
}  // namespace sysfd

// An importer finds these specializations only if something here names them.
namespace sysfd::detail {
using hash_of_FileHandle = std::hash<sysfd::FileHandle>;
using hash_of_MountId = std::hash<sysfd::MountId>;
}  // namespace sysfd::detail
