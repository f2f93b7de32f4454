// SPDX-License-Identifier: MIT
//
// Tests sessions, process groups and terminals of a child, both given and new ones.
#include <sysfd/session.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"
#include "spawn/terminal.hpp"

namespace sysfd_test {
namespace {

Configure with(const Session& session) {
  return [=](Command& command) { command.session(session); };
}

// Reads everything from the parent's side, up to the EIO that means that the other side is closed.
std::string read_to_the_end(BorrowedFd terminal) {
  std::string all;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t size = ::read(terminal.get(), buffer.data(), buffer.size());
    if (size > 0) {
      all.append(buffer.data(), static_cast<std::size_t>(size));
    } else if (size == -1 && errno == EINTR) {
    } else {
      EXPECT_EQ(size, -1);
      EXPECT_EQ(errno, EIO);
      return all;
    }
  }
}

// Returns the report of a child that runs the inspector and writes to its terminal.
Facts facts_from_terminal(Child& child) {
  std::istringstream text(read_to_the_end(*child.terminal()));
  const Report report = parse_report(text);
  EXPECT_TRUE(child.wait()->success());
  return report.facts;
}

Command inspector() {
  return Command(Inspection::inspector_path()).arg("-");
}

TEST(CommandSession, IsThatOfTheParentIfNothingIsSet) {
  const Facts ours = facts_of_this_process();
  const Facts expected = {{"session", ours.at("session")}, {"group", ours.at("group")}};
  expect_facts([](Command&) {}, expected);
  expect_facts(with({}), expected);
}

TEST(CommandSession, CanBeANewOne) {
  const Facts child = facts_of_child(with({.new_session = true}));
  EXPECT_EQ(child.at("session"), child.at("pid"));
  EXPECT_EQ(child.at("group"), child.at("pid"));
  EXPECT_EQ(child.at("terminal"), "0");
}

TEST(CommandSession, CanHaveAGroupOfItsOwn) {
  const Facts child = facts_of_child(with({.process_group = 0}));
  EXPECT_EQ(child.at("group"), child.at("pid"));
  EXPECT_EQ(child.at("session"), facts_of_this_process().at("session"));
}

// Starts `cat`, which lives until its Child is destroyed.
Child leader(const Session& session) {
  return must(
      Command("cat").stdin_from(Stdio::pipe()).stdout_to(Stdio::null()).session(session).spawn());
}

TEST(CommandSession, CanHaveTheGroupOfAnotherChild) {
  const Child first = leader({.process_group = 0});
  expect_facts(with({.process_group = first.pid()}), {{"group", std::to_string(first.pid())}});
}

TEST(CommandSession, CannotHaveAGroupOfAnotherSession) {
  const Child other = leader({.new_session = true});
  Command command("/bin/true");
  command.session({.process_group = other.pid()});
  expect_error(command, SpawnStep::process_group, EPERM);
  EXPECT_EQ(command.spawn().error().describe(), "process group: Operation not permitted");
}

TEST(CommandSession, CanHaveAControllingTerminal) {
  const Terminal terminal;
  const Facts child =
      facts_of_child(with({.new_session = true, .controlling_terminal = terminal.child}));
  struct stat status{};
  ASSERT_EQ(::fstat(terminal.child.get(), &status), 0);
  EXPECT_EQ(child.at("session"), child.at("pid"));
  EXPECT_EQ(child.at("terminal"), std::to_string(status.st_rdev));
  EXPECT_EQ(child.at("foreground"), child.at("pid"));
}

TEST(CommandSession, CannotHaveTheTerminalOfAnotherSession) {
  const Terminal terminal;
  const Child owner = leader({.new_session = true, .controlling_terminal = terminal.child});
  Command command("/bin/true");
  command.session({.new_session = true, .controlling_terminal = terminal.child});
  expect_error(command, SpawnStep::controlling_terminal, EPERM);
}

// A shell does this for each of its jobs, also for the second one, when the shell itself is in the
// background.
TEST(CommandSession, CanBeInTheForegroundOfItsTerminal) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_GT(::setsid(), 0);
    ::signal(SIGHUP, SIG_IGN);
    const Terminal terminal;
    ASSERT_EQ(::ioctl(terminal.child.get(), TIOCSCTTY, 0), 0);
    ASSERT_EQ(::tcgetpgrp(terminal.child.get()), ::getpgrp());
    for (int job = 0; job < 2; ++job) {
      auto child = inspector()
                       .stdout_to(Stdio::pipe())
                       .session({.process_group = 0, .foreground_of = terminal.child})
                       .spawn();
      ASSERT_TRUE(child) << child.error().describe();
      const auto output = child->communicate();
      ASSERT_TRUE(output && output->success());
      std::istringstream text(output->out);
      const Facts facts = parse_report(text).facts;
      EXPECT_EQ(facts.at("foreground"), facts.at("pid"));
      EXPECT_EQ(facts.at("group"), facts.at("pid"));
      EXPECT_NE(::tcgetpgrp(terminal.child.get()), ::getpgrp());
    }
    // Its parent's group then takes the terminal back.
    auto child = Command("/bin/true").session({.foreground_of = terminal.child}).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_TRUE(child->wait()->success());
    EXPECT_EQ(::tcgetpgrp(terminal.child.get()), ::getpgrp());
  });
}

