// SPDX-License-Identifier: MIT
//
// Tests a child that joins namespaces of other processes.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"

namespace sysfd_test {
namespace {

constexpr NamespaceSet simple_ones =
    Namespace::net | Namespace::uts | Namespace::ipc | Namespace::mount | Namespace::cgroup;

// A process in its own namespaces, which lives until its Child is destroyed.
class Container {
 public:
  explicit Container(const Namespaces& namespaces)
      : child(must(Command("cat")
                       .stdin_from(Stdio::pipe())
                       .stdout_to(Stdio::null())
                       .namespaces(namespaces)
                       .spawn())) {}

  std::string path(const std::string& kind) const {
    return "/proc/" + std::to_string(child.pid()) + "/ns/" + kind;
  }
  OwnedFd open(const std::string& kind) const {
    return OwnedFd::adopt(::open(path(kind).c_str(), O_RDONLY | O_CLOEXEC));
  }
  // Returns what a process in it reads from /proc/self/ns.
  std::string identity(const std::string& kind) const {
    char target[64] = {};
    EXPECT_GT(::readlink(path(kind).c_str(), target, sizeof target - 1), 0);
    return target;
  }

  Child child;
};

Configure with(const Namespaces& namespaces) {
  return [=](Command& command) { command.namespaces(namespaces); };
}

TEST(JoinNamespaces, ByTheirDescriptors) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = simple_ones, .host_name = "container"});
  const Facts ours = facts_of_this_process();
  for (const std::string kind : {"net", "uts", "ipc", "mnt", "cgroup"}) {
    SCOPED_TRACE(kind);
    const OwnedFd fd = container.open(kind);
    Facts expected;
    for (const std::string each : {"net", "uts", "ipc", "mnt", "cgroup", "pid", "user"})
      expected["ns/" + each] = each == kind ? container.identity(each) : ours.at("ns/" + each);
    expected["host name"] = kind == "uts" ? "container" : ours.at("host name");
    expect_facts(with({.join = {{.of = fd}}}), expected);
  }
}

TEST(JoinNamespaces, NeedNothingElseThatIsGiven) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = simple_ones, .host_name = "container"});
  const OwnedFd uts = container.open("uts");
  const auto status =
      Command::shell("test $(hostname) = container").namespaces({.join = {{.of = uts}}}).status();
  ASSERT_TRUE(status) << status.error().describe();
  EXPECT_TRUE(status->success());
}

TEST(JoinNamespaces, SeveralOneAfterTheOther) {
  SYSFD_REQUIRE_ROOT();
  const Container first({.create = simple_ones});
  const Container second({.create = simple_ones});
  const OwnedFd net = first.open("net");
  const OwnedFd uts = second.open("uts");
  expect_facts(with({.join = {{.of = net}, {.of = uts}}}),
               {{"ns/net", first.identity("net")}, {"ns/uts", second.identity("uts")}});
}

TEST(JoinNamespaces, OfAProcess) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = simple_ones});
  const BorrowedFd process = container.child.fd();
  expect_facts(with({.join = {{.of = process, .kinds = Namespace::net | Namespace::uts}}}),
               {{"ns/net", container.identity("net")},
                {"ns/uts", container.identity("uts")},
                {"ns/ipc", facts_of_this_process().at("ns/ipc")}});
  expect_facts(with({.join = {{.of = process, .kinds = simple_ones}}}),
               {{"ns/mnt", container.identity("mnt")},
                {"ns/ipc", container.identity("ipc")},
                {"directory", "/"}});
}

TEST(JoinNamespaces, WithAHostNameForThem) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = Namespace::uts, .host_name = "before"});
  const OwnedFd uts = container.open("uts");
  expect_facts(with({.join = {{.of = uts}}, .host_name = "after"}), {{"host name", "after"}});
  expect_facts(with({.join = {{.of = uts}}}), {{"host name", "after"}});
}

// Only children can be in another pid namespace: those of the calling thread are, for a moment.
TEST(JoinNamespaces, OfProcessesAndComeBack) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = Namespace::pid | Namespace::uts});
  const OwnedFd fd = container.open("pid");
  const std::string ours = facts_of_this_process().at("ns/pid_for_children");
  for (const Namespaces::Join& join :
       {Namespaces::Join{.of = fd},
        Namespaces::Join{.of = container.child.fd(), .kinds = Namespace::pid | Namespace::uts}}) {
    const Facts child = facts_of_child(with({.join = {join}}));
    EXPECT_EQ(child.at("ns/pid"), container.identity("pid"));
    EXPECT_GT(std::stoi(child.at("pid")), 1) << "process 1 belongs to the container";
    EXPECT_EQ(child.at("parent"), "0") << "the processes outside";
    EXPECT_EQ(child.at("ns/uts"), join.kinds.contains(Namespace::uts)
                                      ? container.identity("uts")
                                      : facts_of_this_process().at("ns/uts"));
    EXPECT_EQ(facts_of_this_process().at("ns/pid_for_children"), ours);
    expect_facts([](Command&) {}, {{"ns/pid", ours}});
  }
}

TEST(JoinNamespaces, OfProcessesAndComeBackFromFailuresToo) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = Namespace::pid});
  const OwnedFd fd = container.open("pid");
  Command command("/no/such");
  command.namespaces({.join = {{.of = fd}}});
  expect_error(command, SpawnStep::exec, ENOENT);
  expect_facts([](Command&) {}, {{"ns/pid", facts_of_this_process().at("ns/pid")}});
}

