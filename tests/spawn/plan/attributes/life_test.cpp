// SPDX-License-Identifier: MIT
//
// Tests a child that does not outlive its parent.
#include <sysfd/command.hpp>

#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"

namespace sysfd_test {
namespace {

constexpr const char* fact = "parent-death signal";

Configure with(int signo) {
  return [=](Command& command) { command.parent_death_signal(signo); };
}

// True if the kernel has CLONE_PIDFD_AUTOKILL, which needs no signal.
bool kernel_kills_with_parent() {
  const auto child = Command("/bin/true").kill_with_parent().spawn();
  EXPECT_TRUE(child) << child.error().describe();
  return child && child->report().killed_with_parent;
}

TEST(CommandLife, IsIndependentIfNothingIsSet) {
  expect_facts([](Command&) {}, {{fact, "0"}});
}

TEST(CommandLife, HasAParentDeathSignal) {
  for (const int signo : {SIGTERM, SIGHUP, SIGRTMAX})
    expect_facts(with(signo), {{fact, std::to_string(signo)}});
}

// A change of identity would reset the signal.
TEST(CommandLife, HasAParentDeathSignalAsAnybodyAnywhere) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(
      [](Command& command) {
        command.parent_death_signal(SIGTERM).identity({.user = 1234, .group = 1234, .iab = ""});
      },
      {{fact, "15"}, {"Uid", "1234 1234 1234 1234"}});
  expect_facts(
      [](Command& command) {
        command.parent_death_signal(SIGTERM).namespaces(
            {.create = Namespace::pid | Namespace::user});
      },
      {{fact, "15"}, {"pid", "1"}});
}

// The children of another thread, and of this one, may be made in another namespace than that of
// this process.
TEST(CommandLife, HasAParentDeathSignalWhereTheParentHasLeftItsPidNamespace) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    const auto init = Command("cat")  // process 1 there; without it there can be no other one
                          .stdin_from(Stdio::pipe())
                          .stdout_to(Stdio::null())
                          .parent_death_signal(SIGTERM)
                          .spawn();
    ASSERT_TRUE(init) << init.error().describe();
    expect_facts(with(SIGTERM), {{fact, "15"}, {"pid", "2"}});
  });
}

TEST(CommandLife, EndsWithTheThreadThatStartedIt) {
  SYSFD_REQUIRE_ISOLATION();
  std::optional<Child> child;
  std::thread([&] {
    child = must(Command("cat")
                     .stdin_from(Stdio::pipe())
                     .stdout_to(Stdio::null())
                     .parent_death_signal(SIGTERM)
                     .spawn());
  }).join();
  // Does not use wait() of the Child, which would close the input that the child waits for.
  EXPECT_EQ(child->pidfd().wait()->signal(), SIGTERM);
}

TEST(CommandLife, IsKilledWithItsParent) {
  SYSFD_REQUIRE_ISOLATION();
  if (!kernel_kills_with_parent())
    expect_facts([](Command& command) { command.kill_with_parent(); }, {{fact, "9"}});
  auto alive = sysfd::pipe();
  auto input = sysfd::pipe();  // stays open here: the child has no other reason to end
  ASSERT_TRUE(alive && input);
  run_apart([&] {
    auto child =
        Command("cat").stdin_from(input->read).stdout_to(alive->write).kill_with_parent().spawn();
    ASSERT_TRUE(child) << child.error().describe();
    std::fflush(nullptr);
    ::_exit(0);  // no destructor: nothing kills the child here
  });
  {
    const OwnedFd ours = std::move(alive->write);
  }
  char c = 0;
  EXPECT_EQ(::read(alive->read.get(), &c, 1), 0) << "nobody has the other end any more";
}

// If both are set, the stronger one counts.
TEST(CommandLife, CanHaveBoth) {
  if (kernel_kills_with_parent()) GTEST_SKIP() << "the kernel kills, without a signal";
  expect_facts([](Command& command) { command.parent_death_signal(SIGTERM).kill_with_parent(); },
               {{fact, "9"}});
}

