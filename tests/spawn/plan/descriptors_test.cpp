// SPDX-License-Identifier: MIT
//
// Tests that the child has exactly the passed descriptors, under the given numbers.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

std::set<int> numbers(const Report& report) {
  std::set<int> found;
  for (const auto& [fd, file] : report.descriptors)
    found.insert(fd);
  return found;
}

// Makes a new file with a chosen number.
OwnedFd file_at(int number) {
  OwnedFd file = some_file();
  if (file.get() == number) return file;
  return OwnedFd::adopt(::dup3(file.get(), number, O_CLOEXEC));
}

TEST(ChildDescriptors, AreTheStandardStreamsAloneByDefault) {
  const OwnedFd close_on_exec = some_file();
  const OwnedFd inheritable = some_file();
  ::fcntl(inheritable.get(), F_SETFD, 0);
  const Report report = inspect([](Command&) {});
  EXPECT_EQ(numbers(report), (std::set{0, 1, 2}));
  for (int fd = 0; fd < 3; ++fd)
    EXPECT_EQ(report.descriptors.at(fd), identity_of(fd));
}

TEST(ChildDescriptors, AreAllThatAreNotCloseOnExecIfThatIsAskedFor) {
  run_apart([] {
    const OwnedFd close_on_exec = file_at(5);
    const OwnedFd inheritable = file_at(6);
    const OwnedFd far = file_at(300);
    const OwnedFd in_the_way = file_at(4);
    for (const OwnedFd* fd : {&inheritable, &far, &in_the_way})
      ::fcntl(fd->get(), F_SETFD, 0);
    // Swapping needs another number for a moment, which must be none of those.
    const Report report = inspect([&](Command& command) {
      command.inherit_descriptors().pass(in_the_way, 7).pass(close_on_exec, 8);
      command.pass(inheritable, 300).pass(far, 6);
    });
    EXPECT_EQ(numbers(report), (std::set{0, 1, 2, 4, 6, 7, 8, 300}));
    EXPECT_EQ(report.descriptors.at(4), identity_of(in_the_way.get()));
    EXPECT_EQ(report.descriptors.at(7), identity_of(in_the_way.get()));
    EXPECT_EQ(report.descriptors.at(8), identity_of(close_on_exec.get()));
    EXPECT_EQ(report.descriptors.at(6), identity_of(far.get()));
    EXPECT_EQ(report.descriptors.at(300), identity_of(inheritable.get()));

    const auto child = Command("/bin/true").inherit_descriptors().spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_FALSE(child->report().isolated_table);
  });
}

TEST(ChildDescriptors, DoNotIncludeWhatIsOpenHereAmongHundreds) {
  std::vector<OwnedFd> files;
  for (int i = 0; i < 500; ++i) {
    files.push_back(some_file());
    ::fcntl(files.back().get(), F_SETFD, 0);
  }
  const Report report = inspect([&](Command& command) { command.pass(files[400], 250); });
  EXPECT_EQ(numbers(report), (std::set{0, 1, 2, 250}));
  EXPECT_EQ(report.descriptors.at(250), identity_of(files[400].get()));
}

TEST(ChildDescriptors, CanBeSwapped) {
  const OwnedFd a = some_file();
  const OwnedFd b = some_file();
  const Report report =
      inspect([&](Command& command) { command.pass(a, b.get()).pass(b, a.get()); });
  EXPECT_EQ(report.descriptors.at(b.get()), identity_of(a.get()));
  EXPECT_EQ(report.descriptors.at(a.get()), identity_of(b.get()));
  EXPECT_EQ(report.descriptors.size(), 5U);
}

TEST(ChildDescriptors, CanGoRoundInACircleOfThree) {
  const OwnedFd a = some_file();
  const OwnedFd b = some_file();
  const OwnedFd c = some_file();
  const Report report = inspect(
      [&](Command& command) { command.pass(a, b.get()).pass(b, c.get()).pass(c, a.get()); });
  EXPECT_EQ(report.descriptors.at(b.get()), identity_of(a.get()));
  EXPECT_EQ(report.descriptors.at(c.get()), identity_of(b.get()));
  EXPECT_EQ(report.descriptors.at(a.get()), identity_of(c.get()));
  EXPECT_EQ(report.descriptors.size(), 6U);
}

