// SPDX-License-Identifier: MIT
//
// Counts system calls and allocations.
#include <sysfd/file_handle.hpp>

#include <fcntl.h>
#include <sys/syscall.h>

#include <vector>

#include <sysfd/fanotify.hpp>
#include <sysfd/mount_cache.hpp>

#include "support/prelude.hpp"

#include "handle/scratch_file_system.hpp"
#include "support/allocations.hpp"
#include "support/system_calls.hpp"

namespace sysfd_test {
namespace {

using Calls = std::vector<long>;

class HandleCost : public HandleTest {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_COUNTED_ALLOCATIONS();
    HandleTest::SetUp();
  }
  NamedHandle named_file() {
    return must(name_to_handle(cwd(), files().create("file", "content")));
  }
};

#define SYSFD_EXPECT_CALLS(body, ...)           \
  {                                             \
    const auto calls = system_calls_of(body);   \
    if (!calls) GTEST_SKIP() << "needs ptrace"; \
    EXPECT_EQ(*calls, (Calls{__VA_ARGS__}));    \
  }

TEST_F(HandleCost, NamingIsOneSystemCallAndNoAllocation) {
  const std::filesystem::path path = files().create("file");
  const BorrowedFd root = files().root();
  const auto by_path = [&] { EXPECT_TRUE(name_to_handle(root, path)); };
  const auto by_descriptor = [&] { EXPECT_TRUE(name_to_handle(root)); };
  const auto absent = [&] { EXPECT_FALSE(name_to_handle(root, "absent")); };
  EXPECT_EQ(allocations_of(by_path), 0);
  EXPECT_EQ(allocations_of(by_descriptor), 0);
  EXPECT_EQ(allocations_of(absent), 0);
  EXPECT_GT(allocations_of([] { (void)std::vector<int>(1).data(); }), 0) << "or nothing counts";
  SYSFD_EXPECT_CALLS(by_path, SYS_name_to_handle_at);
  SYSFD_EXPECT_CALLS(by_descriptor, SYS_name_to_handle_at);
  SYSFD_EXPECT_CALLS(absent, SYS_name_to_handle_at);
}

TEST_F(HandleCost, AFileSystemThatCannotIsAskedOnce) {
  const auto named = [] { EXPECT_FALSE(name_to_handle(cwd(), "/proc/self/status")); };
  SYSFD_EXPECT_CALLS(named, SYS_name_to_handle_at);
  const auto both = [] {
    EXPECT_FALSE(name_to_handle(cwd(), "/", {.fid = true, .connectable = true}));
  };
  SYSFD_EXPECT_CALLS(both);
}

TEST_F(HandleCost, OpeningIsOneSystemCallAndNoAllocation) {
  const NamedHandle file = named_file();
  const auto open = [&] {
    const auto opened = open_by_handle(files().root(), file.handle, O_RDONLY);
    EXPECT_TRUE(opened);
  };
  EXPECT_EQ(allocations_of(open), 0);
  SYSFD_EXPECT_CALLS(open, SYS_open_by_handle_at, SYS_close);
}

TEST_F(HandleCost, AFidIsRefusedWithoutASystemCall) {
  const auto fid = name_to_handle(cwd(), files().create("file"), {.fid = true});
  if (!fid) GTEST_SKIP() << "needs AT_HANDLE_FID (Linux 6.5)";
  SYSFD_EXPECT_CALLS([&] { EXPECT_FALSE(open_by_handle(files().root(), fid->handle, O_RDONLY)); });
}

TEST_F(HandleCost, AnswersAreValuesAndMakeNoSystemCall) {
  const NamedHandle file = named_file();
  const auto stored = file.handle.serialize();
  const auto values = [&] {
    const auto read_back = FileHandle::deserialize(stored);
    EXPECT_TRUE(read_back && *read_back == file.handle);
    EXPECT_EQ(std::hash<FileHandle>()(*read_back), std::hash<FileHandle>()(file.handle));
  };
  EXPECT_EQ(allocations_of(values), 0);
  SYSFD_EXPECT_CALLS(values);
}

TEST_F(HandleCost, FindingAMountAllocatesNothing) {
  const NamedHandle file = named_file();
  EXPECT_EQ(allocations_of([&] { EXPECT_TRUE(find_mount(file.mount)); }), 0);
  EXPECT_EQ(allocations_of([&] { EXPECT_FALSE(find_mount(MountId(1 << 30))); }), 0);
}

TEST_F(HandleCost, FindingAMountByItsUniqueIdIsThreeSystemCalls) {
  const auto named = name_to_handle(cwd(), files().create("file"), {.unique_mount = true});
  if (!named) GTEST_SKIP() << "needs AT_HANDLE_MNT_ID_UNIQUE (Linux 6.12)";
  constexpr long statmount = 457;
  SYSFD_EXPECT_CALLS([&] { EXPECT_TRUE(find_mount(named->mount)); }, statmount, SYS_openat,
                     SYS_statx, SYS_close);
}

TEST_F(HandleCost, OpeningThroughTheCacheIsTwoSystemCallsAndNoAllocation) {
  const NamedHandle file = named_file();
  MountCache mounts;
  ASSERT_TRUE(mounts.find(file.mount));
  const auto open = [&] {
    const auto opened = mounts.open_by_handle(file, O_RDONLY);
    EXPECT_TRUE(opened);
  };
  EXPECT_EQ(allocations_of(open), 0);
  // Runs in a copy of this process, which first opens its own list.
  const auto calls = system_calls_of(open, {}, [&] { EXPECT_TRUE(mounts.find(file.mount)); });
  if (!calls) GTEST_SKIP() << "needs ptrace";
  EXPECT_EQ(calls->size(), 3U) << "poll, open_by_handle_at, close";
}

}  // namespace
}  // namespace sysfd_test