TEST(JoinNamespaces, OfProcessesOfWhichNoneIsLeftFail) {
  SYSFD_REQUIRE_ROOT();
  Container container({.create = Namespace::pid});
  const OwnedFd fd = container.open("pid");
  ASSERT_TRUE(container.child.wait());
  Command command("/bin/true");
  command.namespaces({.join = {{.of = fd}}});
  expect_error(command, SpawnStep::clone, ENOMEM);
  expect_facts([](Command&) {}, {{"ns/pid", facts_of_this_process().at("ns/pid")}});
}

TEST(JoinNamespaces, OfAUser) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = Namespace::user | Namespace::uts,
                             .user_map = {{0, 100'000, 10}},
                             .group_map = {{0, 100'000, 10}}});
  const auto join = [&](Command& command) {
    command.namespaces(
        {.join = {{.of = container.child.fd(), .kinds = Namespace::user | Namespace::uts}}});
  };
  expect_facts(join, {{"ns/user", container.identity("user")},
                      {"ns/uts", container.identity("uts")},
                      {"Uid", "65534 65534 65534 65534"}});
  expect_facts(
      [&](Command& command) {
        join(command);
        command.identity({.user = 3, .group = 4});
      },
      {{"Uid", "3 3 3 3"}, {"Gid", "4 4 4 4"}});
}

TEST(JoinNamespaces, OfTimeFailsWhileMemoryIsShared) {
  SYSFD_REQUIRE_ROOT();
  if (::access("/proc/self/ns/time", F_OK) == -1) GTEST_SKIP() << "no time namespaces";
  const Container container({.create = Namespace::time});
  const OwnedFd fd = container.open("time");
  Command command("/bin/true");
  command.namespaces({.join = {{.of = fd}}});
  expect_error(command, SpawnStep::join_namespace, EUSERS, 0);
}

TEST(JoinNamespaces, ThatAreNoneFailAndAreNamed) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = Namespace::uts});
  const OwnedFd uts = container.open("uts");
  const OwnedFd file = some_file();
  const auto expect_refusal = [&](const Namespaces::Join& second, int error) {
    Command command("/bin/true");
    command.namespaces({.join = {{.of = uts}, second}});
    expect_error(command, SpawnStep::join_namespace, error, 1);
  };
  expect_refusal({.of = file}, EINVAL);
  expect_refusal({.of = file, .kinds = Namespace::pid}, EINVAL);
  expect_refusal({.of = uts, .kinds = Namespace::net}, EINVAL);
  expect_refusal({.of = uts, .kinds = Namespace::pid}, EINVAL);
  expect_refusal({.of = container.child.fd()}, EINVAL);
  expect_refusal({.of = BorrowedFd::unsafe_borrow(999)}, EBADF);
  expect_refusal({.of = BorrowedFd::unsafe_borrow(999), .kinds = Namespace::pid}, EBADF);
}

// The first one would be silently ignored.
TEST(JoinNamespaces, OfProcessesTwiceIsRefused) {
  SYSFD_REQUIRE_ROOT();
  const Container one({.create = Namespace::pid});
  const Container other({.create = Namespace::pid});
  const OwnedFd first = one.open("pid");
  const OwnedFd second = other.open("pid");
  Command command("/bin/true");
  command.namespaces({.join = {{.of = first}, {.of = second}}});
  expect_error(command, SpawnStep::join_namespace, EINVAL, 1);
}

TEST(JoinNamespaces, OfAProcessThatHasEndedFails) {
  SYSFD_REQUIRE_ROOT();
  Container container({.create = Namespace::uts | Namespace::pid});
  ASSERT_TRUE(container.child.wait());
  for (const Namespace kind : {Namespace::uts, Namespace::pid}) {
    Command command("/bin/true");
    command.namespaces({.join = {{.of = container.child.fd(), .kinds = kind}}});
    expect_error(command, SpawnStep::join_namespace, ESRCH, 0);
  }
}

TEST(JoinNamespaces, IsNotForAnOrdinaryUser) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = Namespace::uts | Namespace::pid});
  const OwnedFd uts = container.open("uts");
  const OwnedFd pid = container.open("pid");
  run_apart([&] {
    become_ordinary_user();
    for (const OwnedFd* fd : {&uts, &pid}) {
      Command command("/bin/true");
      command.namespaces({.join = {{.of = *fd}}});
      expect_error(command, SpawnStep::join_namespace, EPERM, 0);
    }
  });
}

TEST(JoinNamespaces, ThatFailsIsNamedByItsStep) {
  SYSFD_REQUIRE_ROOT();
  const Container container({.create = Namespace::uts | Namespace::pid});
  const OwnedFd uts = container.open("uts");
  const OwnedFd pid = container.open("pid");
  expect_failures({
      {{SYS_setns, EPERM}, with({.join = {{.of = uts}}}), SpawnStep::join_namespace, 0},
      {{SYS_setns, EPERM},
       with({.join = {{.of = uts}, {.of = pid}}}),
       SpawnStep::join_namespace,
       1},
      {{SYS_openat, EMFILE, RefusedCall::Match{2, O_RDONLY | O_NOCTTY | O_CLOEXEC}},
       with({.join = {{.of = pid}}}),
       SpawnStep::join_namespace,
       0},
  });
}

}  // namespace
}  // namespace sysfd_test
