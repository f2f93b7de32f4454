// SPDX-License-Identifier: MIT
#include <sysfd/file_handle.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "support/prelude.hpp"

#include "handle/scratch_file_system.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

class NameToHandle : public HandleTest {};

TEST_F(NameToHandle, PathAndDescriptorAgree) {
  const auto path = files().create("file");
  const auto file = sysfd::open(cwd(), path, O_RDONLY);
  const auto path_only = sysfd::open(cwd(), path, O_PATH);
  ASSERT_TRUE(file && path_only);
  const auto by_path = name_to_handle(cwd(), path);
  const auto by_descriptor = name_to_handle(*file);
  const auto by_path_only = name_to_handle(*path_only);
  ASSERT_TRUE(by_path && by_descriptor && by_path_only);
  EXPECT_EQ(by_path->handle, by_descriptor->handle);
  EXPECT_EQ(by_path->mount, by_descriptor->mount);
  EXPECT_EQ(by_path->handle, by_path_only->handle);
  EXPECT_EQ(by_path->mount, by_path_only->mount);
  EXPECT_GT(by_path->handle.bytes().size(), 0U);
  EXPECT_LT(by_path->handle.bytes().size(), FileHandle::max_size);
}

TEST_F(NameToHandle, PathIsRelativeToTheDirectory) {
  const auto path = files().create("file");
  const auto relative = name_to_handle(files().root(), "file");
  ASSERT_TRUE(relative);
  EXPECT_EQ(relative->handle, handle_of(path));
}

TEST_F(NameToHandle, DifferentFilesHaveDifferentHandles) {
  EXPECT_NE(handle_of(files().create("one")), handle_of(files().create("two")));
}

TEST_F(NameToHandle, HardLinkHasTheSameHandle) {
  const auto path = files().create("file");
  std::filesystem::create_hard_link(path, files().path() / "link");
  EXPECT_EQ(handle_of(path), handle_of(files().path() / "link"));
}

TEST_F(NameToHandle, RenameKeepsTheHandle) {
  const auto path = files().create("file");
  const auto before = handle_of(path);
  std::filesystem::rename(path, files().path() / "renamed");
  EXPECT_EQ(handle_of(files().path() / "renamed"), before);
}

TEST_F(NameToHandle, ASymbolicLinkHasAHandleOfItsOwnUnlessFollowed) {
  const auto target = files().create("target");
  const auto link = files().path() / "link";
  std::filesystem::create_symlink(target, link);
  EXPECT_NE(handle_of(link), handle_of(target));
  EXPECT_EQ(handle_of(link, {.follow = true}), handle_of(target));
}

TEST_F(NameToHandle, ADanglingLinkHasAHandleButNothingToFollow) {
  const auto link = files().path() / "link";
  std::filesystem::create_symlink("absent", link);
  EXPECT_TRUE(name_to_handle(cwd(), link));
  EXPECT_EQ(error_of(name_to_handle(cwd(), link, {.follow = true})),
            std::errc::no_such_file_or_directory);
}

TEST_F(NameToHandle, MountIdIsTheOneOfFdinfo) {
  const auto file = sysfd::open(cwd(), files().create("file"), O_RDONLY);
  ASSERT_TRUE(file);
  std::ifstream fdinfo("/proc/self/fdinfo/" + std::to_string(file->get()));
  std::string label;
  int mount = 0;
  while (fdinfo >> label && label != "mnt_id:") {
  }
  ASSERT_TRUE(fdinfo >> mount);
  EXPECT_EQ(name_to_handle(*file)->mount, MountId(mount));
}

TEST_F(NameToHandle, MountIdIsTheOneOfMountinfo) {
  const auto named = name_to_handle(cwd(), files().create("file"));
  ASSERT_TRUE(named);
  std::ifstream mountinfo("/proc/self/mountinfo");
  std::string mounted_at;
  for (std::string line; std::getline(mountinfo, line);) {
    std::istringstream fields(line);
    int id = 0;
    std::string parent, device, root, mount_point;
    fields >> id >> parent >> device >> root >> mount_point;
    if (MountId(id) == named->mount) mounted_at = mount_point;
  }
  EXPECT_EQ(mounted_at, files().path());
}

TEST(NameToHandleErrors, AFileSystemWithoutHandlesSaysSo) {
  EXPECT_EQ(error_of(name_to_handle(cwd(), "/proc/self/status")),
            std::errc::operation_not_supported);
  const auto file = sysfd::open(cwd(), "/proc/self/status", O_RDONLY);
  ASSERT_TRUE(file);
  EXPECT_EQ(error_of(name_to_handle(*file)), std::errc::operation_not_supported);
}

TEST(NameToHandleErrors, AHandleLargerThanTheLargestIsNotSupported) {
  run_apart([] {
    refuse_calls({{SYS_name_to_handle_at, EOVERFLOW}});
    EXPECT_EQ(error_of(name_to_handle(cwd(), "/")), std::errc::operation_not_supported);
  });
}

TEST(NameToHandleErrors, OthersAreThoseOfThePath) {
  const auto by_path = [](CStr path) { return error_of(name_to_handle(cwd(), path)); };
  EXPECT_EQ(by_path("/absent/file"), std::errc::no_such_file_or_directory);
  EXPECT_EQ(by_path("/dev/null/file"), std::errc::not_a_directory);
  EXPECT_EQ(by_path(""), std::errc::no_such_file_or_directory);
  EXPECT_EQ(by_path("/\0"s), std::errc::invalid_argument);
  EXPECT_EQ(by_path(static_cast<const char*>(nullptr)), std::errc::invalid_argument);
}

TEST(NameToHandleErrors, AClosedDescriptorIsNone) {
  const int number = some_file().release();
  ::close(number);
  const BorrowedFd closed = BorrowedFd::unsafe_borrow(number);
  EXPECT_EQ(error_of(name_to_handle(closed)), std::errc::bad_file_descriptor);
  EXPECT_EQ(error_of(name_to_handle(closed, "file")), std::errc::bad_file_descriptor);
}

}  // namespace
}  // namespace sysfd_test