// Makes a process that starts a child, and that is dead when the child sets the signal: this
// process stops the child at that call, and kills the parent meanwhile. Returns what the child's
// program has written.
std::string output_of_orphan(const Configure& configure) {
  auto numbers = sysfd::pipe();
  auto output = sysfd::pipe();
  EXPECT_TRUE(numbers && output);
  const pid_t parent = ::fork();
  if (parent == 0) {
    scmp_filter_ctx context = ::seccomp_init(SCMP_ACT_ALLOW);
    const scmp_arg_cmp condition = {0, SCMP_CMP_EQ, PR_SET_PDEATHSIG, 0};
    if (::seccomp_rule_add_array(context, SCMP_ACT_NOTIFY, SYS_prctl, 1, &condition) != 0 ||
        ::seccomp_load(context) != 0)
      ::_exit(1);
    const int listener = ::seccomp_notify_fd(context);
    if (::write(numbers->write.get(), &listener, sizeof listener) != sizeof listener) ::_exit(1);
    Command command("/bin/echo");
    command.arg("ran").stdout_to(output->write);
    configure(command);
    const auto child = command.spawn();
    ::_exit(0);
  }
  EXPECT_GT(parent, 1);
  {
    const OwnedFd ours = std::move(output->write);
  }
  {
    const OwnedFd ours = std::move(numbers->write);
  }
  int number = -1;
  EXPECT_EQ(::read(numbers->read.get(), &number, sizeof number),
            static_cast<ssize_t>(sizeof number));
  {
    const auto process = PidFd::open(parent);
    EXPECT_TRUE(process);
    const auto listener = process->get_fd(ForeignFd{number});
    EXPECT_TRUE(listener) << listener.error().message();
    pollfd entry{listener->get(), POLLIN, 0};
    EXPECT_EQ(::poll(&entry, 1, -1), 1);
    EXPECT_EQ(entry.revents, POLLIN) << "it has ended without the call";
    seccomp_notif question{};
    EXPECT_EQ(::ioctl(listener->get(), SECCOMP_IOCTL_NOTIF_RECV, &question), 0);

    ::kill(parent, SIGKILL);
    EXPECT_EQ(::waitpid(parent, nullptr, 0), parent);

    seccomp_notif_resp answer{};
    answer.id = question.id;
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    EXPECT_EQ(::ioctl(listener->get(), SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
  }
  std::string text;
  for (char c = 0; ::read(output->read.get(), &c, 1) == 1;)
    text += c;
  return text;
}

TEST(CommandLife, DoesNotBeginForAParentThatIsDeadAlready) {
  SYSFD_REQUIRE_ISOLATION();
  EXPECT_EQ(output_of_orphan(with(SIGCHLD)), "");
  EXPECT_EQ(output_of_orphan(with(SIGTERM)), "");
}

TEST(CommandLife, DoesNotBeginInAnotherPidNamespaceEither) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  EXPECT_EQ(output_of_orphan([](Command& command) {
              command.parent_death_signal(SIGTERM).namespaces({.create = Namespace::pid});
            }),
            "");
}

TEST(CommandLife, IsNotKilledByTheKernelForADeadParentButEndsAsWell) {
  SYSFD_REQUIRE_ISOLATION();
  if (kernel_kills_with_parent()) GTEST_SKIP() << "the kernel kills, and the child does not ask";
  EXPECT_EQ(output_of_orphan([](Command& command) { command.kill_with_parent(); }), "");
}

TEST(CommandLife, WithASignalThatIsNoneIsRefused) {
  expect_refused({
      {with(0), SpawnStep::parent_death, "parent-death signal \"0\""},
      {with(-1), SpawnStep::parent_death, "parent-death signal \"-1\""},
      {with(65), SpawnStep::parent_death, "parent-death signal \"65\""},
  });
}

TEST(CommandLife, ThatCannotBeTiedToTheParentIsNoLife) {
  const RefusedCall refused{SYS_prctl, EINVAL, RefusedCall::Match{0, PR_SET_PDEATHSIG}};
  expect_failures({{refused, with(SIGTERM), SpawnStep::parent_death}});
  if (!kernel_kills_with_parent())
    expect_failures(
        {{refused, [](Command& command) { command.kill_with_parent(); }, SpawnStep::parent_death}});
}

}  // namespace
}  // namespace sysfd_test
