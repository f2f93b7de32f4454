// SPDX-License-Identifier: MIT
//
// Tests kernels and file systems that do not know a flag, and file systems with special handles.
#include <sysfd/file_handle.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "handle/new_file_system.hpp"
#include "handle/scratch_file_system.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

class HandleFlagsTest : public HandleTest {};

TEST_F(HandleFlagsTest, ADescriptorTakesThemAsAPathDoes) {
  const auto by_path = name_to_handle(cwd(), files().path(), {.unique_mount = true});
  const auto by_descriptor = name_to_handle(files().root(), {.unique_mount = true});
  if (!by_path) GTEST_SKIP() << "needs AT_HANDLE_MNT_ID_UNIQUE (Linux 6.12)";
  ASSERT_TRUE(by_descriptor);
  EXPECT_EQ(by_path->mount, by_descriptor->mount);
  EXPECT_EQ(by_path->handle, by_descriptor->handle);
  EXPECT_TRUE(by_descriptor->mount.is_unique());
  EXPECT_NE(by_descriptor->mount, name_to_handle(files().root())->mount);

  const auto fid = name_to_handle(files().root(), {.fid = true, .unique_mount = true});
  ASSERT_TRUE(fid);
  EXPECT_TRUE(fid->handle.is_fid());
  EXPECT_EQ(fid->mount, by_path->mount);
}

TEST_F(HandleFlagsTest, WhatAKernelDoesNotKnowIsNotSupported) {
  const BorrowedFd root = files().root();
  run_apart([root] {
    refuse_calls({{SYS_name_to_handle_at, EINVAL}});
    for (const HandleFlags flags :
         {HandleFlags{.fid = true}, {.connectable = true}, {.unique_mount = true}})
      EXPECT_EQ(error_of(name_to_handle(root, ".", flags)), std::errc::operation_not_supported);
    EXPECT_EQ(error_of(name_to_handle(root, ".")), std::errc::invalid_argument);
    EXPECT_EQ(error_of(name_to_handle(root, ".", {.follow = true})), std::errc::invalid_argument);
  });
}

TEST_F(HandleFlagsTest, ThatExcludeEachOtherAreInvalid) {
  EXPECT_EQ(error_of(name_to_handle(files().root(), ".", {.fid = true, .connectable = true})),
            std::errc::invalid_argument);
  EXPECT_EQ(error_of(name_to_handle(files().root(), {.connectable = true})),
            std::errc::invalid_argument);
}

TEST_F(HandleFlagsTest, AMountAfterAnotherHasAnotherUniqueId) {
  std::optional<MountId> before;
  for (int i = 0; i < 5; ++i) {
    const ScratchFileSystem made;
    const auto named = name_to_handle(made.root(), {.unique_mount = true});
    if (!named) GTEST_SKIP() << "needs AT_HANDLE_MNT_ID_UNIQUE (Linux 6.12)";
    EXPECT_NE(named->mount, before);
    before = named->mount;
  }
}

// Overlayfs without nfs_export has handles that identify files, but cannot open them.
TEST_F(HandleFlagsTest, AFileSystemThatOpensNothingHasFids) {
  const NewFileSystem made(overlay);
  if (!made.missing().empty()) GTEST_SKIP() << made.missing();
  const auto path = made.create("file");
  EXPECT_EQ(error_of(name_to_handle(cwd(), path)), std::errc::operation_not_supported);
  const auto fid = name_to_handle(cwd(), path, {.fid = true});
  if (!fid) GTEST_SKIP() << "needs AT_HANDLE_FID of overlayfs";
  EXPECT_NE(fid->handle, name_to_handle(cwd(), made.create("other"), {.fid = true})->handle);
  std::filesystem::rename(path, made.path() / "renamed");
  EXPECT_EQ(fid->handle, name_to_handle(cwd(), made.path() / "renamed", {.fid = true})->handle);
  EXPECT_EQ(error_of(open_by_handle(files().root(), fid->handle, O_RDONLY)),
            std::errc::operation_not_supported);
}

