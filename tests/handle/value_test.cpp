// SPDX-License-Identifier: MIT
#include <sysfd/file_handle.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "support/prelude.hpp"

#include "handle/scratch_file_system.hpp"

namespace sysfd_test {
namespace {

class FileHandleValue : public HandleTest {
 protected:
  std::vector<FileHandle> handles_of_new_files(int count) const {
    std::vector<FileHandle> handles;
    for (int i = 0; i < count; ++i)
      handles.push_back(handle_of(files().create("file" + std::to_string(i))));
    return handles;
  }
};

TEST_F(FileHandleValue, ACopyIsEqualAndIndependent) {
  static_assert(std::is_trivially_copyable_v<FileHandle>);
  static_assert(!std::is_default_constructible_v<FileHandle>);
  const auto handles = handles_of_new_files(2);
  FileHandle copy = handles[0];
  EXPECT_EQ(copy, handles[0]);
  EXPECT_EQ(copy.type(), handles[0].type());
  EXPECT_TRUE(std::ranges::equal(copy.bytes(), handles[0].bytes()));
  EXPECT_NE(copy.bytes().data(), handles[0].bytes().data());
  copy = handles[1];
  EXPECT_EQ(copy, handles[1]);
  EXPECT_NE(copy, handles[0]);
}

TEST_F(FileHandleValue, ACopyOpensTheSameFile) {
  const FileHandle handle = handle_of(files().create("file", "content"));
  const FileHandle copy = handle;
  const auto file = open_by_handle(files().root(), copy, O_RDONLY);
  ASSERT_TRUE(file);
  EXPECT_EQ(content_of(*file), "content");
}

TEST_F(FileHandleValue, DiffersWhereTheContentDiffers) {
  const auto handles = handles_of_new_files(2);
  ASSERT_EQ(handles[0].type(), handles[1].type());
  EXPECT_FALSE(std::ranges::equal(handles[0].bytes(), handles[1].bytes()));
  EXPECT_NE(handles[0], handles[1]);
}

TEST_F(FileHandleValue, DiffersWhereAnySingleByteDiffers) {
  const FileHandle handle = handle_of(files().create("file"));
  for (std::size_t i = 0; i < handle.bytes().size(); ++i) {
    FileHandle other = handle;
    const_cast<std::byte&>(other.bytes()[i]) ^= std::byte{1};
    EXPECT_NE(other, handle) << "byte " << i;
    EXPECT_NE(other <=> handle, std::strong_ordering::equal) << "byte " << i;
    EXPECT_NE(std::hash<FileHandle>()(other), std::hash<FileHandle>()(handle)) << "byte " << i;
  }
}

TEST_F(FileHandleValue, OrderIsTotalAndAgreesWithEquality) {
  const auto handles = handles_of_new_files(8);
  for (const auto& left : handles)
    for (const auto& right : handles) {
      EXPECT_EQ(left <=> right == 0, left == right);
      EXPECT_EQ(left<right, right> left);
    }
  auto sorted = handles;
  std::ranges::sort(sorted);
  EXPECT_TRUE(std::ranges::is_sorted(sorted));
  EXPECT_TRUE(std::ranges::is_permutation(sorted, handles));
}

TEST_F(FileHandleValue, DifferentTypesAreOrderedByType) {
  const FileHandle tmpfs = handle_of(files().create("file"));
  for (const char* cgroup_root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    const auto cgroup = name_to_handle(cwd(), cgroup_root);
    if (!cgroup || cgroup->handle.type() == tmpfs.type()) continue;
    EXPECT_NE(tmpfs, cgroup->handle);
    EXPECT_EQ(tmpfs < cgroup->handle, tmpfs.type() < cgroup->handle.type());
    return;
  }
  GTEST_SKIP() << "no cgroup2 file system is mounted";
}

TEST_F(FileHandleValue, IsAKeyOfEveryKindOfContainer) {
  const auto handles = handles_of_new_files(100);
  std::set<FileHandle> ordered(handles.begin(), handles.end());
  std::unordered_set<FileHandle> unordered(handles.begin(), handles.end());
  std::unordered_map<FileHandle, std::size_t> index;
  for (std::size_t i = 0; i < handles.size(); ++i)
    index.emplace(handles[i], i);
  EXPECT_EQ(ordered.size(), handles.size());
  EXPECT_EQ(unordered.size(), handles.size());
  for (std::size_t i = 0; i < handles.size(); ++i) {
    const FileHandle named_again = handle_of(files().path() / ("file" + std::to_string(i)));
    EXPECT_TRUE(ordered.contains(named_again));
    EXPECT_TRUE(unordered.contains(named_again));
    EXPECT_EQ(index.at(named_again), i);
  }
}

TEST_F(FileHandleValue, HashTellsFilesApart) {
  const auto handles = handles_of_new_files(100);
  std::set<std::size_t> hashes;
  for (const auto& handle : handles)
    hashes.insert(std::hash<FileHandle>()(handle));
  EXPECT_GT(hashes.size(), 90U);
}

TEST(MountIdValue, IsComparedAndHashedByItsNumber) {
  EXPECT_EQ(MountId(7), MountId(7));
  EXPECT_NE(MountId(7), MountId(8));
  EXPECT_EQ(MountId(7).get(), 7U);
  const std::unordered_set<MountId> mounts{MountId(7), MountId(8), MountId(7)};
  EXPECT_EQ(mounts.size(), 2U);
  static_assert(!std::is_convertible_v<int, MountId>);
  static_assert(!std::is_constructible_v<MountId, std::uint64_t>, "say unique()");
}

TEST(MountIdValue, KindsAreNeverEqual) {
  EXPECT_NE(MountId(7), MountId::unique(7));
  EXPECT_EQ(MountId::unique(7), MountId::unique(7));
  EXPECT_EQ(MountId::unique(std::uint64_t{1} << 40).get(), std::uint64_t{1} << 40);
  EXPECT_TRUE(MountId::unique(7).is_unique());
  EXPECT_FALSE(MountId(7).is_unique());
  const std::unordered_set<MountId> mounts{MountId(7), MountId::unique(7)};
  EXPECT_EQ(mounts.size(), 2U);
}

}  // namespace
}  // namespace sysfd_test
