// SPDX-License-Identifier: MIT
//
// Runs every function of this module on a thread with a stack of 16 KiB.
#include <sysfd/file_handle.hpp>

#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/syscall.h>

#include <climits>
#include <filesystem>
#include <span>
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/fanotify.hpp>
#include <sysfd/mount_cache.hpp>

#include "support/prelude.hpp"

#include "handle/made_events.hpp"
#include "handle/mount_ids.hpp"
#include "handle/scratch_file_system.hpp"
#include "support/refuse_calls.hpp"
#include "support/small_stack.hpp"

namespace sysfd_test {
namespace {

class HandleSmallStack : public HandleTest {};

TEST_F(HandleSmallStack, NamesAndFiles) {
  const auto path = files().create("file", "content");
  run_on_small_stack([&] {
    const auto named = must(name_to_handle(cwd(), path, {.follow = true}));
    EXPECT_TRUE(name_to_handle(files().root()));
    for (const HandleFlags flags : {HandleFlags{.fid = true}, HandleFlags{.connectable = true},
                                    HandleFlags{.unique_mount = true}})
      (void)name_to_handle(cwd(), path, flags);
    EXPECT_TRUE(open_by_handle(files().root(), named.handle, O_RDONLY));
    EXPECT_TRUE(file_system_id(files().root()));
    (void)open_by_handle(pidfs_root(), named.handle, O_RDONLY);
    (void)open_by_handle(nsfs_root(), named.handle, O_RDONLY);
  });
}

TEST_F(HandleSmallStack, Values) {
  const FileHandle handle = handle_of(files().create("file"));
  run_on_small_stack([&] {
    const auto stored = handle.serialize();
    const FileHandle again = must(FileHandle::deserialize(stored));
    EXPECT_TRUE(again == handle && (again <=> handle) == 0);
    EXPECT_EQ(std::hash<FileHandle>()(again), std::hash<FileHandle>()(handle));
    EXPECT_EQ(must(FileHandle::from_parts(handle.type(), handle.bytes())), handle);
    EXPECT_EQ(std::hash<MountId>()(MountId(1)), std::hash<MountId>()(MountId(1)));
  });
}

// Finds mounts in each way, with the longest path.
TEST_F(HandleSmallStack, Mounts) {
  auto place = files().path();
  while (place.native().size() + 251 < PATH_MAX)
    place /= std::string(250, 'x');
  std::filesystem::create_directories(place);
  const BindMount mounted("/proc", place);
  constexpr int sys_statmount = 457;
  for (const int refused :
       {static_cast<int>(SYS_getpgid), sys_statmount, static_cast<int>(SYS_openat2)})
    for (const bool unique : {false, true}) {
      if (unique && !has_unique_ids(files().root())) continue;
      const MountId id = mount_id(place, unique);
      run_apart([&] {
        run_on_small_stack([&] {
          refuse_calls({{refused, ENOTNAM}});
          (void)find_mount(id);
          MountCache mounts;
          (void)mounts.find(id);
          (void)mounts.find(id);
          mounts.clear();
        });
      });
    }
}

TEST_F(HandleSmallStack, OpeningThroughTheCache) {
  const auto named = must(name_to_handle(cwd(), files().create("file", "content")));
  run_on_small_stack([&] {
    MountCache mounts;
    EXPECT_TRUE(mounts.open_by_handle(named, O_RDONLY));
    EXPECT_TRUE(mounts.open_by_handle(named, O_RDONLY));
  });
}

TEST_F(HandleSmallStack, Events) {
  const EventBytes bytes = some_events();
  run_on_small_stack([&] {
    int fids = 0;
    for (const auto& event : FanotifyEvents(bytes))
      for (const auto& fid : event->fids())
        fids += fid.has_value();
    EXPECT_EQ(fids, 6);
  });
}

}  // namespace
}  // namespace sysfd_test
