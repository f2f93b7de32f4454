// SPDX-License-Identifier: MIT
//
// Tests if there is anything to take, and that nothing changes if there is not.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstddef>
#include <latch>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <sysfd/forget_owners.hpp>

#include "support/prelude.hpp"

#include "listen/activated.hpp"

namespace sysfd_test {
namespace {

// Expects this error, and that all descriptors are unchanged; then the right variables work.
void expect_error(const Activation& activation, ListenErrorKind kind,
                  const std::string& description) {
  SCOPED_TRACE(description);
  each_way([&](Way way) {
    open_files(3);
    const Table before = descriptor_table();
    const auto refused = take(way, activation);
    EXPECT_EQ(descriptor_table(), before);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, kind);
    EXPECT_EQ(refused.error().describe(), description);
    EXPECT_FALSE(refused.error().code);

    EXPECT_TRUE(take(way, activation_for_us(3))) << "an attempt that failed does not count";
  });
}

// Expects this error if only this variable is wrong.
void expect_malformed(std::string_view variable, const std::string& value,
                      const std::string& problem) {
  SCOPED_TRACE(std::string(variable) + '=' + value);
  each_way([&](Way way) {
    open_files(3);
    Activation activation = activation_for_us(3, "a:b:c");
    (variable == listen_variables[0]   ? activation.pid
     : variable == listen_variables[2] ? activation.count
                                       : activation.names) = value;
    const Table before = descriptor_table();
    const auto refused = take(way, activation);
    EXPECT_EQ(descriptor_table(), before);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ListenErrorKind::malformed);
    EXPECT_EQ(refused.error().subject, std::string(variable) + "=\"" + value + '"');
    EXPECT_EQ(refused.error().problem, problem);
  });
}

TEST(TakeWhatWasGiven, MakesTheDescriptorsOursAndCloseOnExec) {
  each_way([](Way way) {
    open_files(3);
    const Table before = descriptor_table();
    {
      const auto fds = must(take(way, activation_for_us(2)));
      EXPECT_EQ(descriptor_table(), with_close_on_exec(before, 3, 2));
      ASSERT_EQ(fds.size(), 2U);
      EXPECT_EQ(fds.get(0).get(), 3);
      EXPECT_EQ(fds.get(1).get(), 4);
    }
    EXPECT_FALSE(is_open(3));
    EXPECT_FALSE(is_open(4));
    EXPECT_TRUE(is_open(5)) << "the variables do not include it";
  });
}

TEST(TakeWhatWasGiven, MayBeMany) {
  each_way([](Way way) {
    open_files(200);
    const auto fds = must(take(way, activation_for_us(200)));
    EXPECT_EQ(fds.size(), 200U);
    EXPECT_EQ(fds.get(199).get(), 202);
  });
}

TEST(TakeWhatWasGiven, GoesOnBelongingToWhoeverItIsMovedTo) {
  each_way([](Way way) {
    open_files(1);
    auto fds = must(take(way, activation_for_us(1)));
    std::optional<ListenFds> moved = std::move(fds);
    EXPECT_EQ(moved->get(0).get(), 3);
    EXPECT_EQ(fds.size(), 0U);  // NOLINT(bugprone-use-after-move): none are left there
    EXPECT_EQ(fds.begin(), fds.end());
    moved.reset();
    EXPECT_FALSE(is_open(3));
  });
}

TEST(TakeNothing, WithoutVariablesOfActivation) {
  using enum ListenErrorKind;
  expect_error({.pid = std::nullopt}, not_activated, "LISTEN_PID: not set");
  expect_error({.pid = std::nullopt, .count = "1", .names = "a"}, not_activated,
               "LISTEN_PID: not set");
  each_way([](Way way) {
    open_files(1);
    const Table before = descriptor_table();
    const auto refused = take(way, {.pid = own_pid(), .names = "a"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, not_activated);
    EXPECT_EQ(refused.error().describe(), "LISTEN_FDS: not set");
    EXPECT_EQ(descriptor_table(), before);
  });
}

TEST(TakeNothing, OfWhatIsForAnotherProcess) {
  for (const std::string pid : {"1", "2147483647"})
    each_way([&](Way way) {
      open_files(1);
      const Table before = descriptor_table();
      // Other errors in the variables do not matter then.
      const auto refused = take(way, {.pid = pid, .identity = "x", .count = "-1", .names = "a:b"});
      EXPECT_EQ(descriptor_table(), before);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, ListenErrorKind::other_process);
      EXPECT_EQ(refused.error().describe(),
                "LISTEN_PID=\"" + pid + "\": this process is " + own_pid());
    });
}

