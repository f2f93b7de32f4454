// SPDX-License-Identifier: MIT
//
// Tests socket activation: what sd_listen_fds(3) would find in the child.
#include <sysfd/command.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/talk.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

const char* const variables[] = {"LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "LISTEN_PIDFDID"};

SpawnError error_of(Command command) {
  const auto child = command.spawn();
  if (!child) return child.error();
  ADD_FAILURE() << "it was started";
  return {SpawnStep::program, {}, -1, ""};
}

std::string value(const Report& report, const std::string& name) {
  const auto found = report.environment.find(name);
  return found == report.environment.end() ? "(none)" : found->second;
}

// Returns the expected LISTEN_PIDFDID.
std::string identity_of_process(const PidFd& process) {
  const auto id = process.id();
  return id ? std::to_string(id->value()) : "(none)";
}

// Runs it, and compares the report with the child.
Report run_and_expect(Inspection& inspection, const std::string& names, std::size_t count) {
  Child child = must(inspection.command.spawn());
  const std::string pid = std::to_string(child.pid());
  const std::string identity = identity_of_process(child.pidfd());
  EXPECT_TRUE(child.wait()->success());
  Report report = inspection.read();
  EXPECT_EQ(value(report, "LISTEN_FDS"), std::to_string(count));
  EXPECT_EQ(value(report, "LISTEN_FDNAMES"), names);
  EXPECT_EQ(value(report, "LISTEN_PID"), pid);
  EXPECT_EQ(value(report, "LISTEN_PIDFDID"), identity);
  return report;
}

TEST(ListenFds, ArriveInOrderWithTheirNames) {
  const OwnedFd files[] = {some_file(), some_file(), some_file()};
  Inspection inspection;
  // They are 3, 4 and 5 here too, in another order.
  inspection.command.listen_fds("http", files[2])
      .listen_fds({{"a name", files[0]}, {"http", files[1]}});
  const Report report = run_and_expect(inspection, "http:a name:http", 3);
  EXPECT_EQ(report.descriptors.size(), 6U);
  EXPECT_EQ(report.descriptors.at(3), identity_of(files[2].get()));
  EXPECT_EQ(report.descriptors.at(4), identity_of(files[0].get()));
  EXPECT_EQ(report.descriptors.at(5), identity_of(files[1].get()));
}

TEST(ListenFds, MayBeOneTwiceAndMany) {
  const OwnedFd file = some_file();
  Inspection inspection;
  std::string names;
  for (int i = 0; i < 100; ++i) {
    inspection.command.listen_fds("n", file);
    names += i == 0 ? "n" : ":n";
  }
  const Report report = run_and_expect(inspection, names, 100);
  EXPECT_EQ(report.descriptors.size(), 103U);
  EXPECT_EQ(report.descriptors.at(102), identity_of(file.get()));
}

TEST(ListenFds, CanBeCombinedWithOthersThatArePassed) {
  const OwnedFd listener = some_file(), other = some_file(), in = some_file();
  Inspection inspection;
  inspection.command.pass(other, 9).listen_fds("a", listener).pass(listener, 4).pass(in, 0);
  const Report report = run_and_expect(inspection, "a", 1);
  EXPECT_EQ(report.descriptors.size(), 6U);
  EXPECT_EQ(report.descriptors.at(0), identity_of(in.get()));
  EXPECT_EQ(report.descriptors.at(3), identity_of(listener.get()));
  EXPECT_EQ(report.descriptors.at(4), identity_of(listener.get()));
  EXPECT_EQ(report.descriptors.at(9), identity_of(other.get()));
}

TEST(ListenFds, CanBeCombinedWithOtherVariables) {
  const OwnedFd file = some_file();
  Inspection changed;
  changed.command.env("SYSFD_BEFORE", "1").listen_fds("a", file).env("SYSFD_AFTER", "2");
  changed.command.remove_env("LISTEN_FDS");
  const Report report = run_and_expect(changed, "a", 1);
  EXPECT_EQ(value(report, "SYSFD_BEFORE"), "1");
  EXPECT_EQ(value(report, "SYSFD_AFTER"), "2");
  EXPECT_EQ(value(report, "PATH"), std::getenv("PATH"));

  Inspection cleared;
  cleared.command.listen_fds("a", file).clear_env().env("SYSFD_AFTER", "2");
  EXPECT_LE(run_and_expect(cleared, "a", 1).environment.size(), 5U);
}

TEST(ListenFds, AreForEachChildByItself) {
  const OwnedFd file = some_file();
  Inspection inspection;
  inspection.command.listen_fds("a", file);
  Report reports[2];
  for (Report& report : reports)
    report = run_and_expect(inspection, "a", 1);
  EXPECT_NE(value(reports[0], "LISTEN_PID"), value(reports[1], "LISTEN_PID"));
}

TEST(ListenFds, OfAChildInANewPidNamespaceNameItAsItSeesItself) {
  SYSFD_REQUIRE_ROOT();
  const OwnedFd file = some_file();
  Child child = must(shell("echo $$ $LISTEN_PID ${LISTEN_PIDFDID-(none)}")
                         .listen_fds("a", file)
                         .stdout_to(Stdio::pipe())
                         .namespaces({.create = Namespace::pid})
                         .spawn());
  const std::string identity = identity_of_process(child.pidfd());
  EXPECT_EQ(child.communicate()->out, "1 1 " + identity + '\n');
}

TEST(ListenFds, ThatAreOwnedArePassed) {
  Inspection inspection;
  OwnedFd file = some_file();
  const int number = file.get();
  const auto identity = identity_of(number);
  inspection.command.listen_fds("a", std::move(file));
  EXPECT_TRUE(is_open(number));
  const Report report = run_and_expect(inspection, "a", 1);
  EXPECT_EQ(report.descriptors.at(3), identity);
  EXPECT_FALSE(is_open(number));

  const auto again = inspection.command.spawn();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().describe(),
            "listen descriptor 0, to be number 3, which an earlier child was given: "
            "Bad file descriptor");
}

