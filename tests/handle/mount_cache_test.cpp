// SPDX-License-Identifier: MIT
#include <sysfd/mount_cache.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "handle/mount_ids.hpp"
#include "handle/scratch_file_system.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

class MountCacheTest : public HandleTest {
 protected:
  void SetUp() override {
    HandleTest::SetUp();
    if (IsSkipped()) return;
    place_ = files().path() / "place";
    std::filesystem::create_directory(place_);
  }

  const std::filesystem::path& place() const { return place_; }
  MountId id() const { return mount_id(files().path(), false); }

 private:
  std::filesystem::path place_;
};

int number_of(MountCache& mounts, MountId id) {
  const auto found = mounts.find(id);
  return found ? found->get() : -found.error().value();
}

TEST_F(MountCacheTest, ReturnsOneDescriptorAsLongAsNothingChanges) {
  MountCache mounts;
  const int number = number_of(mounts, id());
  ASSERT_TRUE(same_file(number, files().root().get()));
  const auto open_before = open_descriptors();
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(number_of(mounts, id()), number);
  EXPECT_EQ(open_descriptors(), open_before);
}

TEST_F(MountCacheTest, ACopyOfTheProcessTakesNoChangeAwayFromItsParent) {
  MountCache mounts;
  ASSERT_GE(number_of(mounts, id()), 0);
  const MountId before = id();
  const BindMount over("/proc", files().path());
  run_apart([&] { EXPECT_EQ(number_of(mounts, before), -EBUSY); });
  EXPECT_EQ(number_of(mounts, before), -EBUSY);
}

TEST_F(MountCacheTest, OpensFilesOfManyMounts) {
  const ScratchFileSystem other;
  const auto first = must(name_to_handle(cwd(), files().create("first", "1")));
  const auto second = must(name_to_handle(cwd(), other.create("second", "2")));
  MountCache mounts;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(content_of(must(mounts.open_by_handle(first, O_RDONLY)).borrow()), "1");
    EXPECT_EQ(content_of(must(mounts.open_by_handle(second, O_RDONLY)).borrow()), "2");
  }
  std::filesystem::remove(other.path() / "second");
  EXPECT_EQ(error_of(mounts.open_by_handle(second, O_RDONLY)).value(), ESTALE);
}

TEST_F(MountCacheTest, NoticesThatAMountIsGone) {
  MountCache mounts;
  std::optional<BindMount> mounted(std::in_place, files().path(), place());
  const MountId gone = mount_id(place(), false);
  EXPECT_GE(number_of(mounts, gone), 0);
  EXPECT_GE(number_of(mounts, id()), 0);
  const auto open_before = open_descriptors().size();
  mounted.reset();
  EXPECT_EQ(number_of(mounts, gone), -ENOENT);
  EXPECT_EQ(open_descriptors().size(), open_before - 1) << "what is gone is not kept";
  EXPECT_GE(number_of(mounts, id()), 0);
}

TEST_F(MountCacheTest, NoticesWhatLiesOverAMount) {
  MountCache mounts;
  const BindMount below(files().path(), place());
  const MountId hidden = mount_id(place(), false);
  EXPECT_GE(number_of(mounts, hidden), 0);
  {
    const BindMount above("/proc", place());
    EXPECT_EQ(number_of(mounts, hidden), -EBUSY);
  }
  EXPECT_GE(number_of(mounts, hidden), 0);
}

TEST_F(MountCacheTest, ANumberIsNotReusedForAnotherMountWhileItIsOpen) {
  MountCache mounts;
  std::optional<BindMount> mounted(std::in_place, files().path(), place());
  const MountId held = mount_id(place(), false);
  ASSERT_GE(number_of(mounts, held), 0);
  for (int i = 0; i < 20; ++i) {
    mounted.emplace("/proc", place());
    EXPECT_NE(mount_id(place(), false), held);
  }
  EXPECT_EQ(number_of(mounts, held), -ENOENT);
}

TEST_F(MountCacheTest, KeepsBothKindsOfIdApart) {
  if (!has_unique_ids(files().root())) GTEST_SKIP() << "needs AT_HANDLE_MNT_ID_UNIQUE (Linux 6.12)";
  MountCache mounts;
  const MountId unique = mount_id(files().path(), true);
  EXPECT_TRUE(same_file(number_of(mounts, unique), files().root().get()));
  EXPECT_TRUE(same_file(number_of(mounts, id()), files().root().get()));
  EXPECT_EQ(number_of(mounts, MountId::unique(id().get())), -ENOENT);
}

TEST_F(MountCacheTest, KeepsTheMountUntilItIsCleared) {
  const BindMount mounted(files().path(), place());
  MountCache mounts;
  ASSERT_GE(number_of(mounts, mount_id(place(), false)), 0);
  EXPECT_EQ(::umount2(place().c_str(), 0), -1);
  EXPECT_EQ(errno, EBUSY);
  mounts.clear();
  EXPECT_EQ(::umount2(place().c_str(), 0), 0);
  EXPECT_GE(number_of(mounts, id()), 0) << "it can be used again";
}

TEST_F(MountCacheTest, IsMovedWithItsContent) {
  MountCache mounts;
  const int number = number_of(mounts, id());
  MountCache moved = std::move(mounts);
  EXPECT_EQ(number_of(moved, id()), number);
  mounts.clear();
  EXPECT_GE(number_of(mounts, id()), 0);
  EXPECT_NE(number_of(mounts, id()), number);
}

TEST_F(MountCacheTest, WithoutProcSearchesEachTime) {
  SYSFD_REQUIRE_KERNEL("statmount and listmount");
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    const MountId copied = id();
    ASSERT_EQ(::mount("sysfd", "/proc", "tmpfs", 0, nullptr), 0);
    MountCache mounts;
    const int found = number_of(mounts, copied);
    EXPECT_TRUE(same_file(found, files().root().get()));
    const BindMount above("/sys", files().path());
    EXPECT_EQ(number_of(mounts, copied), -EBUSY);
  });
}

}  // namespace
}  // namespace sysfd_test