TEST(CommandSession, CannotBeInTheForegroundOfATerminalThatItHasLeft) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_GT(::setsid(), 0);
    ::signal(SIGHUP, SIG_IGN);
    const Terminal terminal;
    ASSERT_EQ(::ioctl(terminal.child.get(), TIOCSCTTY, 0), 0);
    Command command("/bin/true");
    command.session({.new_session = true, .foreground_of = terminal.child});
    expect_error(command, SpawnStep::foreground_group, ENOTTY);
    EXPECT_EQ(::tcgetpgrp(terminal.child.get()), ::getpgrp());
  });
}

TEST(CommandSession, ThatCannotBeIsRefused) {
  const Terminal terminal;
  expect_refused({
      {with({.process_group = -2}), SpawnStep::process_group, "process group \"-2\""},
      {with({.new_session = true, .process_group = 0}), SpawnStep::process_group,
       "process group \"in a new session\""},
      {with({.controlling_terminal = terminal.child}), SpawnStep::controlling_terminal,
       "controlling terminal \"without a new session\""},
      {[&](Command& command) {
         command.terminal().session({.new_session = true, .controlling_terminal = terminal.child});
       },
       SpawnStep::controlling_terminal, "controlling terminal \"together with a new terminal\""},
      {[](Command& command) { command.terminal().session({.process_group = 0}); },
       SpawnStep::process_group, "process group \"in a new session\""},
      {[](Command& command) { command.session({.process_group = 0}).stdout_to(Stdio::terminal()); },
       SpawnStep::process_group, "process group \"in a new session\""},
  });
}

TEST(CommandSession, ThatTheKernelRefusesIsNamedByItsStep) {
  const Terminal terminal;
  const OwnedFd file = some_file();
  const auto only = [](unsigned value) { return RefusedCall::Match{1, value}; };
  const Session login{
      .new_session = true, .controlling_terminal = terminal.child, .foreground_of = terminal.child};
  expect_failures({
      {{SYS_setsid, EPERM}, with(login), SpawnStep::session},
      {{SYS_setpgid, EACCES}, with({.process_group = 0}), SpawnStep::process_group},
      {{SYS_ioctl, EIO, only(TIOCSCTTY)}, with(login), SpawnStep::controlling_terminal},
      {{SYS_ioctl, EIO, only(TIOCSPGRP)}, with(login), SpawnStep::foreground_group},
      {{SYS_ioctl, ENOTTY, only(TIOCSPGRP)},
       with({.foreground_of = file}),
       SpawnStep::foreground_group},
  });
  for (const Session& session : {Session{.new_session = true, .controlling_terminal = file},
                                 Session{.new_session = true, .foreground_of = file}}) {
    Command command("/bin/true");
    command.session(session);
    expect_error(
        command,
        session.foreground_of ? SpawnStep::foreground_group : SpawnStep::controlling_terminal,
        ENOTTY);
  }
}

TEST(CommandTerminal, IsAllThreeStreamsAndTheControllingOneOfANewSession) {
  auto child = inspector().terminal({.rows = 30, .columns = 100}).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  ASSERT_TRUE(child->terminal());
  EXPECT_TRUE(*is_close_on_exec(*child->terminal()));
  EXPECT_FALSE(child->stdin_pipe() || child->stdout_pipe() || child->stderr_pipe());
  const std::string pid = std::to_string(child->pid());
  const Facts facts = facts_from_terminal(*child);
  EXPECT_EQ(facts.at("streams that are terminals"), "012");
  EXPECT_EQ(facts.at("window size"), "30 100");
  for (const char* name : {"session", "group", "foreground"})
    EXPECT_EQ(facts.at(name), pid) << name;
  EXPECT_NE(facts.at("terminal"), "0");
  EXPECT_NE(facts.at("terminal"), facts_of_this_process().at("terminal"));
}

