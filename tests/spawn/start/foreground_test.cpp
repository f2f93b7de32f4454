// SPDX-License-Identifier: MIT
//
// Tests a child in the foreground of a terminal: after an error, and after a call that runs the
// program to its end, the previous process group is in the foreground again.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include <sysfd/pending_child.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "spawn/terminal.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

// Makes a command whose child will be in the foreground of a terminal, as this process is now.
using Make = std::function<Command(const char* program)>;

void in_foreground(const std::function<void(const Make&)>& body) {
  run_apart([&] {
    ASSERT_GT(::setsid(), 0);
    ::signal(SIGHUP, SIG_IGN);
    const Terminal terminal;
    ASSERT_EQ(::ioctl(terminal.child.get(), TIOCSCTTY, 0), 0);
    ASSERT_EQ(::tcgetpgrp(terminal.child.get()), ::getpgrp());
    body([&](const char* program) {
      Command command(program);
      command.session({.process_group = 0, .foreground_of = terminal.child});
      return command;
    });
    EXPECT_EQ(::tcgetpgrp(terminal.child.get()), ::getpgrp());
  });
}

TEST(Foreground, IsGivenBackWhereTheProgramIsMissing) {
  in_foreground([](const Make& make) { EXPECT_FALSE(make("/no/such").spawn()); });
  in_foreground([](const Make& make) { EXPECT_FALSE(make("/no/such").status()); });
  in_foreground([](const Make& make) { EXPECT_FALSE(make("/no/such").output()); });
  in_foreground([](const Make& make) {
    Command command = make("/no/such");
    EXPECT_FALSE(spawn_all({&command, 1}).front());
  });
  in_foreground([](const Make& make) {
    auto pending = make("/no/such").spawn_async();
    ASSERT_TRUE(pending);
    EXPECT_FALSE(pending->finish());
  });
}

// No caller is left behind that would do it.
TEST(Foreground, IsGivenBackByAnExecThatFails) {
  in_foreground([](const Make& make) {
    const pid_t copy = ::fork();
    if (copy == 0) {
      (void)make("/no/such").exec();
      ::_exit(0);
    }
    ASSERT_GT(copy, 0);
    EXPECT_EQ(::waitpid(copy, nullptr, 0), copy);
  });
}

TEST(Foreground, IsGivenBackByWhoRunsTheProgramToItsEnd) {
  in_foreground([](const Make& make) { EXPECT_TRUE(make("/bin/true").status()->success()); });
  in_foreground([](const Make& make) {
    Command command = make("/bin/true");
    EXPECT_TRUE(command.status()->success());
    EXPECT_TRUE(command.status()->success()) << "with the same plan";
  });
  in_foreground([](const Make& make) { EXPECT_TRUE(make("/bin/true").output()->success()); });
}

// Each stage finds the previous one there.
TEST(Foreground, IsGivenBackByAPipeline) {
  in_foreground([](const Make& make) {
    EXPECT_TRUE((make("/bin/true") | make("/bin/true")).output()->success());
  });
  SYSFD_REQUIRE_ISOLATION();
  in_foreground([](const Make& make) {
    EXPECT_TRUE((make("/bin/sleep").arg("1000") | make("/bin/cat"))
                    .output({.timeout = std::chrono::nanoseconds(0)})
                    ->timed_out);
  });
  in_foreground([](const Make& make) {
    EXPECT_FALSE((make("/bin/cat") | make("/bin/cat") | Command("/no/such")).spawn());
  });
}

TEST(Foreground, IsGivenBackWhereTheChildIsKilledOnItsWay) {
  SYSFD_REQUIRE_KILL_OF_ONE();
  SYSFD_REQUIRE_ISOLATION();
  in_foreground([](const Make& make) {
    const rlimit no_core{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_CORE, &no_core), 0);
    Command command = make("/bin/true");
    command.resources({.umask = 022});
    std::thread([&] {
      kill_on_call({SYS_umask, 0});
      EXPECT_FALSE(command.spawn());
    }).join();
  });
}

TEST(Foreground, IsGivenBackByTheCancelOfAPendingChild) {
  SYSFD_REQUIRE_ISOLATION();
  in_foreground([](const Make& make) {
    auto pending = make("/bin/cat").spawn_async();
    ASSERT_TRUE(pending);
    pending->cancel();
  });
}

// A shell decides itself when it takes its terminal back.
TEST(Foreground, IsTheChildsAsLongAsItRuns) {
  run_apart([] {
    ASSERT_GT(::setsid(), 0);
    ::signal(SIGHUP, SIG_IGN);
    const Terminal terminal;
    ASSERT_EQ(::ioctl(terminal.child.get(), TIOCSCTTY, 0), 0);
    auto child =
        Command("/bin/true").session({.process_group = 0, .foreground_of = terminal.child}).spawn();
    ASSERT_TRUE(child);
    EXPECT_EQ(::tcgetpgrp(terminal.child.get()), child->pid());
    EXPECT_TRUE(child->wait()->success());
  });
}

}  // namespace
}  // namespace sysfd_test