TEST(TakeNothing, WherePidIsNoNumber) {
  for (const char* value : {"", "0", "-1", "+7", " 7", "7 ", "0x7", "abc", "7a", "007", "00",
                            "2147483648", "4294967297", "18446744073709551617", "7\n", "-0"})
    expect_malformed("LISTEN_PID", value, "not the number of a process");
}

TEST(TakeNothing, WhereThePidIsOursButNotWrittenAsAManagerWritesIt) {
  for (const char* before : {" ", "+", "0", "\t", "\n"})
    each_way([&](Way way) {
      open_files(1);
      Activation activation = activation_for_us(1);
      activation.pid = before + *activation.pid;
      const auto refused = take(way, activation);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, ListenErrorKind::malformed);
    });
}

TEST(TakeNothing, WhereTheCountIsNoNumber) {
  for (const char* value :
       {"",     "0",   "-1", "+1",         "01",         "010",        "0x1",
        " 1",   "1 ",  "1a", "1\n",        "00",         "one",        "1.0",
        "1e0",  "0b1", "-0", "2147483645", "2147483648", "4294967297", "18446744073709551617",
        "1\xff"})
    expect_malformed("LISTEN_FDS", value, "must be a positive number");
}

TEST(TakeNothing, WhereThereAreMoreOrFewerNames) {
  expect_malformed("LISTEN_FDNAMES", "", "1 names for 3 descriptors");
  expect_malformed("LISTEN_FDNAMES", "a:b", "2 names for 3 descriptors");
  expect_malformed("LISTEN_FDNAMES", "a:b:c:", "4 names for 3 descriptors");
  expect_malformed("LISTEN_FDNAMES", ":::", "4 names for 3 descriptors");
}

TEST(TakeNothing, WhereOneOfThemIsNotOpen) {
  for (const int closed : {3, 4, 5})
    each_way([&](Way way) {
      open_files(3);
      ::close(closed);
      const Table before = descriptor_table();
      const auto refused = take(way, activation_for_us(3));
      EXPECT_EQ(descriptor_table(), before);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, ListenErrorKind::malformed);
      EXPECT_EQ(refused.error().code, std::errc::bad_file_descriptor);
      EXPECT_EQ(refused.error().describe(), "LISTEN_FDS=\"3\", descriptor " +
                                                std::to_string(closed) +
                                                ": not open: Bad file descriptor");
    });
}

TEST(TakeNothing, OfMoreThanAnyProcessCanHave) {
  each_way([](Way way) {
    open_files(1);
    ::close(4);
    const auto refused = take(way, activation_for_us(2147483644));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().describe(),
              "LISTEN_FDS=\"2147483644\", descriptor 4: not open: Bad file descriptor");
  });
}

TEST(TakeTwice, IsRefusedHoweverItIsTried) {
  for (const Way first : {Way::environment, Way::span})
    for (const Way second : {Way::environment, Way::span})
      run_apart([&] {
        open_files(2);
        const auto fds = must(take(first, activation_for_us(1)));
        const Table before = descriptor_table();
        const auto again = take(second, activation_for_us(1));
        EXPECT_EQ(descriptor_table(), before);
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().kind, ListenErrorKind::already_taken);
        EXPECT_EQ(again.error().describe(), "this process has taken its descriptors before");
      });
}

TEST(TakeTwice, IsRefusedAlsoWhenTheFirstAreGoneAndTheVariablesToo) {
  each_way([](Way way) {
    open_files(1);
    {
      const auto fds = must(take(way, activation_for_us(1)));
    }
    for (const Activation& activation : {activation_for_us(1), Activation{.pid = std::nullopt}}) {
      const auto again = take(way, activation);
      ASSERT_FALSE(again);
      EXPECT_EQ(again.error().kind, ListenErrorKind::already_taken);
    }
  });
}