TEST(ListenFds, ThatAreOwnedStaySoWhenNoChildStarts) {
  OwnedFd file = some_file();
  const int number = file.get();
  {
    const Command command = [&] {
      Command made = Command("/no/such").listen_fds("a", std::move(file));
      EXPECT_EQ(made.spawn().error().step, SpawnStep::exec);
      return made;
    }();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(ListenFds, TakeTheirNumbersForThemselves) {
  const OwnedFd file = some_file();
  for (const int number : {3, 4}) {
    const SpawnError error =
        error_of(Command("true").pass(file, number).listen_fds("a", file).listen_fds("b", file));
    EXPECT_EQ(error.step, SpawnStep::listen_fds);
    EXPECT_EQ(error.code, std::errc::invalid_argument);
    EXPECT_EQ(error.index, number - 3);
  }
}

TEST(ListenFds, AreCheckedLikeOthers) {
  const OwnedFd file = some_file();
  const BorrowedFd closed = BorrowedFd::unsafe_borrow(900);
  const SpawnError error = error_of(Command("true").listen_fds("a", file).listen_fds("b", closed));
  EXPECT_EQ(error.step, SpawnStep::listen_fds);
  EXPECT_EQ(error.code, std::errc::bad_file_descriptor);
  EXPECT_EQ(error.index, 1);
  EXPECT_EQ(error.describe(), "listen descriptor 1, to be number 4: Bad file descriptor");
}

TEST(ListenFdName, MayBeAnythingThatSurvivesTheWay) {
  const OwnedFd file = some_file();
  for (const std::string& name :
       {std::string(255, 'x'), std::string("a b"), std::string("~!@=;/"), std::string(" ")}) {
    Inspection inspection;
    inspection.command.listen_fds(name, file);
    run_and_expect(inspection, name, 1);
  }
}

TEST(ListenFdName, IsRefusedIfItDoesNot) {
  const OwnedFd file = some_file();
  for (const std::string& name : {std::string("a:b"), std::string(":"), std::string(256, 'x'),
                                  std::string("a\nb"), std::string("\x7f"), std::string("\x1f"),
                                  std::string("\xc3\xa4"), std::string("a\0b", 3)}) {
    SCOPED_TRACE(name);
    const SpawnError error = error_of(
        Command("true").listen_fds("fine", file).listen_fds(name, file).listen_fds("", file));
    EXPECT_EQ(error.step, SpawnStep::listen_fds);
    EXPECT_EQ(error.code, std::errc::invalid_argument);
    EXPECT_EQ(error.index, 1);
  }
}

TEST(ListenFdName, MayBeEmpty) {
  const OwnedFd file = some_file();
  Inspection several;
  several.command.listen_fds("", file).listen_fds("b", file).listen_fds("", file);
  run_and_expect(several, ":b:", 3);
  Inspection alone;
  alone.command.listen_fds("", file);
  run_and_expect(alone, "", 1);
}

TEST(ListenVariables, OfThisProcessNeverReachAChild) {
  run_apart([] {
    for (const char* variable : variables)
      ::setenv(variable, "stale", 1);
    ::setenv("LISTEN_FDSTORE", "another", 1);
    ::setenv("LISTEN", "another", 1);
    const auto expect_none = [](const Report& report) {
      for (const char* variable : variables)
        EXPECT_EQ(value(report, variable), "(none)") << variable;
    };
    const Report plain = inspect([](Command&) {});
    expect_none(plain);
    EXPECT_EQ(value(plain, "LISTEN_FDSTORE"), "another");
    EXPECT_EQ(value(plain, "LISTEN"), "another");
    const Report changed = inspect([](Command& command) { command.env("SYSFD_NEW", "1"); });
    expect_none(changed);
    EXPECT_EQ(value(changed, "SYSFD_NEW"), "1");
    expect_none(inspect([](Command& command) { command.clear_env(); }));

    const OwnedFd file = some_file();
    Inspection inspection;
    inspection.command.listen_fds("fresh", file);
    run_and_expect(inspection, "fresh", 1);
    EXPECT_STREQ(std::getenv("LISTEN_PID"), "stale") << "this process keeps its own";
  });
}

TEST(ListenVariables, ReachAChildIfTheyAreSetToBePassedOn) {
  run_apart([] {
    for (const char* variable : variables)
      ::setenv(variable, "stale", 1);
    for (const char* set_variable : variables) {
      const Report report =
          inspect([set_variable](Command& command) { command.env(set_variable, "7"); });
      for (const char* variable : variables)
        EXPECT_EQ(value(report, variable), variable == set_variable ? "7" : "(none)") << variable;
    }
  });
}

TEST(ListenVariables, CannotBeCombinedWithListenFds) {
  const OwnedFd file = some_file();
  for (const char* variable : variables)
    for (const bool before : {false, true}) {
      Command command("true");
      if (before) command.env(variable, "7");
      command.listen_fds("a", file);
      if (!before) command.env("SYSFD", "1").env(variable, "7");
      const SpawnError error = error_of(std::move(command));
      EXPECT_EQ(error.step, SpawnStep::environment);
      EXPECT_EQ(error.code, std::errc::invalid_argument);
      EXPECT_TRUE(error.describe().contains(variable)) << error.describe();
    }
}

TEST(ListenVariables, LackTheIdentityWhereTheChildCannotTell) {
  for (const int call : {SYS_pidfd_open, SYS_fstatfs})
    run_apart([call] {
      refuse_calls({{call, EPERM}});
      const OwnedFd file = some_file();
      Inspection inspection;
      inspection.command.listen_fds("a", file);
      for (int round = 0; round < 2; ++round) {
        Child child = must(inspection.command.spawn());
        EXPECT_TRUE(child.wait()->success());
        const Report report = inspection.read();
        EXPECT_EQ(value(report, "LISTEN_FDS"), "1");
        EXPECT_EQ(value(report, "LISTEN_FDNAMES"), "a");
        EXPECT_EQ(value(report, "LISTEN_PID"), std::to_string(child.pid()));
        EXPECT_EQ(value(report, "LISTEN_PIDFDID"), "(none)");
        EXPECT_EQ(report.descriptors.size(), 4U);
      }
    });
}

}  // namespace
}  // namespace sysfd_test
