// SPDX-License-Identifier: MIT
//
// Tests inheriting all descriptors except some, and overriding numbers.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"

namespace sysfd_test {
namespace {

OwnedFd file(const char* path = "/etc/passwd") {
  return must(sysfd::open(cwd(), path, O_RDONLY));
}

// Opens a descriptor with this number that stays open across exec.
void open_at(int number) {
  ASSERT_EQ(::dup2(file().get(), number), number);
}

TEST(ChildInheritance, LeavesOutWhatIsExcepted) {
  run_apart([] {
    for (const int number : {20, 21, 22})
      open_at(number);
    const Report report =
        inspect([](Command& command) { command.inherit_descriptors({.except = {21, 99}}); });
    EXPECT_TRUE(report.descriptors.contains(20));
    EXPECT_FALSE(report.descriptors.contains(21));
    EXPECT_TRUE(report.descriptors.contains(22));
    EXPECT_TRUE(is_open(21)) << "the parent's is the parent's";
    EXPECT_EQ(::fcntl(21, F_GETFD), 0);
  });
}

TEST(ChildInheritance, LeavesWhatIsPassedUnderThatNumber) {
  run_apart([] {
    open_at(20);
    open_at(21);
    const OwnedFd other = file("/dev/null");
    const Report report = inspect([&](Command& command) {
      command.inherit_descriptors({.except = {20, 21}})
          .pass(other, 20)
          .pass(BorrowedFd::unsafe_borrow(21), 30);
    });
    EXPECT_EQ(report.descriptors.at(20), identity_of_null());
    EXPECT_FALSE(report.descriptors.contains(21));
    EXPECT_EQ(report.descriptors.at(30), identity_of(21));
  });
}

TEST(ChildInheritance, OfAStandardStreamIsNotExceptedThere) {
  for (const int number : {-1, 0, 2}) {
    const auto child = Command("true").inherit_descriptors({.except = {number}}).spawn();
    ASSERT_FALSE(child.has_value());
    EXPECT_EQ(child.error().step, SpawnStep::descriptor);
    EXPECT_EQ(child.error().code, std::errc::invalid_argument);
  }
}

TEST(ChildInheritance, LeavesThemOutInExecToo) {
  run_apart([] {
    open_at(20);
    open_at(21);
    const auto error = Command("sh")
                           .args({"-c", "test -e /proc/self/fd/20 && test ! -e /proc/self/fd/21"})
                           .inherit_descriptors({.except = {21}})
                           .exec();
    ADD_FAILURE() << error.describe();
  });
}

TEST(ChildDescriptors, ThatAreForgottenCanBeSetAgain) {
  const OwnedFd one = file();
  const OwnedFd two = file("/dev/null");
  Command twice("true");
  twice.pass(one, 7).pass(two, 7);
  EXPECT_EQ(must(std::move(twice.forget_descriptor(7)).status()).code(), 0);
  const Report report = inspect([&](Command& command) {
    command.pass(one, 7).pass(one, 8).forget_descriptor(7).pass(two, 7).forget_descriptor(9);
  });
  EXPECT_EQ(report.descriptors.at(7), identity_of_null());
  EXPECT_EQ(report.descriptors.at(8), identity_of(one.get()));
}

TEST(ChildDescriptors, ThatAreForgottenAreClosedIfTheyAreOwned) {
  OwnedFd owned = file();
  const int number = owned.get();
  Command command("true");
  command.pass(std::move(owned), 7);
  EXPECT_TRUE(is_open(number));
  command.forget_descriptor(7);
  EXPECT_FALSE(is_open(number));
}

TEST(ChildDescriptors, ThatAreForgottenStreamsHaveTheirDefault) {
  const OwnedFd null = file("/dev/null");
  const Report report = inspect([&](Command& command) {
    command.pass(null, 1).stdout_to(Stdio::pipe()).stdin_from(null);
    command.forget_descriptor(0).forget_descriptor(1);
  });
  EXPECT_EQ(report.descriptors.at(0), identity_of(0));
  EXPECT_EQ(report.descriptors.at(1), identity_of(1));
  EXPECT_EQ(must(Command("echo").arg("it").stdout_to(null).forget_descriptor(1).output()).out,
            "it\n");
}

TEST(ChildDescriptors, ThatAreForgottenDoNotCountForAPreparedCommand) {
  const OwnedFd one = file();
  const OwnedFd two = file("/dev/null");
  const auto prepared = must(Command("sh")
                                 .args({"-c", "readlink /proc/self/fd/8"})
                                 .pass(one, 7)
                                 .pass(one, 8)
                                 .forget_descriptor(7)
                                 .prepare());
  const BorrowedFd given[] = {two};
  EXPECT_EQ(must(prepared.output({}, {.descriptors = given})).out, "/dev/null\n");
}

}  // namespace
}  // namespace sysfd_test
