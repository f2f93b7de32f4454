// SPDX-License-Identifier: MIT
#include <sysfd/file_handle.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <string>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "handle/mount_ids.hpp"
#include "handle/scratch_file_system.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

constexpr int sys_statmount = 457;

// Runs each test for both kinds of ID.
class FindMount : public HandleTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    HandleTest::SetUp();
    if (IsSkipped()) return;
    if (GetParam() && !has_unique_ids(files().root()))
      GTEST_SKIP() << "needs AT_HANDLE_MNT_ID_UNIQUE (Linux 6.12)";
  }

  MountId id_of(const std::filesystem::path& path) const { return mount_id(path, GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(By, FindMount, testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "UniqueId" : "ReusableId");
});

TEST_P(FindMount, GivesItsRootToOpenHandlesWith) {
  const auto handle = handle_of(files().create("file", "content"));
  const auto mount = find_mount(id_of(files().path()));
  ASSERT_TRUE(mount) << mount.error().message();
  EXPECT_TRUE(same_file(mount->get(), files().root().get()));
  EXPECT_EQ(::fcntl(mount->get(), F_GETFD), FD_CLOEXEC);
  const auto file = open_by_handle(*mount, handle, O_RDONLY);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(content_of(*file), "content");
}

TEST_P(FindMount, ReadsMountPointsOfEveryName) {
  for (const char* name : {"a b", "tab\tnewline\n", "back\\slash", "\\040", "\\134040", "#", "ü"}) {
    const auto place = files().path() / name;
    std::filesystem::create_directory(place);
    const BindMount mounted("/proc", place);
    const auto mount = find_mount(id_of(place));
    ASSERT_TRUE(mount) << name << ": " << mount.error().message();
    EXPECT_EQ(mount_id(*mount, GetParam()), id_of(place));
  }
}

TEST_P(FindMount, ReadsMountPointsOfEveryLength) {
  auto place = files().path();
  while (place.native().size() + 251 < PATH_MAX) {
    place /= std::string(250, 'x');
    std::filesystem::create_directory(place);
    const BindMount mounted("/proc", place);
    const auto mount = find_mount(id_of(place));
    ASSERT_TRUE(mount) << place.native().size() << ": " << mount.error().message();
    EXPECT_EQ(mount_id(*mount, GetParam()), id_of(place));
  }
}

TEST_P(FindMount, ReadsMountPointsOfEveryLengthWithoutStatmountOrProc) {
  auto place = files().path();
  for (int depth = 0; depth < 8; ++depth)
    place /= std::string(250, 'x');
  std::filesystem::create_directories(place);
  const BindMount mounted("/proc", place);
  const bool has_statmount = kernel_has("statmount and listmount");
  for (const int refused : {static_cast<int>(SYS_openat2), sys_statmount})
    run_apart([&] {
      refuse_calls({{refused, ENOTNAM}});
      const auto mount = find_mount(id_of(place));
      if (mount)
        EXPECT_EQ(mount_id(*mount, GetParam()), id_of(place));
      else
        EXPECT_FALSE(has_statmount) << mount.error().message();
    });
}

// open(2) takes at most 4096 bytes.
TEST_P(FindMount, AMountPointOfTooLongANameIsNone) {
  for (const int depth : {20, 40})
    run_apart([&] {
      ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
      ASSERT_EQ(::chdir(files().path().c_str()), 0);
      const std::string name(250, 'x');
      for (int i = 0; i < depth; ++i)
        ASSERT_TRUE((::mkdir(name.c_str(), 0755) == 0 || errno == EEXIST) &&
                    ::chdir(name.c_str()) == 0);
      ASSERT_EQ(::mount("/proc", ".", nullptr, MS_BIND, nullptr), 0);
      const auto mounted = must(sysfd::open(cwd(), "../" + name, O_PATH | O_DIRECTORY));
      const MountId id = mount_id(mounted, GetParam());
      EXPECT_FALSE(find_mount(id));
      for (const int refused : {static_cast<int>(SYS_openat2), sys_statmount})
        run_apart([&] {
          refuse_calls({{refused, ENOTNAM}});
          EXPECT_FALSE(find_mount(id));
        });
    });
}

