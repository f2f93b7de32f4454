// SPDX-License-Identifier: MIT
//
// Tests handles on each type of file system that can open files by them.
#include <sysfd/file_handle.hpp>

#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "handle/drop_capability.hpp"
#include "handle/new_file_system.hpp"
#include "handle/scratch_file_system.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

class EachFileSystem : public testing::TestWithParam<FileSystemType> {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
    made_.emplace(GetParam());
    if (!made_->missing().empty()) GTEST_SKIP() << made_->missing();
  }

  NewFileSystem& files() { return *made_; }

  OwnedFd root() { return must(sysfd::open(cwd(), files().path(), O_RDONLY | O_DIRECTORY)); }

  std::string content_by(const FileHandle& handle) {
    const OwnedFd mount = root();
    const auto file = open_by_handle(mount, handle, O_RDONLY);
    return file ? content_of(*file) : file.error().message();
  }

  std::set<std::string> names_by(const FileHandle& handle) {
    const OwnedFd mount = root();
    const auto directory = open_by_handle(mount, handle, O_RDONLY | O_DIRECTORY);
    if (!directory) return {"error: " + directory.error().message()};
    std::set<std::string> names;
    for (const auto& each :
         std::filesystem::directory_iterator("/proc/self/fd/" + std::to_string(directory->get())))
      names.insert(each.path().filename());
    return names;
  }

  void remount() {
    files().unmount();  // drops what the kernel has cached
    files().mount_again();
  }

  int errno_by(const FileHandle& handle) {
    const OwnedFd mount = root();
    return error_of(open_by_handle(mount, handle, O_RDONLY)).value();
  }

 private:
  std::optional<NewFileSystem> made_;
};