TEST(CommandTerminal, LeavesStreamsAloneThatAreSet) {
  auto child = inspector().terminal().stderr_to(Stdio::null()).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  const Facts facts = facts_from_terminal(*child);
  EXPECT_EQ(facts.at("streams that are terminals"), "01");
  EXPECT_EQ(facts.at("window size"), "24 80");
}

TEST(CommandTerminal, CanBeOneStreamAlone) {
  auto child = inspector()
                   .stdin_from(Stdio::null())
                   .stderr_to(Stdio::null())
                   .stdout_to(Stdio::terminal())
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  const Facts facts = facts_from_terminal(*child);
  EXPECT_EQ(facts.at("streams that are terminals"), "1");
  EXPECT_EQ(facts.at("session"), facts.at("pid"));
}

TEST(CommandTerminal, TakesWhatIsTyped) {
  auto child = Command("cat").terminal().spawn();
  ASSERT_TRUE(child) << child.error().describe();
  constexpr std::string_view typed = "hello\n\x04";  // control-D means the end of the file
  ASSERT_EQ(::write(child->terminal()->get(), typed.data(), typed.size()),
            static_cast<ssize_t>(typed.size()));
  EXPECT_EQ(read_to_the_end(*child->terminal()), "hello\r\nhello\r\n") << "its echo, and cat's";
  EXPECT_TRUE(child->wait()->success());
}

TEST(CommandTerminal, SendsTheSignalsOfItsKeys) {
  auto child = Command("cat").terminal().spawn();
  ASSERT_TRUE(child) << child.error().describe();
  ASSERT_EQ(::write(child->terminal()->get(), "\x03", 1), 1);  // control-C
  EXPECT_EQ(child->wait()->signal(), SIGINT);
}

// The program does not read it: otherwise the end of input would come before the signal.
TEST(CommandTerminal, HangsUpWhenTheParentClosesIt) {
  auto child = Command("sleep").arg("1000").terminal().spawn();
  ASSERT_TRUE(child) << child.error().describe();
  child->terminal().reset();
  EXPECT_EQ(child->wait()->signal(), SIGHUP);
}

TEST(CommandTerminal, CanChangeItsSize) {
  auto child = Command("sh")
                   .args({"-c", "trap 'exit 7' WINCH; echo ready; sleep 1000 & wait"})
                   .terminal()
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  std::string seen;
  for (char c = 0; !seen.ends_with("ready\r\n") && ::read(child->terminal()->get(), &c, 1) == 1;)
    seen += c;
  ASSERT_EQ(seen, "ready\r\n");
  ASSERT_TRUE(set_window_size(*child->terminal(), {.rows = 50, .columns = 132}));
  winsize size{};
  EXPECT_EQ(::ioctl(child->terminal()->get(), TIOCGWINSZ, &size), 0);
  EXPECT_EQ(size.ws_row, 50);
  EXPECT_EQ(size.ws_col, 132);
  EXPECT_EQ(child->wait()->code(), 7) << "it got SIGWINCH";
}

TEST(CommandTerminal, IsNotFileOrNothing) {
  const OwnedFd file = some_file();
  EXPECT_EQ(set_window_size(file, {}).error().value(), ENOTTY);
  EXPECT_EQ(set_window_size(BorrowedFd::unsafe_borrow(999), {}).error().value(), EBADF);
}

TEST(CommandTerminal, ThatCannotBeMadeIsNamed) {
  const auto terminal = [](Command& command) { command.terminal(); };
  const auto only = [](unsigned argument, unsigned value) {
    return RefusedCall::Match{argument, value};
  };
  expect_failures({
      {{SYS_openat, ENOSPC, only(2, O_RDWR | O_NOCTTY | O_CLOEXEC)},
       terminal,
       SpawnStep::terminal,
       0},
      {{SYS_ioctl, EIO, only(1, TIOCSPTLCK)}, terminal, SpawnStep::terminal, 0},
      {{SYS_ioctl, EMFILE, only(1, static_cast<unsigned>(TIOCGPTPEER))},
       terminal,
       SpawnStep::terminal,
       0},
      {{SYS_ioctl, EFAULT, only(1, TIOCSWINSZ)}, terminal, SpawnStep::terminal, 0},
  });
}

}  // namespace
}  // namespace sysfd_test
