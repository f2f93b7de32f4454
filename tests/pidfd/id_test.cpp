// SPDX-License-Identifier: MIT
#include <sysfd/pidfd.hpp>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <set>
#include <unordered_set>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

class Identity : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
    const auto id = must(PidFd::self()).id();
    ASSERT_TRUE(id) << id.error().message();
  }
};

TEST_F(Identity, IsTheSameForTwoPidFdsOfAProcess) {
  const ForkedChild child;
  const PidFd first = child.pidfd();
  const PidFd second = child.pidfd();
  ASSERT_TRUE(first.id());
  EXPECT_EQ(first.id(), second.id());
}

TEST_F(Identity, DiffersBetweenProcesses) {
  const ForkedChild one;
  const ForkedChild two;
  EXPECT_NE(one.pidfd().id(), two.pidfd().id());
  EXPECT_NE(one.pidfd().id(), must(PidFd::self()).id());
}

TEST_F(Identity, StaysAfterTheEnd) {
  ForkedChild child;
  const PidFd process = child.pidfd();
  const auto id = process.id();
  ASSERT_TRUE(id);
  child.end();
  EXPECT_EQ(process.id(), id);
  child.reap();
  EXPECT_EQ(process.id(), id);
}

TEST_F(Identity, IsTheInodeNumberOfThePidFd) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  struct statfs file_system;
  ASSERT_EQ(::fstatfs(process.fd().get(), &file_system), 0);
  EXPECT_EQ(file_system.f_type, 0x50494446) << "an identity without pidfs";
  struct stat status;
  ASSERT_EQ(::fstat(process.fd().get(), &status), 0);
  EXPECT_EQ(process.id(), ProcessId(status.st_ino));
}

TEST_F(Identity, IsTheSameWithoutAFileHandle) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  const auto id = process.id();
  ASSERT_TRUE(id);
  run_apart([&] {
    refuse_calls({{SYS_name_to_handle_at, EOPNOTSUPP}});
    EXPECT_EQ(process.id(), id);
  });
}

TEST_F(Identity, OtherErrorsArePassedOn) {
  run_apart([] {
    const auto self = PidFd::self();
    ASSERT_TRUE(self);
    refuse_calls({{SYS_name_to_handle_at, ENOTNAM}});
    EXPECT_EQ(error_of(self->id()).value(), ENOTNAM);
  });
}

TEST(ProcessIdValue, IsComparedOrderedAndHashed) {
  constexpr std::uint64_t large = 0xfedc'ba98'7654'3210;
  static_assert(ProcessId(large).value() == large);
  static_assert(ProcessId(1) == ProcessId(1));
  static_assert(ProcessId(1) < ProcessId(large));
  static_assert(!std::is_convertible_v<std::uint64_t, ProcessId>);
  const std::unordered_set<ProcessId> ids{ProcessId(1), ProcessId(large), ProcessId(1)};
  EXPECT_EQ(ids.size(), 2U);
  EXPECT_TRUE(ids.contains(ProcessId(large)));
}

}  // namespace
}  // namespace sysfd_test