TEST_F(HandleFlagsTest, ProcHasFidsOnly) {
  const char* path = "/proc/self/status";
  EXPECT_EQ(error_of(name_to_handle(cwd(), path)), std::errc::operation_not_supported);
  SYSFD_REQUIRE_KERNEL("AT_HANDLE_FID");
  const auto fid = name_to_handle(cwd(), path, {.fid = true});
  if (error_of(fid) == std::errc::operation_not_supported)
    GTEST_SKIP() << "needs AT_HANDLE_FID of proc";
  ASSERT_TRUE(fid) << fid.error().message();
  EXPECT_EQ(fid->handle, name_to_handle(cwd(), path, {.fid = true})->handle);
  EXPECT_EQ(error_of(open_by_handle(files().root(), fid->handle, O_RDONLY)),
            std::errc::operation_not_supported);
}

class CgroupHandle : public HandleTest {
 protected:
  void SetUp() override {
    HandleTest::SetUp();
    if (IsSkipped()) return;
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      path_ = std::string(root) + "/sysfd-test-" + std::to_string(::getpid());
      if (::access((std::string(root) + "/cgroup.procs").c_str(), F_OK) != 0) continue;
      root_.emplace(must(sysfd::open(cwd(), root, O_RDONLY | O_DIRECTORY)));
      if (std::filesystem::create_directory(path_)) return;
    }
    GTEST_SKIP() << "needs cgroup2";
  }
  void TearDown() override {
    if (root_) ::rmdir(path_.c_str());
  }

  std::string path_;
  std::optional<OwnedFd> root_;
};

TEST_F(CgroupHandle, IsTheCgroupIdAndStaleOnceTheCgroupIsGone) {
  const FileHandle handle = handle_of(path_);
  struct stat status;
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  const std::uint64_t id = status.st_ino;
  EXPECT_EQ(handle, must(FileHandle::from_parts(handle.type(), std::as_bytes(std::span(&id, 1)))));
  {
    const auto opened = open_by_handle(*root_, handle, O_RDONLY | O_DIRECTORY);
    ASSERT_TRUE(opened) << opened.error().message();
    const OwnedFd expected = must(sysfd::open(cwd(), path_, O_RDONLY));
    EXPECT_TRUE(same_file(opened->get(), expected.get()));
  }
  ASSERT_EQ(::rmdir(path_.c_str()), 0);
  EXPECT_EQ(error_of(open_by_handle(*root_, handle, O_RDONLY)).value(), ESTALE);
}

TEST(PidfsRoot, OpensAProcessByItsHandle) {
  const OwnedFd self =
      must(OwnedFd::from_syscall(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))));
  const auto named = name_to_handle(self);
  if (!named) GTEST_SKIP() << "needs file handles of pidfds (Linux 6.14)";
  const auto by_pidfd = open_by_handle(self, named->handle, 0);
  ASSERT_TRUE(by_pidfd) << by_pidfd.error().message();
  EXPECT_TRUE(same_file(by_pidfd->get(), self.get()));
  SYSFD_REQUIRE_KERNEL("FD_PIDFS_ROOT");
  const auto by_root = open_by_handle(pidfs_root(), named->handle, 0);
  ASSERT_TRUE(by_root) << by_root.error().message();
  EXPECT_TRUE(same_file(by_root->get(), self.get()));
  EXPECT_EQ(::fcntl(by_root->get(), F_GETFD), FD_CLOEXEC);
}

TEST(NsfsRoot, OpensANamespaceByItsHandle) {
  SYSFD_REQUIRE_KERNEL("FD_NSFS_ROOT");
  for (const std::string kind : {"net", "uts", "ipc", "pid", "mnt", "user", "cgroup", "time"}) {
    SCOPED_TRACE(kind);
    const auto mine = sysfd::open(cwd(), "/proc/self/ns/" + kind, O_RDONLY);
    if (error_of(mine) == std::errc::no_such_file_or_directory) continue;  // a kernel without it
    ASSERT_TRUE(mine) << mine.error().message();
    const auto named = name_to_handle(*mine);
    ASSERT_TRUE(named) << named.error().message();
    const auto opened = open_by_handle(nsfs_root(), named->handle, O_RDONLY);
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_TRUE(same_file(opened->get(), mine->get()));
  }
}

}  // namespace
}  // namespace sysfd_test
