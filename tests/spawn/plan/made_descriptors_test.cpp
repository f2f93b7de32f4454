// SPDX-License-Identifier: MIT
//
// Tests that the descriptors that the library makes for a child (pipes, the report of a pending
// child, /dev/null) are not in the way of those that the child is given, whatever numbers are free.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/pending_child.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/pending.hpp"
#include "spawn/talk.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

Command with_pipes(Command command) {
  return std::move(command)
      .stdin_from(Stdio::pipe())
      .stdout_to(Stdio::pipe())
      .stderr_to(Stdio::pipe());
}

// The files of 0, 1 and 2 of a child with three pipes.
std::map<int, FileIdentity> identities_of_pipes(Child& child) {
  return {{0, identity_of(child.stdin_pipe()->get())},
          {1, identity_of(child.stdout_pipe()->get())},
          {2, identity_of(child.stderr_pipe()->get())}};
}

// Closes some of 0, 1 and 2 while it lives: nothing can be printed meanwhile.
class ClosedStreams {
 public:
  explicit ClosedStreams(int which) {
    for (int fd = 0; fd < 3; ++fd) {
      saved_.push_back(OwnedFd::adopt(::fcntl(fd, F_DUPFD_CLOEXEC, 50)));
      if (which >> fd & 1) ::close(fd);
    }
  }
  ~ClosedStreams() {
    for (int fd = 0; fd < 3; ++fd)
      ::dup2(saved_[static_cast<std::size_t>(fd)].get(), fd);
  }
  ClosedStreams(const ClosedStreams&) = delete;
  ClosedStreams& operator=(const ClosedStreams&) = delete;

 private:
  std::vector<OwnedFd> saved_;
};

TEST(MadePipes, WorkInAParentWithoutSomeOfTheStandardStreams) {
  for (int closed = 1; closed < 8; ++closed)
    run_apart([closed] {
      SCOPED_TRACE(closed);
      std::map<int, FileIdentity> pipes;
      Report report;
      std::string out, err;
      {
        const ClosedStreams without(closed);
        Inspection inspection;
        Child child = must(with_pipes(std::move(inspection.command)).spawn());
        pipes = identities_of_pipes(child);
        (void)child.wait();
        report = inspection.read();
        Child talker =
            must(with_pipes(shell("read line; echo \"got $line\"; echo oh >&2")).spawn());
        const auto output = must(talker.communicate({.input = bytes("it\n")}));
        out = output.out;
        err = output.err;
      }
      EXPECT_EQ(report.descriptors, pipes);
      EXPECT_EQ(out, "got it\n");
      EXPECT_EQ(err, "oh\n");
    });
}

constexpr int past_those_made = 12;

// The pipes and the report have the lowest numbers that are free here.
TEST(MadePipes, AreNotInTheWayOfAPassedDescriptor) {
  const OwnedFd file = some_file();
  const auto expect = [&](auto run, int lowest, int end) {
    Inspection inspection;
    Command command = with_pipes(std::move(inspection.command));
    for (int number = lowest; number < end; ++number)
      command.pass(file, number);
    Child child = run(std::move(command));
    auto expected = identities_of_pipes(child);
    for (int number = lowest; number < end; ++number)
      expected[number] = identity_of(file.get());
    EXPECT_TRUE(must(child.wait()).success());
    EXPECT_EQ(inspection.read().descriptors, expected) << "from " << lowest << " to " << end;
  };
  const auto spawn = [](Command command) { return must(command.spawn()); };
  const auto spawn_pending = [](Command command) {
    return must(start(std::move(command), Confirmation::by_descriptor).finish());
  };
  for (int number = 3; number < past_those_made; ++number) {
    expect(spawn, number, number + 1);
    expect(spawn_pending, number, number + 1);
  }
  expect(spawn, 3, past_those_made);
  expect(spawn_pending, 3, past_those_made);
}

TEST(MadeReport, IsNotInTheWayOfAPassedDescriptor) {
  const OwnedFd file = some_file();
  for (int number = 3; number < past_those_made; ++number)
    for (const bool all : {false, true}) {
      Command command = with_pipes(Command("/no/such"));
      for (int each = all ? 3 : number; each <= number; ++each)
        command.pass(file, each);
      const SpawnError error = error_of(start(std::move(command), Confirmation::by_descriptor));
      EXPECT_EQ(error.step, SpawnStep::exec) << number;
      EXPECT_EQ(error.code.value(), ENOENT) << number;
    }
}

rlimit limit_of_descriptors() {
  rlimit limit{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  return limit;
}

TEST(LoweredLimit, KeepsNoDescriptorAboveItInTheChild) {
  for (const bool without_close_range : {false, true})
    run_apart([without_close_range] {
      const OwnedFd source = some_file();
      std::vector<OwnedFd> above;
      for (const int number : {100, 101, 250, 500}) {
        above.push_back(OwnedFd::adopt(::fcntl(source.get(), F_DUPFD, number)));
        ASSERT_GE(above.back().get(), number);
      }
      rlimit limit = limit_of_descriptors();
      limit.rlim_cur = 60;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      if (without_close_range) refuse_calls({{SYS_close_range, ENOSYS}});
      const Report report = inspect([](Command&) {});
      EXPECT_EQ(report.descriptors.size(), 3U);
      for (int fd = 0; fd < 3; ++fd)
        EXPECT_EQ(report.descriptors.at(fd), identity_of(fd));

      // A source may be above it.
      const Report passed = inspect([&](Command& command) { command.pass(above[2], 7); });
      EXPECT_EQ(passed.descriptors.size(), 4U);
      EXPECT_EQ(passed.descriptors.at(7), identity_of(source.get()));
    });
}

// The pidfd of the child takes the number that is free here. The child's own copy of the table has
// it for a swap, and for /dev/null. Without close_range(2), it needs another one to read /proc.
TEST(FullTable, NeedsOneFreeNumberForAnyMapOfDescriptors) {
  SYSFD_REQUIRE_KERNEL("close_range with UNSHARE and CLOEXEC");
  run_apart([] {
    const OwnedFd a = some_file(), b = some_file(), c = some_file();
    Inspection inspection;
    inspection.command.pass(a, b.get())
        .pass(b, c.get())
        .pass(c, a.get())
        .stdin_from(Stdio::null())
        .stdout_to(Stdio::null());
    const rlimit usual = limit_of_descriptors();
    const rlimit low{.rlim_cur = 20, .rlim_max = usual.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    std::vector<OwnedFd> others;
    for (int fd; (fd = ::fcntl(a.get(), F_DUPFD_CLOEXEC, 3)) >= 0;)
      others.push_back(OwnedFd::adopt(fd));
    const auto none = inspection.command.spawn();
    others.pop_back();
    auto child = inspection.command.spawn();
    others.clear();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);

    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code.value(), EMFILE);
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_TRUE(must(child->wait()).success());
    EXPECT_EQ(inspection.read().descriptors,
              (std::map<int, FileIdentity>{{0, identity_of_null()},
                                           {1, identity_of_null()},
                                           {2, identity_of(2)},
                                           {a.get(), identity_of(c.get())},
                                           {b.get(), identity_of(a.get())},
                                           {c.get(), identity_of(b.get())}}));
  });
}

}  // namespace
}  // namespace sysfd_test