INSTANTIATE_TEST_SUITE_P(With, EachFileSystem,
                         testing::Values(ext4, xfs, btrfs, tmpfs, exported_overlay),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(EachFileSystem, FindsAFileThatWasMoved) {
  const auto path = files().create("file", "content");
  const FileHandle handle = handle_of(path);
  std::filesystem::create_directory(files().path() / "directory");
  std::filesystem::rename(path, files().path() / "directory" / "renamed");
  files().create("file", "impostor");
  EXPECT_EQ(content_by(handle), "content");
  EXPECT_EQ(handle_of(files().path() / "directory" / "renamed"), handle);
}

TEST_P(EachFileSystem, FindsAFileWhoseDirectoriesWereMoved) {
  for (const bool remounts : {false, true}) {
    if (remounts && !GetParam().outlives_mount) return;
    const auto top = files().path() / (remounts ? "again" : "once");
    std::filesystem::create_directories(top / "above/directory");
    std::filesystem::create_directories(top / "elsewhere");
    std::ofstream(top / "above/directory/file") << "content";
    const FileHandle file = handle_of(top / "above/directory/file");
    const FileHandle directory = handle_of(top / "above/directory");
    const FileHandle above = handle_of(top / "above");

    const auto move = [&](const char* from, const char* to) {
      SCOPED_TRACE(to);
      std::filesystem::rename(top / from, top / to);
      if (remounts) remount();
      EXPECT_EQ(content_by(file), "content");
      EXPECT_EQ(names_by(directory), std::set<std::string>{"file"});
    };
    move("above/directory", "above/renamed");
    move("above", "renamed");
    EXPECT_EQ(names_by(above), std::set<std::string>{"renamed"});
    move("renamed/renamed", "elsewhere/moved");
    EXPECT_EQ(names_by(above), std::set<std::string>{});
    EXPECT_EQ(handle_of(top / "elsewhere/moved/file"), file);
  }
}

TEST_P(EachFileSystem, ADeletedDirectoryIsStaleOnceItIsClosed) {
  const auto path = files().path() / "directory";
  std::filesystem::create_directory(path);
  const FileHandle handle = handle_of(path);
  {
    const OwnedFd held = must(sysfd::open(cwd(), path, O_RDONLY | O_DIRECTORY));
    std::filesystem::remove(path);
    const OwnedFd mount = root();
    const auto opened = open_by_handle(mount, handle, O_RDONLY | O_DIRECTORY);
    if (GetParam().type == "overlay"sv) {  // which looks for directories by their paths
      EXPECT_EQ(error_of(opened).value(), ESTALE);
    } else {
      ASSERT_TRUE(opened) << opened.error().message();
      EXPECT_TRUE(same_file(opened->get(), held.get()));
    }
  }
  EXPECT_EQ(errno_by(handle), ESTALE);
  std::filesystem::create_directory(path);
  EXPECT_EQ(errno_by(handle), ESTALE) << "it is another one";
}

TEST_P(EachFileSystem, ADeletedLinkLeavesTheOtherToTheHandle) {
  const auto path = files().create("file", "content"), other = files().path() / "other";
  std::filesystem::create_hard_link(path, other);
  const FileHandle handle = handle_of(path);
  std::filesystem::remove(path);
  EXPECT_EQ(content_by(handle), "content");
  if (GetParam().outlives_mount) {
    remount();
    EXPECT_EQ(content_by(handle), "content");
  }
  std::filesystem::remove(other);
  EXPECT_EQ(errno_by(handle), ESTALE);
}

TEST_P(EachFileSystem, HardLinksAreOneFileAndSymbolicLinksAnother) {
  const auto path = files().create("file", "content");
  std::filesystem::create_hard_link(path, files().path() / "hard");
  std::filesystem::create_symlink("file", files().path() / "symbolic");
  EXPECT_EQ(handle_of(files().path() / "hard"), handle_of(path));
  EXPECT_NE(handle_of(files().path() / "symbolic"), handle_of(path));
  EXPECT_EQ(handle_of(files().path() / "symbolic", {.follow = true}), handle_of(path));
}

TEST_P(EachFileSystem, AnUnlinkedFileIsStaleOnceItIsClosed) {
  const auto path = files().create("file", "content");
  const FileHandle handle = handle_of(path);
  {
    const auto held = sysfd::open(cwd(), path, O_RDONLY);
    ASSERT_TRUE(held);
    std::filesystem::remove(path);
    EXPECT_EQ(content_by(handle), "content");
  }
  EXPECT_EQ(errno_by(handle), ESTALE);
}

TEST_P(EachFileSystem, AFileThatGetsTheInodeNumberIsNotConfused) {
  const auto path = files().create("file");
  const FileHandle handle = handle_of(path);
  std::filesystem::remove(path);
  for (int i = 0; i < 20; ++i) {
    EXPECT_NE(handle_of(files().create("file" + std::to_string(i))), handle);
    EXPECT_EQ(errno_by(handle), ESTALE);
  }
}

TEST_P(EachFileSystem, HandlesOutliveTheMountWhereFilesDo) {
  if (!GetParam().outlives_mount) return;
  const auto before = must(name_to_handle(cwd(), files().create("file", "content")));
  const FileHandle removed = handle_of(files().create("removed"));
  std::filesystem::remove(files().path() / "removed");
  remount();
  EXPECT_EQ(content_by(before.handle), "content");
  EXPECT_EQ(handle_of(files().path() / "file"), before.handle);
  EXPECT_EQ(errno_by(removed), ESTALE);
}

TEST_P(EachFileSystem, HandlesDoNotOutliveTheFileSystem) {
  if (GetParam().outlives_mount) return;
  const FileHandle handle = handle_of(files().create("file"));
  remount();
  EXPECT_EQ(errno_by(handle), ESTALE);
}

TEST_P(EachFileSystem, AStoredHandleOpensTheFile) {
  const FileHandle handle = handle_of(files().create("file", "content"));
  const auto read_back = FileHandle::deserialize(handle.serialize());
  ASSERT_TRUE(read_back);
  EXPECT_EQ(*read_back, handle);
  EXPECT_EQ(content_by(*read_back), "content");
}

// 0xf8 and 0xfb are the types of overlayfs.
TEST_P(EachFileSystem, APartOfAHandleOpensNothing) {
  const FileHandle handle = handle_of(files().create("file"));
  for (const int type : {handle.type(), 0xf8, 0xfb})
    for (std::size_t size = 1; size < handle.bytes().size(); ++size) {
      const auto part = must(FileHandle::from_parts(type, handle.bytes().first(size)));
      const int error = errno_by(part);
      EXPECT_TRUE(error == ESTALE || error == EINVAL) << type << ", " << size << ": " << error;
    }
}

TEST_P(EachFileSystem, AFidIsEqualToTheHandleButOpensNothing) {
  SYSFD_REQUIRE_KERNEL("AT_HANDLE_FID");
  const auto path = files().create("file");
  const auto fid = name_to_handle(cwd(), path, {.fid = true});
  if (error_of(fid) == std::errc::operation_not_supported)
    GTEST_SKIP() << "needs AT_HANDLE_FID (Linux 6.5)";
  ASSERT_TRUE(fid) << fid.error().message();
  EXPECT_TRUE(fid->handle.is_fid());
  EXPECT_EQ(fid->handle, handle_of(path));
  EXPECT_EQ(errno_by(fid->handle), EOPNOTSUPP);
}

TEST_P(EachFileSystem, AConnectableHandleOpensAFileWithItsPathAsLongAsItStays) {
  const auto path = files().create("file", "content");
  const auto named = name_to_handle(cwd(), path, {.connectable = true});
  SYSFD_REQUIRE_KERNEL("AT_HANDLE_CONNECTABLE");
  if (!GetParam().connectable) {
    EXPECT_EQ(error_of(named), std::errc::operation_not_supported);
    return;
  }
  ASSERT_TRUE(named) << named.error().message();
  EXPECT_TRUE(named->handle.is_connectable());
  EXPECT_NE(named->handle, handle_of(path));

  remount();
  {
    const OwnedFd mount = root();
    const auto file = open_by_handle(mount, named->handle, O_RDONLY);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(content_of(*file), "content");
    EXPECT_EQ(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file->get())), path);
  }
  std::filesystem::create_directory(files().path() / "directory");
  std::filesystem::rename(path, files().path() / "directory" / "file");
  remount();
  EXPECT_EQ(errno_by(named->handle), ESTALE);
}

