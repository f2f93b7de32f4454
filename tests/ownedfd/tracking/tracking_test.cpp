// SPDX-License-Identifier: MIT
//
// What SYSFD_TRACK_OWNERSHIP finds: runs the programs of this folder, each of which has one
// mistake, or none. They have the option whether or not this program does.
#include <sysfd/owned_fd.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <regex>

#include "support/prelude.hpp"

#include "support/programs.hpp"
#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

class OwnershipTracking : public testing::Test {
 protected:
  void SetUp() override {
    if (::access(path_of("correct").c_str(), X_OK) != 0)
      GTEST_SKIP() << "needs programs that are not linked statically";
  }

  static std::string path_of(const std::string& program) {
    return program_path("tracking/tracking_" + program);
  }

  // Returns what the program has written, and its wait status.
  static std::pair<std::string, int> run(const std::string& program,
                                         const std::string& argument = "") {
    const std::string line = "exec '" + path_of(program) + "' " + argument + " 2>&1";
    std::FILE* const pipe = ::popen(line.c_str(), "re");
    std::string written;
    for (int byte = 0; pipe && (byte = std::fgetc(pipe)) != EOF;)
      written += static_cast<char>(byte);
    return {written, pipe ? ::pclose(pipe) : -1};
  }

  // The program aborts with a message that begins like this and names the two places.
  static void expect_found(const std::string& program, const std::string& first_line,
                           const std::string& first, const std::string& second,
                           const std::string& argument = "") {
    const auto [written, status] = run(program, argument);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status << written;
    const std::string place = "[^\\n]*\\+0x[0-9a-f]+\\)[^\\n]*";
    const std::regex expected("sysfd: descriptor [0-9]+ " + first_line + "[^\\n]*\\n  " + first +
                              ": [^\\n]*\\bfirst_place " + place + "\\n  " + second +
                              ": [^\\n]*\\bsecond_place " + place + "\\n");
    EXPECT_TRUE(std::regex_search(written, expected)) << written;
  }

  static void expect_correct(const std::string& program, const std::string& argument = "") {
    const auto [written, status] = run(program, argument);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status << written;
  }
};

TEST_F(OwnershipTracking, FindsANumberThatIsClosedTwice) {
  expect_found("closed_twice", "is closed twice", "closed before", "closed");
}

TEST_F(OwnershipTracking, FindsANumberThatIsClosedTwiceInAForkedProcess) {
  expect_found("forked_closes_twice", "is closed twice", "closed before", "closed");
}

TEST_F(OwnershipTracking, FindsANumberThatIsClosedForAnotherOwner) {
  expect_found("closed_for_another",
               "is closed by the OwnedFd at 0x[0-9a-f]+, but the OwnedFd at 0x[0-9a-f]+ owns it",
               "owned since", "closed");
}

TEST_F(OwnershipTracking, FindsAMoveOfANumberThatWasClosed) {
  expect_found("moved_after_close", "is moved after it was closed", "closed before", "moved");
}

TEST_F(OwnershipTracking, FindsAReleaseOfANumberThatWasClosed) {
  expect_found("moved_after_close", "is released after it was closed", "closed before", "released",
               "release");
}

TEST_F(OwnershipTracking, FindsANumberThatIsClosedAfterItWasReleased) {
  expect_found("closed_after_release",
               "is closed by an OwnedFd that does not own it: it was released", "released",
               "closed");
}

TEST_F(OwnershipTracking, FindsASecondOwner) {
  expect_found("adopted_twice", "gets a second owner", "owned since", "adopted again");
}

TEST_F(OwnershipTracking, FindsASecondOwnerInAForkedProcess) {
  expect_found("adopted_twice", "gets a second owner", "owned since", "adopted again", "fork");
}

TEST_F(OwnershipTracking, FindsWhatOthersHaveClosedWhenTheOwnerClosesIt) {
  expect_found("closed_by_others", "was closed by foreign code", "owned since",
               "noticed when it was closed");
}

TEST_F(OwnershipTracking, FindsWhatOthersHaveClosedWhenTheKernelGivesItOutAgain) {
  expect_found("reused_by_others", "was closed by foreign code", "owned since", "given out again");
}

TEST_F(OwnershipTracking, FindsWhatOthersHaveClosedWhenItIsDuplicated) {
  expect_found("used_after_close", "was closed by foreign code", "owned since",
               "noticed when it was used");
}

TEST_F(OwnershipTracking, FindsWhatOthersHaveClosedWhenItReplacesAnother) {
  expect_found("used_after_close", "was closed by foreign code", "owned since",
               "noticed when it was used", "replace");
}

TEST_F(OwnershipTracking, FindsWhatWasForgottenWhenItIsClosed) {
  const auto [written, status] = run("closed_after_release", "forget");
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status << written;
  EXPECT_NE(written.find("is closed by an OwnedFd that has never owned it\n"), written.npos)
      << written;
}

TEST_F(OwnershipTracking, FindsASecondOwnerInAPlugin) {
  expect_found("plugin_host", "gets a second owner", "owned since", "adopted again");
}

TEST_F(OwnershipTracking, OfCloseFindsEachCallThatClosesAnOwnedNumber) {
  for (const auto& [call, section] : {std::pair("close", 2),
                                      {"dup2", 2},
                                      {"dup3", 2},
                                      {"close_range", 2},
                                      {"closefrom", 3},
                                      {"fclose", 3},
                                      {"closedir", 3}})
    expect_found("close_of_owned",
                 "is closed by foreign code, but the OwnedFd at 0x[0-9a-f]+ owns it", "owned since",
                 call + "\\("s + std::to_string(section) + "\\)", call);
}

TEST_F(OwnershipTracking, KnowsTheOwnerAfterEachMove) {
  expect_correct("correct", "moves");
}

TEST_F(OwnershipTracking, LeavesNumbersWithoutAnOwnerAlone) {
  expect_correct("correct", "numbers_without_an_owner");
}

TEST_F(OwnershipTracking, LeavesNumbersBeyondItsTableAlone) {
  expect_correct("correct", "numbers_beyond_the_table");
}

TEST_F(OwnershipTracking, OfAForkedProcessIsItsOwn) {
  expect_correct("correct", "fork");
}

TEST_F(OwnershipTracking, OfAForkedProcessAllowsForWhatOtherThreadsDidMeanwhile) {
  expect_correct("correct", "fork_meanwhile");
}

TEST_F(OwnershipTracking, IsNotChangedByAChildThatSharesTheMemory) {
  expect_correct("correct", "vfork");
}

TEST_F(OwnershipTracking, CallsTheCloseOfTheThreadSanitizer) {
  if (is_thread_sanitized) GTEST_SKIP() << "needs to be without the thread sanitizer's own";
  expect_correct("intercepted");
}

TEST_F(OwnershipTracking, AgreesWithEightThreadsThatShareTheNumbers) {
  expect_correct("storm");
}

}  // namespace
}  // namespace sysfd_test