TEST(TakeTwice, IsNotWhatAForkedChildDoesWhichIsAnotherProcess) {
  each_way([](Way way) {
    open_files(1);
    const auto fds = must(take(way, activation_for_us(1)));
    const Activation activation = activation_for_us(1);
    run_apart([&] {
      const auto ours = take(way, activation);
      ASSERT_FALSE(ours);
      EXPECT_EQ(ours.error().kind, ListenErrorKind::other_process);
    });
  });
}

// The process number is its parent's there; everything else is its own.
TEST(TakeTwice, IsNotWhatAChildWithTheSameNumberDoes) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ONE_THREAD();
  run_apart([] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([] {
      ASSERT_EQ(::getpid(), 1);
      open_files(1);
      const auto fds = must(take(Way::span, activation_for_us(1)));
      ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
      run_apart([] {
        ASSERT_EQ(::getpid(), 1);
        open_files(1);  // closes the number that `fds` owns, which is not destroyed in this process
        forget_owners();
        EXPECT_TRUE(take(Way::span, activation_for_us(1)));
        const auto again = take(Way::span, activation_for_us(1));
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().kind, ListenErrorKind::already_taken);
      });
    });
  });
}

// A close-on-exec descriptor was opened by this process, or taken by another copy of this library.
TEST(TakeTwice, IsWhatIsCloseOnExec) {
  for (const int owned : {3, 4})
    each_way([&](Way way) {
      open_files(2);
      ASSERT_EQ(::fcntl(owned, F_SETFD, FD_CLOEXEC), 0);
      const Table before = descriptor_table();
      const auto refused = take(way, activation_for_us(2));
      EXPECT_EQ(descriptor_table(), before);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, ListenErrorKind::already_taken);
      EXPECT_EQ(refused.error().describe(), "LISTEN_FDS=\"2\", descriptor " +
                                                std::to_string(owned) +
                                                ": close-on-exec: opened or taken by this process");
    });
}

// Returns how many of several threads, which begin at the same time, get the descriptors.
int owners_of_several() {
  open_files(5);
  const auto assignments = activation_for_us(5).assignments();
  std::vector<const char*> variables;
  for (const std::string& assignment : assignments)
    variables.push_back(assignment.c_str());
  std::vector<std::optional<Taken>> answers(4);
  std::latch all_there(static_cast<std::ptrdiff_t>(answers.size()));
  std::vector<std::thread> threads;
  threads.reserve(answers.size());
  for (auto& answer : answers)
    threads.emplace_back([&] {
      all_there.arrive_and_wait();
      answer = ListenFds::take(variables);
    });
  for (std::thread& thread : threads)
    thread.join();
  int owners = 0;
  for (const auto& answer : answers) {
    if (*answer)
      ++owners;
    else
      EXPECT_EQ(answer->error().kind, ListenErrorKind::already_taken);
  }
  return owners;
}

TEST(TakeTwice, InSeveralThreadsGivesThemToOne) {
  for (int round = 0; round < 50; ++round)
    run_apart([] { EXPECT_EQ(owners_of_several(), 1); });
}

#if defined(__cpp_exceptions)
TEST(TakeNothing, ThrowsTheDescriptionOfItsErrorOnce) {
  const char* const variables[] = {"LISTEN_FDS=0"};
  const std::string description = ListenFds::take(variables).error().describe();
  try {
    (void)or_throw(ListenFds::take(variables));
    FAIL() << "nothing was thrown";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.what(), description);
  }
  try {
    (void)ListenFds::take(variables).value();
    FAIL() << "nothing was thrown";
  } catch (const std::bad_expected_access<ListenError>& error) {
    EXPECT_EQ(error.what(), description);
    EXPECT_EQ(error.error().kind, ListenErrorKind::not_activated);
  }
}
#endif

}  // namespace
}  // namespace sysfd_test