TEST(ChildDescriptors, CanHaveOneSourceUnderSeveralNumbers) {
  const OwnedFd file = some_file();
  const Report report = inspect(
      [&](Command& command) { command.pass(file, 9).pass(file, 5).pass(file, file.get()); });
  for (const int number : {9, 5, file.get()})
    EXPECT_EQ(report.descriptors.at(number), identity_of(file.get()));
}

TEST(ChildDescriptors, CanKeepTheirNumber) {
  const OwnedFd file = some_file();
  ASSERT_TRUE(*is_close_on_exec(file));
  const Report report = inspect([&](Command& command) { command.pass(file, file.get()); });
  EXPECT_EQ(report.descriptors.at(file.get()), identity_of(file.get()));
  EXPECT_TRUE(*is_close_on_exec(file)) << "the parent's flag is the parent's";
}

TEST(ChildDescriptors, CanBeTheStandardStreamsInAnyOrder) {
  const Report report = inspect([](Command& command) {
    command.pass(BorrowedFd::unsafe_borrow(0), 1)
        .pass(BorrowedFd::unsafe_borrow(1), 2)
        .pass(BorrowedFd::unsafe_borrow(2), 0)
        .pass(BorrowedFd::unsafe_borrow(0), 6);
  });
  EXPECT_EQ(report.descriptors.at(1), identity_of(0));
  EXPECT_EQ(report.descriptors.at(2), identity_of(1));
  EXPECT_EQ(report.descriptors.at(0), identity_of(2));
  EXPECT_EQ(report.descriptors.at(6), identity_of(0));
}

TEST(ChildDescriptors, WorkInAParentWithoutStandardStreams) {
  run_apart([] {
    const OwnedFd witness = file_at(20);
    for (int fd = 0; fd < 3; ++fd)
      ::close(fd);
    const Report inherited = inspect([](Command&) {});
    EXPECT_EQ(numbers(inherited), (std::set{0, 1, 2}));
    for (int fd = 0; fd < 3; ++fd)
      EXPECT_EQ(inherited.descriptors.at(fd), identity_of_null());

    const OwnedFd low = some_file();  // number 0, close-on-exec: not a standard stream
    EXPECT_EQ(low.get(), 0);
    const Report report = inspect([&](Command& command) { command.pass(low, 2).pass(witness, 1); });
    EXPECT_EQ(numbers(report), (std::set{0, 1, 2}));
    EXPECT_EQ(report.descriptors.at(0), identity_of_null());
    EXPECT_EQ(report.descriptors.at(1), identity_of(witness.get()));
    EXPECT_EQ(report.descriptors.at(2), identity_of(low.get()));

    // Pipes that are made here get the free numbers.
    {
      Inspection inspection;
      inspection.command.stdin_from(Stdio::pipe())
          .stdout_to(Stdio::pipe())
          .stderr_to(Stdio::pipe());
      auto child = inspection.command.spawn();
      ASSERT_TRUE(child) << child.error().describe();
      const auto in = identity_of(child->stdin_pipe()->get());
      const auto out = identity_of(child->stdout_pipe()->get());
      const auto err = identity_of(child->stderr_pipe()->get());
      EXPECT_TRUE(child->wait()->success());
      const Report piped = inspection.read();
      EXPECT_EQ(numbers(piped), (std::set{0, 1, 2}));
      EXPECT_EQ(piped.descriptors.at(0), in);
      EXPECT_EQ(piped.descriptors.at(1), out);
      EXPECT_EQ(piped.descriptors.at(2), err);
    }
  });
}

TEST(ChildDescriptors, ThatAreBorrowedStayOpenHere) {
  const OwnedFd file = some_file();
  auto child = Command("/bin/true").pass(file, 7).stdin_from(file).spawn();
  ASSERT_TRUE(child);
  EXPECT_TRUE(is_open(file.get()));
  EXPECT_TRUE(child->wait()->success());
}

TEST(ChildDescriptors, ThatAreOwnedArePassedOnce) {
  auto [read, write] = *sysfd::pipe();
  const int number = write.get();
  Command command("/bin/true");
  command.pass(std::move(write), 7);
  EXPECT_TRUE(is_open(number)) << "until a child runs";
  auto child = command.spawn();
  ASSERT_TRUE(child);
  EXPECT_FALSE(is_open(number));
  EXPECT_TRUE(child->wait()->success());
  char byte;
  EXPECT_EQ(::read(read.get(), &byte, 1), 0) << "nobody has the write end any more";

  const auto second = command.spawn();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().step, SpawnStep::descriptor);
  EXPECT_EQ(second.error().code, std::errc::bad_file_descriptor);
}

