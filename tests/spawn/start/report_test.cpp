// SPDX-License-Identifier: MIT
//
// Tests Child::report(): the way in which a child was started.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>

#include <sysfd/child.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "spawn/talk.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

SpawnReport report_of(Command command) {
  Child child = must(command.spawn());
  EXPECT_TRUE(child.wait()->success());
  return child.report();
}

// If a container forbids it, the reports are those of the other way.
bool has_clone3() {
  return ::syscall(SYS_clone3, nullptr, 0) == -1 && errno == EINVAL;
}

TEST(SpawnReport, OfAnOrdinaryChild) {
  if (!has_clone3()) GTEST_SKIP() << "needs clone3";
  const SpawnReport report = report_of(Command("true"));
  EXPECT_TRUE(report.by_clone3);
  EXPECT_TRUE(report.isolated_table);
  EXPECT_FALSE(report.reaps_itself);
  EXPECT_FALSE(report.killed_with_parent);
  EXPECT_EQ(report.busy_retries, 0);
}

TEST(SpawnReport, TellsWhenClone3IsRefused) {
  for (const int error : {ENOSYS, EPERM, E2BIG, EACCES, EINVAL})
    run_apart([error] {
      refuse_calls({{SYS_clone3, error}});
      for (int round = 0; round < 2; ++round) {
        const SpawnReport report = report_of(Command("true"));
        EXPECT_FALSE(report.by_clone3);
        EXPECT_TRUE(report.isolated_table);
        EXPECT_FALSE(report.reaps_itself);
        EXPECT_FALSE(report.killed_with_parent);
      }
    });
}

// Filters are per thread.
TEST(SpawnReport, SaysThatWhatIsRefusedToAThreadIsNotRefusedToAnotherOne) {
  if (!has_clone3()) GTEST_SKIP() << "needs clone3";
  run_apart([] {
    std::thread([] {
      refuse_calls({{SYS_clone3, ENOSYS}});
      EXPECT_FALSE(report_of(Command("true")).by_clone3);
    }).join();
    EXPECT_TRUE(report_of(Command("true")).by_clone3);
  });
}

TEST(SpawnReport, TellsWhenTheTableCouldNotBeIsolated) {
  for (const int error : {ENOSYS, EPERM, EACCES})
    run_apart([error] {
      const bool by_clone3 = has_clone3();
      refuse_calls({{SYS_close_range, error}});
      const SpawnReport report = report_of(Command("true"));
      EXPECT_EQ(report.by_clone3, by_clone3);
      EXPECT_FALSE(report.isolated_table);
    });
  run_apart([] {
    refuse_calls({{SYS_clone3, ENOSYS}, {SYS_close_range, EPERM}});
    const SpawnReport report = report_of(Command("true"));
    EXPECT_FALSE(report.by_clone3);
    EXPECT_FALSE(report.isolated_table);
  });
}

TEST(SpawnReport, IsStillThereWhenTheChildIsMoved) {
  if (!has_clone3()) GTEST_SKIP() << "needs clone3";
  Child child = must(Command("true").spawn());
  const Child moved = std::move(child);
  EXPECT_TRUE(moved.report().by_clone3 && moved.report().isolated_table);
}

// The report about a detached child is true in both cases.
TEST(SpawnReport, TellsWhetherADetachedChildReapsItself) {
  run_apart([] {
    Rope rope;
    std::optional<Child> child =
        must(shell("read line <&3").pass(rope.end(), 3).on_drop(DropPolicy::detach).spawn());
    const bool reaps_itself = child->report().reaps_itself;
    EXPECT_FALSE(child->report().killed_with_parent);
    const PidFd process = must(PidFd::adopt(*child->fd().duplicate()));
    child.reset();
    rope.let_go();
    siginfo_t info{};
    const int answer = ::waitid(P_ALL, 0, &info, WEXITED | __WALL);
    EXPECT_EQ(answer, reaps_itself ? -1 : 0);
    wait_until_gone(process);
  });
}

TEST(SpawnReport, TellsWhoKillsAChildWithItsParent) {
  const SpawnReport report = report_of(Command("true").kill_with_parent());
  EXPECT_EQ(report.reaps_itself, report.killed_with_parent) << "the kernel does both or neither";
}

// A program that another process has open for writing: the tests' own copy of one.
class BusyRetries : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy_file("/bin/sh", path_);
    ASSERT_EQ(::chmod(path_.c_str(), 0755), 0);
  }

  OwnedFd open_for_writing() const { return *sysfd::open(cwd(), path_, O_WRONLY); }
  Command command() const { return Command(path_).args({"-c", "echo started"}); }

  ScratchDirectory directory_;
  std::string path_ = directory_.path().string() + "/sh";
};

TEST_F(BusyRetries, IsTriedAgainSoOftenOnly) {
  const OwnedFd writer = open_for_writing();
  for (const int times : {-1, 0, 1, 3}) {
    const auto child = command().retry_busy(times).spawn();
    ASSERT_FALSE(child) << times;
    EXPECT_EQ(child.error().step, SpawnStep::exec);
    EXPECT_EQ(child.error().code, std::errc::text_file_busy);
  }
}

TEST_F(BusyRetries, CountsNothingIfItIsNot) {
  EXPECT_EQ(report_of(command().retry_busy(3).stdout_to(Stdio::null())).busy_retries, 0);
}

TEST_F(BusyRetries, IsTheOnlyFailureThatIsTriedAgain) {
  const auto child = Command("/no/such").retry_busy(2'000'000'000).spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace sysfd_test