TEST_P(FindMount, FindsEachOfVeryManyMounts) {
  std::vector<std::unique_ptr<BindMount>> mounts;
  std::vector<MountId> ids;
  files().create("file");
  for (int i = 0; i < 200; ++i) {
    const auto place = files().path() / ("directory-with-a-long-name-" + std::to_string(i));
    std::filesystem::create_directory(place);
    mounts.push_back(std::make_unique<BindMount>(files().path(), place));
    ids.push_back(id_of(place));
  }
  for (const MountId id : ids) {
    const auto mount = find_mount(id);
    ASSERT_TRUE(mount) << mount.error().message();
    EXPECT_EQ(mount_id(*mount, GetParam()), id);
  }
  mounts.clear();
}

// More than the kernel lists at once, of which only the last ones are searched for.
TEST_P(FindMount, FindsTheLastOfVeryManyMountsWithoutProc) {
  SYSFD_REQUIRE_KERNEL("statmount and listmount");
  run_apart([this] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    std::vector<MountId> ids;
    for (int i = 0; i < 100; ++i) {
      const auto place = files().path() / std::to_string(i);
      std::filesystem::create_directory(place);
      ASSERT_EQ(::mount(files().path().c_str(), place.c_str(), nullptr, MS_BIND, nullptr), 0);
      ids.push_back(id_of(place));
    }
    ASSERT_EQ(::mount("sysfd", "/proc", "tmpfs", 0, nullptr), 0);
    for (const MountId id : std::views::drop(ids, 90)) {
      const auto mount = find_mount(id);
      ASSERT_TRUE(mount) << mount.error().message();
      EXPECT_EQ(mount_id(*mount, GetParam()), id);
    }
  });
}

TEST_P(FindMount, TellsTheMountsOfOneFileSystemApart) {
  std::filesystem::create_directories(files().path() / "part");
  std::filesystem::create_directories(files().path() / "place");
  const BindMount part(files().path() / "part", files().path() / "place");
  const auto mount = find_mount(id_of(files().path() / "place"));
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount_id(*mount, GetParam()), id_of(files().path() / "place"));
  EXPECT_NE(mount_id(*mount, GetParam()), id_of(files().path()));
}

TEST_P(FindMount, AMountUnderAnotherIsBusyUntilTheOtherIsGone) {
  const auto place = files().path() / "place";
  std::filesystem::create_directory(place);
  const BindMount below(files().path(), place);
  const MountId hidden = id_of(place);
  {
    const BindMount above("/proc", place);
    EXPECT_EQ(error_of(find_mount(hidden)), std::errc::device_or_resource_busy);
    const auto visible = find_mount(id_of(place));
    ASSERT_TRUE(visible);
    EXPECT_EQ(mount_id(*visible, GetParam()), id_of(place));
  }
  EXPECT_TRUE(find_mount(hidden));
}

TEST_P(FindMount, AMountThatIsGoneIsNone) {
  const auto place = files().path() / "place";
  std::filesystem::create_directory(place);
  std::optional<BindMount> mounted(std::in_place, "/proc", place);
  const MountId id = id_of(place);
  const auto keeps_open = sysfd::open(cwd(), place, O_RDONLY);
  ASSERT_TRUE(keeps_open) << "so that its number is not reused";
  mounted.reset();
  EXPECT_EQ(error_of(find_mount(id)), std::errc::no_such_file_or_directory);
}

TEST_P(FindMount, AMountedFileIsOpened) {
  const auto file = files().create("file", "content");
  const auto place = files().create("place");
  const BindMount mounted(file, place);
  const auto mount = find_mount(id_of(place));
  ASSERT_TRUE(mount) << mount.error().message();
  EXPECT_EQ(content_of(*mount), "content");
  EXPECT_EQ(mount_id(*mount, GetParam()), id_of(place));
  EXPECT_TRUE(open_by_handle(*mount, handle_of(file), O_RDONLY));
}