TEST(ChildDescriptors, ThatAreOwnedStayWithTheCommandIfNoChildRuns) {
  OwnedFd file = some_file();
  const int number = file.get();
  Command command("/no/such/program");
  command.pass(std::move(file), 7);
  EXPECT_FALSE(command.spawn());
  EXPECT_TRUE(is_open(number));
  EXPECT_EQ(command.spawn().error().step, SpawnStep::exec) << "it could be tried again";
}

TEST(ChildDescriptors, UnderANumberGivenTwiceAreRefused) {
  const OwnedFd file = some_file();
  const auto child = Command("/bin/true").pass(file, 5).pass(file, 6).pass(file, 5).spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().step, SpawnStep::descriptor);
  EXPECT_EQ(child.error().index, 2);
  EXPECT_EQ(child.error().code, std::errc::invalid_argument);
  EXPECT_EQ(child.error().describe(),
            "descriptor 2, to be number 5, which is given twice: Invalid argument");
}

TEST(ChildDescriptors, UnderTheNumberOfAStreamThatWasSetAreRefused) {
  const OwnedFd file = some_file();
  const auto child = Command("/bin/true").stdout_to(Stdio::null()).pass(file, 1).spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().step, SpawnStep::descriptor);
  EXPECT_EQ(child.error().index, 0);
}

TEST(ChildDescriptors, UnderANumberThatCannotBeAreRefused) {
  const OwnedFd file = some_file();
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  for (const int number : {-1, -100, static_cast<int>(limit.rlim_cur)}) {
    const auto child = Command("/bin/true").pass(file, 9).pass(file, number).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::descriptor);
    EXPECT_EQ(child.error().index, 1);
    EXPECT_EQ(child.error().code, std::errc::bad_file_descriptor);
  }
  auto last = Command("/bin/true").pass(file, static_cast<int>(limit.rlim_cur) - 1).spawn();
  ASSERT_TRUE(last) << last.error().describe();
  EXPECT_TRUE(last->wait()->success());
}

TEST(ChildDescriptors, ThatAreNoneAreRefused) {
  const auto child = Command("/bin/true").pass(cwd(), 5).spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().step, SpawnStep::descriptor);
  EXPECT_EQ(child.error().code, std::errc::bad_file_descriptor);
}

// The pidfd of the child is made in the same table at the same time, and must not be mistaken for
// the passed descriptor.
TEST(ChildDescriptors, ThatWereClosedMeanwhileAreReported) {
  const OwnedFd file = some_file();
  for (const int closed : {3, 4, 5, 6, 7, 8}) {
    if (closed == file.get()) continue;
    ASSERT_FALSE(is_open(closed));
    const auto child =
        Command("/bin/true").pass(file, 10).pass(BorrowedFd::unsafe_borrow(closed), 11).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::descriptor);
    EXPECT_EQ(child.error().index, 1);
    EXPECT_EQ(child.error().code, std::errc::bad_file_descriptor);
  }
}

TEST(ChildDescriptors, ThatWereClosedMeanwhileAreReportedWithoutCloseRange) {
  run_apart([] {
    refuse_calls({{SYS_close_range, ENOSYS}});
    const OwnedFd file = file_at(9);
    const auto child =
        Command("/bin/true").pass(file, 10).pass(BorrowedFd::unsafe_borrow(3), 11).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().index, 1);
  });
}

TEST(ChildDescriptors, ThatWereClosedMeanwhileAreNamedInACircleToo) {
  const OwnedFd file = some_file();
  for (const int closed : {15, 25}) {
    const auto child = Command("/bin/true")
                           .pass(BorrowedFd::unsafe_borrow(closed), file.get())
                           .pass(file, closed)
                           .spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().index, 0) << child.error().describe();
  }
  const OwnedFd high = file_at(30);
  const auto child =
      Command("/bin/true").pass(BorrowedFd::unsafe_borrow(5), 30).pass(high, 5).spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().index, 0) << child.error().describe();
}

}  // namespace
}  // namespace sysfd_test