TEST_P(EachFileSystem, DeniedAbsentAndGoneAreThreeErrors) {
  const FileHandle handle = handle_of(files().create("file"));
  const FileHandle gone = handle_of(files().create("gone"));
  std::filesystem::remove(files().path() / "gone");
  EXPECT_EQ(error_of(name_to_handle(cwd(), files().path() / "gone")).value(), ENOENT);
  EXPECT_EQ(errno_by(gone), ESTALE);
  run_apart([&] {
    drop_capability(CAP_DAC_READ_SEARCH);
    EXPECT_EQ(errno_by(handle), EPERM);
    EXPECT_EQ(error_of(name_to_handle(cwd(), files().path() / "gone")).value(), ENOENT);
    EXPECT_EQ(handle_of(files().path() / "file"), handle)
        << "name_to_handle_at(2) needs no privilege";
  });
}

TEST_P(EachFileSystem, TheMountIsFoundByEitherKindOfId) {
  const auto path = files().create("file", "content");
  for (const bool unique : {false, true}) {
    const auto named = name_to_handle(cwd(), path, {.unique_mount = unique});
    if (unique) SYSFD_REQUIRE_KERNEL("AT_HANDLE_MNT_ID_UNIQUE");
    ASSERT_TRUE(named);
    EXPECT_EQ(named->mount.is_unique(), unique);
    const auto mount = find_mount(named->mount);
    ASSERT_TRUE(mount) << mount.error().message();
    const auto file = open_by_handle(*mount, named->handle, O_RDONLY);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(content_of(*file), "content");
  }
}

// An overlay makes a copy of a file of its lower layer when it is changed.
TEST(HandleOfALowerFile, OpensItsCopyOnceItWasCopiedUp) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  NewFileSystem files(exported_overlay);
  if (!files.missing().empty()) GTEST_SKIP() << files.missing();
  files.unmount();
  const auto in_lower = files.lower_layer() / "directory/file";
  const auto path = files.path() / "directory/file";
  std::filesystem::create_directory(in_lower.parent_path());
  std::ofstream(in_lower) << "lower";
  files.mount_again();

  const FileHandle handle = handle_of(path), directory = handle_of(path.parent_path());
  const auto open_handle = [&](const FileHandle& of) {
    const OwnedFd mount = must(sysfd::open(cwd(), files.path(), O_RDONLY | O_DIRECTORY));
    return must(open_by_handle(mount, of, O_RDONLY));
  };
  const auto content = [&] {
    const OwnedFd opened = open_handle(handle);
    return content_of(opened);
  };
  EXPECT_EQ(content(), "lower");
  std::ofstream(path, std::ios::app) << " and upper";
  for (const bool remounts : {false, true}) {
    SCOPED_TRACE(remounts);
    if (remounts) {
      files.unmount();
      files.mount_again();
    }
    EXPECT_EQ(content(), "lower and upper");
    EXPECT_EQ(handle_of(path), handle);
    const OwnedFd opened = open_handle(directory);
    EXPECT_TRUE(
        same_file(opened.get(), must(sysfd::open(cwd(), path.parent_path(), O_PATH)).get()));
  }
  std::ifstream lower(in_lower);
  std::string word;
  EXPECT_TRUE(lower >> word && word == "lower" && !(lower >> word));
}

// The change of the name is what copies it.
TEST(HandleOfALowerFile, FollowsItsNamesUntilTheLastIsDeleted) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  NewFileSystem files(exported_overlay);
  if (!files.missing().empty()) GTEST_SKIP() << files.missing();
  files.unmount();
  std::ofstream(files.lower_layer() / "file") << "content";
  std::filesystem::create_hard_link(files.lower_layer() / "file", files.lower_layer() / "link");
  files.mount_again();

  const auto path = files.path() / "file";
  const FileHandle handle = handle_of(path);
  EXPECT_EQ(handle_of(files.path() / "link"), handle);
  const auto open_handle = [&] {
    const OwnedFd mount = must(sysfd::open(cwd(), files.path(), O_RDONLY | O_DIRECTORY));
    return open_by_handle(mount, handle, O_RDONLY);
  };
  const auto content = [&] {
    const OwnedFd opened = must(open_handle());
    return content_of(opened);
  };
  std::filesystem::create_directory(files.path() / "directory");
  const auto moved = files.path() / "directory/renamed";
  std::filesystem::rename(path, moved);
  EXPECT_EQ(content(), "content");
  EXPECT_EQ(handle_of(moved), handle);
  std::filesystem::remove(files.path() / "link");
  EXPECT_EQ(content(), "content");
  {
    const OwnedFd held = must(sysfd::open(cwd(), moved, O_RDONLY));
    std::filesystem::remove(moved);
    EXPECT_EQ(content(), "content") << "it is open";
  }
  EXPECT_EQ(error_of(open_handle()).value(), ESTALE);
}

}  // namespace
}  // namespace sysfd_test
