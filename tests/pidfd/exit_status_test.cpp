// SPDX-License-Identifier: MIT
#include <sysfd/exit_status.hpp>

#include <sys/wait.h>

#include <csignal>
#include <limits>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

TEST(ExitStatus, ExitedHasACodeAndNoSignal) {
  constexpr ExitStatus status = ExitStatus::exited(3);
  static_assert(status.code() == 3);
  static_assert(!status.signal());
  static_assert(!status.success());
  static_assert(!status.core_dumped());
}

TEST(ExitStatus, KilledHasASignalAndNoCode) {
  constexpr ExitStatus status = ExitStatus::killed(SIGTERM);
  static_assert(status.signal() == SIGTERM);
  static_assert(!status.code());
  static_assert(!status.success());
  static_assert(!status.core_dumped());
  static_assert(ExitStatus::killed(SIGSEGV, true).core_dumped());
  static_assert(ExitStatus::killed(SIGSEGV, true).signal() == SIGSEGV);
}

TEST(ExitStatus, OnlyCodeZeroIsSuccess) {
  EXPECT_TRUE(ExitStatus::exited(0).success());
  for (int code = 1; code < 256; ++code)
    EXPECT_FALSE(ExitStatus::exited(code).success()) << code;
  for (int signo = 1; signo <= SIGRTMAX; ++signo)
    EXPECT_FALSE(ExitStatus::killed(signo).success()) << signo;
}

TEST(ExitStatus, AgreesWithTheEncodingOfWait) {
  for (int code = 0; code < 256; ++code) {
    const int status = ExitStatus::exited(code).wait_status();
    ASSERT_TRUE(WIFEXITED(status)) << code;
    EXPECT_EQ(WEXITSTATUS(status), code);
  }
  for (int signo = 1; signo <= SIGRTMAX; ++signo)
    for (const bool core : {false, true}) {
      const int status = ExitStatus::killed(signo, core).wait_status();
      ASSERT_TRUE(WIFSIGNALED(status)) << signo;
      EXPECT_EQ(WTERMSIG(status), signo);
      EXPECT_EQ(WCOREDUMP(status) != 0, core) << signo;
    }
}

TEST(ExitStatus, IsMadeFromWhatWaitReturns) {
  EXPECT_EQ(ExitStatus::from_wait_status(0), ExitStatus::exited(0));
  EXPECT_EQ(ExitStatus::from_wait_status(0x0700), ExitStatus::exited(7));
  EXPECT_EQ(ExitStatus::from_wait_status(0x000f), ExitStatus::killed(SIGTERM));
  EXPECT_EQ(ExitStatus::from_wait_status(0x008b), ExitStatus::killed(SIGSEGV, true));
}

TEST(ExitStatusDeathTest, ACodeThatNoProcessExitsWithStopsTheProgram) {
  for (const int code : {-1, 256, 256 + 3, std::numeric_limits<int>::min()})
    EXPECT_DEATH(static_cast<void>(ExitStatus::exited(code)), "sysfd: ExitStatus::exited: ");
}

TEST(ExitStatusDeathTest, ASignalThatKillsNoProcessStopsTheProgram) {
  for (const int signo : {-1, 0, 65, 0x7f, 0x80 | SIGKILL})
    EXPECT_DEATH(static_cast<void>(ExitStatus::killed(signo)), "sysfd: ExitStatus::killed: ");
}

TEST(ExitStatusDeathTest, TheWaitStatusOfAProcessThatHasNotEndedStopsTheProgram) {
  for (const int status : {-1, 0x137f, 0xffff, 0x80, 0x10000, 0x0109})
    EXPECT_DEATH(static_cast<void>(ExitStatus::from_wait_status(status)),
                 "sysfd: ExitStatus::from_wait_status: ");
}

TEST(ExitStatus, IsEqualWhereNothingDiffers) {
  EXPECT_EQ(ExitStatus::exited(9), ExitStatus::exited(9));
  EXPECT_NE(ExitStatus::exited(9), ExitStatus::exited(8));
  EXPECT_NE(ExitStatus::exited(9), ExitStatus::killed(9));
  EXPECT_NE(ExitStatus::killed(SIGSEGV), ExitStatus::killed(SIGSEGV, true));
}

TEST(ExitStatus, IsDescribedInWords) {
  EXPECT_EQ(to_string(ExitStatus::exited(0)), "exited with code 0");
  EXPECT_EQ(to_string(ExitStatus::exited(255)), "exited with code 255");
  EXPECT_EQ(to_string(ExitStatus::killed(SIGKILL)), "killed by signal 9 (Killed)");
  EXPECT_EQ(to_string(ExitStatus::killed(SIGSEGV, true)),
            "killed by signal 11 (Segmentation fault), core dumped");
  EXPECT_EQ(to_string(ExitStatus::killed(SIGRTMAX)), "killed by signal 64");
}

}  // namespace
}  // namespace sysfd_test
