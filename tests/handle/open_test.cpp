// SPDX-License-Identifier: MIT
#include <sysfd/file_handle.hpp>

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "support/prelude.hpp"

#include "handle/drop_capability.hpp"
#include "handle/scratch_file_system.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

class OpenByHandle : public HandleTest {};

TEST_F(OpenByHandle, FindsTheFileAfterARename) {
  const auto path = files().create("file", "content");
  const auto handle = handle_of(path);
  std::filesystem::create_directory(files().path() / "elsewhere");
  std::filesystem::rename(path, files().path() / "elsewhere" / "renamed");
  files().create("file", "impostor");
  const auto file = open_by_handle(files().root(), handle, O_RDONLY);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(content_of(*file), "content");
}

TEST_F(OpenByHandle, FindsAFileOfASharedFileSystem) {
  const OwnedFd directory = *sysfd::open(cwd(), "/dev/shm", O_RDONLY | O_DIRECTORY);
  const std::string name = "sysfd-test-" + std::to_string(::getpid());
  const auto made = sysfd::open(directory, name, O_RDWR | O_CREAT | O_EXCL, 0600);
  ASSERT_TRUE(made) << made.error().message();
  const auto named = name_to_handle(directory, name);
  ASSERT_EQ(::renameat(directory.get(), name.c_str(), directory.get(), (name + "-2").c_str()), 0);
  const auto found = open_by_handle(directory, named->handle, O_RDONLY);
  ASSERT_EQ(::unlinkat(directory.get(), (name + "-2").c_str(), 0), 0);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_TRUE(same_file(found->get(), made->get()));
}

TEST_F(OpenByHandle, AnyDescriptorOfTheFileSystemWillDo) {
  const auto handle = handle_of(files().create("file", "content"));
  const auto other = sysfd::open(cwd(), files().create("other"), O_RDONLY);
  ASSERT_TRUE(other);
  const auto file = open_by_handle(*other, handle, O_RDONLY);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(content_of(*file), "content");
}

// A test cannot make a terminal on a file system that can open handles.
TEST_F(OpenByHandle, AsksForNoControllingTerminal) {
  const auto handle = handle_of(files().create("file", "content"));
  run_apart([&] {
    refuse_calls({{SYS_open_by_handle_at, ENOTNAM, RefusedCall::Match{2, O_NOCTTY, O_NOCTTY}}});
    EXPECT_EQ(error_of(open_by_handle(files().root(), handle, O_RDWR)).value(), ENOTNAM);
  });
}

TEST_F(OpenByHandle, OpensNothingInPlaceOfAStandardStream) {
  const auto handle = handle_of(files().create("file", "content"));
  run_apart([&] {
    for (const int number : {0, 1, 2})
      ::close(number);
    const auto file = must(open_by_handle(files().root(), handle, O_RDONLY));
    EXPECT_GE(file.get(), 3);
    EXPECT_EQ(content_of(file), "content");
    EXPECT_GE(must(find_mount(must(name_to_handle(file)).mount)).get(), 3);
    EXPECT_FALSE(is_open(0) || is_open(1) || is_open(2));
  });
}

TEST_F(OpenByHandle, OpensWithTheFlags) {
  const auto handle = handle_of(files().create("file", "content"));
  const BorrowedFd root = files().root();
  const auto writable = open_by_handle(root, handle, O_WRONLY | O_APPEND | O_NONBLOCK);
  ASSERT_TRUE(writable);
  EXPECT_EQ(::fcntl(writable->get(), F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK),
            O_WRONLY | O_APPEND | O_NONBLOCK);
  EXPECT_EQ(error_of(open_by_handle(root, handle, O_RDONLY | O_DIRECTORY)),
            std::errc::not_a_directory);
  ASSERT_TRUE(open_by_handle(root, handle, O_WRONLY | O_TRUNC));
  EXPECT_EQ(std::filesystem::file_size(files().path() / "file"), 0U);
}

TEST_F(OpenByHandle, IsCloseOnExecWithoutBeingAsked) {
  const auto handle = handle_of(files().create("file"));
  const auto file = open_by_handle(files().root(), handle, 0);
  ASSERT_TRUE(file);
  EXPECT_EQ(::fcntl(file->get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(OpenByHandle, OpensADirectory) {
  std::filesystem::create_directory(files().path() / "directory");
  const auto handle = handle_of(files().path() / "directory");
  files().create("directory/file", "content");
  const auto directory = open_by_handle(files().root(), handle, O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(directory);
  const auto file = sysfd::open(*directory, "file", O_RDONLY);
  ASSERT_TRUE(file);
  EXPECT_EQ(content_of(*file), "content");
}

TEST_F(OpenByHandle, OpensASymbolicLinkOnlyByPath) {
  const auto link = files().path() / "link";
  std::filesystem::create_symlink("target", link);
  const auto handle = handle_of(link);
  const BorrowedFd root = files().root();
  EXPECT_EQ(error_of(open_by_handle(root, handle, O_RDONLY)),
            std::errc::too_many_symbolic_link_levels);
  const auto opened = open_by_handle(root, handle, O_PATH);
  ASSERT_TRUE(opened);
  char target[16];
  const ssize_t size = ::readlinkat(opened->get(), "", target, sizeof target);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(target, static_cast<std::size_t>(size)), "target");
}

TEST_F(OpenByHandle, AnUnlinkedFileIsFoundAsLongAsItIsOpen) {
  const auto path = files().create("file", "content");
  const auto handle = handle_of(path);
  const BorrowedFd root = files().root();
  {
    const auto keeps_it = sysfd::open(cwd(), path, O_RDONLY);
    ASSERT_TRUE(keeps_it);
    std::filesystem::remove(path);
    EXPECT_TRUE(open_by_handle(root, handle, O_RDONLY));
  }
  EXPECT_EQ(error_of(open_by_handle(root, handle, O_RDONLY)).value(), ESTALE);
}

TEST_F(OpenByHandle, AHandleOfAnotherFileSystemIsStale) {
  const ScratchFileSystem other;
  const auto handle = handle_of(other.create("file"));
  EXPECT_EQ(error_of(open_by_handle(files().root(), handle, O_RDONLY)).value(), ESTALE);
}

TEST_F(OpenByHandle, FlagsThatCreateAFileAreRefused) {
  const auto handle = handle_of(files().create("file"));
  const BorrowedFd root = files().root();
  for (const int flags : {O_CREAT, O_RDWR | O_CREAT | O_EXCL, O_RDWR | O_TMPFILE})
    EXPECT_EQ(error_of(open_by_handle(root, handle, flags)), std::errc::invalid_argument);
}

TEST_F(OpenByHandle, APathOnlyMountDescriptorIsRefused) {
  const auto handle = handle_of(files().create("file"));
  const auto path_only = sysfd::open(cwd(), files().path(), O_PATH);
  ASSERT_TRUE(path_only);
  EXPECT_EQ(error_of(open_by_handle(*path_only, handle, O_RDONLY)), std::errc::bad_file_descriptor);
}

TEST_F(OpenByHandle, NeedsTheCapabilityToPassOverPermissions) {
  const auto handle = handle_of(files().create("file"));
  const BorrowedFd root = files().root();
  ASSERT_TRUE(open_by_handle(root, handle, O_RDONLY));
  run_apart([&] {
    drop_capability(CAP_DAC_READ_SEARCH);
    EXPECT_EQ(error_of(open_by_handle(root, handle, O_RDONLY)), std::errc::operation_not_permitted);
    EXPECT_TRUE(name_to_handle(root)) << "name_to_handle_at(2) needs no privilege";
  });
}

}  // namespace
}  // namespace sysfd_test