TEST_P(FindMount, AMountedDeviceOrFifoIsLeftAlone) {
  const auto place = files().create("place");
  const auto fifo = files().path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const auto& special : {std::filesystem::path("/dev/null"), fifo}) {
    const BindMount mounted(special, place);
    EXPECT_EQ(error_of(find_mount(id_of(place))), std::errc::operation_not_supported) << special;
  }
}

TEST_P(FindMount, AMountOfTheKernelsOwnIsNone) {
  const auto named = name_to_handle(some_file().borrow(), {.unique_mount = GetParam()});
  ASSERT_TRUE(named);
  EXPECT_EQ(error_of(find_mount(named->mount)), std::errc::no_such_file_or_directory);
}

TEST_P(FindMount, WhatIsOutsideOfTheRootDirectoryIsNone) {
  const MountId outside = id_of("/dev");
  const MountId inside = id_of(files().path());
  std::filesystem::create_directory(files().path() / "proc");
  const BindMount proc("/proc", files().path() / "proc");
  run_apart([&] {
    ASSERT_EQ(::chroot(files().path().c_str()), 0);
    ASSERT_EQ(::chdir("/"), 0);
    EXPECT_TRUE(find_mount(inside));
    EXPECT_EQ(error_of(find_mount(outside)), std::errc::no_such_file_or_directory);
  });
}

// The kernel tells others than root nothing at all about such a mount.
TEST_P(FindMount, WhatIsOutsideOfTheRootDirectoryIsNoneForAnOrdinaryUserToo) {
  const MountId outside = id_of("/dev");
  std::filesystem::create_directory(files().path() / "proc");
  const BindMount proc("/proc", files().path() / "proc");
  run_apart([&] {
    ASSERT_EQ(::chroot(files().path().c_str()), 0);
    ASSERT_EQ(::chdir("/"), 0);
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(error_of(find_mount(outside)), std::errc::no_such_file_or_directory);
  });
}

TEST_P(FindMount, WithoutStatmountTheTableIsRead) {
  const MountId id = id_of(files().path());
  const MountId gone = GetParam() ? MountId::unique(7) : MountId(INT_MAX);
  for (const int refusal : {ENOSYS, EPERM})
    run_apart([&] {
      refuse_calls({{sys_statmount, refusal}});
      const auto mount = find_mount(id);
      ASSERT_TRUE(mount) << mount.error().message();
      EXPECT_EQ(mount_id(*mount, GetParam()), id);
      EXPECT_EQ(error_of(find_mount(gone)), std::errc::no_such_file_or_directory);
    });
}

TEST_P(FindMount, WithoutProcTheKernelIsAsked) {
  SYSFD_REQUIRE_KERNEL("statmount and listmount");
  const MountId id = id_of(files().path());
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    // The mounts of the copy have other IDs.
    const MountId copied = id_of(files().path());
    ASSERT_NE(copied, id);
    ASSERT_EQ(::mount("sysfd", "/proc", "tmpfs", 0, nullptr), 0);
    const auto mount = find_mount(copied);
    ASSERT_TRUE(mount) << mount.error().message();
    EXPECT_EQ(mount_id(*mount, GetParam()), copied);
    EXPECT_EQ(error_of(find_mount(id)), std::errc::no_such_file_or_directory);
  });
}

TEST_P(FindMount, WithoutProcAndStatmountSaysSo) {
  const MountId id = id_of(files().path());
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("sysfd", "/proc", "tmpfs", 0, nullptr), 0);
    refuse_calls({{sys_statmount, ENOSYS}, {sys_statmount + 1, ENOSYS}});
    EXPECT_EQ(error_of(find_mount(id)), std::errc::function_not_supported);
  });
}

TEST(FindNoMount, NumbersThatWereNeverUsedAreNone) {
  for (const MountId id : {MountId(0), MountId(-1), MountId(INT_MAX), MountId::unique(0),
                           MountId::unique(1), MountId::unique(~std::uint64_t{0})})
    EXPECT_EQ(error_of(find_mount(id)), std::errc::no_such_file_or_directory) << id.get();
}

}  // namespace
}  // namespace sysfd_test
