// SPDX-License-Identifier: MIT
//
// Tests what is no descriptor: cwd(), which only a directory can be, and numbers that the start of
// the child would give to what it makes.
#include <sysfd/command.hpp>

#include <fcntl.h>

#include <functional>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

void expect_bad(Command command, SpawnStep step) {
  const auto child = command.spawn();
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(child.error().step, step) << child.error().describe();
  EXPECT_EQ(child.error().code, std::errc::bad_file_descriptor) << child.error().describe();
}

TEST(WorkingDirectoryAsADescriptor, IsNone) {
  expect_bad(Command("true").stdin_from(cwd()), SpawnStep::standard_stream);
  expect_bad(Command("true").pass(cwd(), 5), SpawnStep::descriptor);
  expect_bad(Command(cwd(), "true"), SpawnStep::program);
  expect_bad(Command("true").session({.new_session = true, .controlling_terminal = cwd()}),
             SpawnStep::controlling_terminal);
  expect_bad(Command("true").session({.foreground_of = cwd()}), SpawnStep::foreground_group);
}

// The next numbers are those of pipes, terminals and the like, which are made for the child alone.
TEST(NumbersOfWhatIsMade, CannotBeGiven) {
  const OwnedFd file = some_file();
  const std::function<void(Command&)> makers[] = {
      [](Command& command) { command.stdout_to(Stdio::pipe()).stdin_from(Stdio::pipe()); },
      [](Command& command) { command.terminal(); },
      [](Command& command) { command.kill_with_parent().stdout_to(Stdio::pipe()); },
      [](Command& command) { command.working_directory("/tmp").stdout_to(Stdio::pipe()); },
      // The caller's end of the socket of the keeper is among them.
      [](Command& command) { command.contain().stdout_to(Stdio::pipe()); },
  };
  constexpr int most_made = 6;
  for (const auto& make : makers)
    for (int number = file.get() + 1; number <= file.get() + most_made; ++number) {
      ASSERT_FALSE(is_open(number));
      Command command("true");
      make(command);
      command.pass(BorrowedFd::unsafe_borrow(number), 20);
      const auto child = command.spawn();
      ASSERT_FALSE(child.has_value()) << &make - makers << ", " << number;
      EXPECT_EQ(child.error().code, std::errc::bad_file_descriptor) << child.error().describe();
      Command kept("true");
      make(kept);
      kept.working_directory(BorrowedFd::unsafe_borrow(number));
      EXPECT_FALSE(kept.spawn().has_value()) << &make - makers << ", " << number;
      Command in_cgroup("true");
      make(in_cgroup);
      in_cgroup.cgroup(BorrowedFd::unsafe_borrow(number));
      EXPECT_FALSE(in_cgroup.spawn().has_value()) << &make - makers << ", " << number;
    }
}

// There is nothing else here that has to do with descriptors.
TEST(NumbersOfWhatIsMade, CannotBeNamespaces) {
  const OwnedFd file = some_file();
  for (int number = file.get() + 1; number <= file.get() + 3; ++number) {
    ASSERT_FALSE(is_open(number));
    Command command("true");
    command.contain().namespaces({.join = {{.of = BorrowedFd::unsafe_borrow(number)}}});
    const auto child = command.spawn();
    ASSERT_FALSE(child.has_value()) << number;
    EXPECT_EQ(child.error().code, std::errc::bad_file_descriptor) << child.error().describe();
  }
}

}  // namespace
}  // namespace sysfd_test
