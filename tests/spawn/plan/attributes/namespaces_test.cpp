// SPDX-License-Identifier: MIT
//
// Tests new namespaces, their id maps and host names. join_namespaces_test.cpp tests joined ones.
#include <sysfd/namespaces.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

Configure with(const Namespaces& namespaces) {
  return [=](Command& command) { command.namespaces(namespaces); };
}

constexpr struct {
  Namespace kind;
  const char* fact;
} kinds[] = {
    {Namespace::cgroup, "ns/cgroup"}, {Namespace::ipc, "ns/ipc"}, {Namespace::mount, "ns/mnt"},
    {Namespace::net, "ns/net"},       {Namespace::pid, "ns/pid"}, {Namespace::time, "ns/time"},
    {Namespace::user, "ns/user"},     {Namespace::uts, "ns/uts"},
};

// A kernel can be built without any of them.
bool exists(const char* fact) {
  return std::filesystem::exists("/proc/self/" + std::string(fact));
}

void expect_new_ones(NamespaceSet created) {
  const Facts ours = facts_of_this_process();
  const Facts child = facts_of_child(with({.create = created}));
  for (const auto& [kind, fact] : kinds)
    EXPECT_EQ(child.at(fact) != ours.at(fact), created.contains(kind)) << fact;
}

TEST(CommandNamespaces, AreThoseOfTheParentIfNothingIsSet) {
  expect_new_ones({});
}

TEST(CommandNamespaces, CanBeNewOnesOfEachKind) {
  SYSFD_REQUIRE_ROOT();
  NamespaceSet all;
  for (const auto& [kind, fact] : kinds) {
    if (!exists(fact)) continue;
    SCOPED_TRACE(fact);
    expect_new_ones(kind);
    all = all | kind;
  }
  expect_new_ones(all);
}

TEST(CommandNamespaces, AreNotForAnOrdinaryUserButInAUserNamespace) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    become_ordinary_user();
    Command command("/bin/true");
    command.namespaces({.create = Namespace::net});
    expect_error(command, SpawnStep::namespaces, EPERM);
    EXPECT_EQ(command.spawn().error().describe(), "new namespaces: Operation not permitted");
  });
}

// Some systems forbid it.
bool ordinary_users_may_make_user_namespaces() {
  const pid_t child = ::fork();
  if (child == 0) {
    become_ordinary_user();
    // Does not use unshare(2), which fails if a sanitizer has threads.
    const long inside = ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    ::_exit(inside >= 0 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

// The child is root in its namespace, and this user outside.
TEST(CommandNamespaces, GiveAnOrdinaryUserRootOfItsOwn) {
  SYSFD_REQUIRE_ROOT();
  if (!ordinary_users_may_make_user_namespaces()) GTEST_SKIP() << "no user namespaces for users";
  run_apart([] {
    become_ordinary_user();
    const Namespaces own{.create = Namespace::user | Namespace::uts | Namespace::mount,
                         .user_map = {{.inside = 0, .outside = nobody}},
                         .group_map = {{.inside = 0, .outside = nobody}},
                         .host_name = "inside"};
    const Facts child = facts_of_child(with(own));
    EXPECT_EQ(child.at("Uid"), "0 0 0 0");
    EXPECT_EQ(child.at("Gid"), "0 0 0 0");
    EXPECT_EQ(child.at("uid_map"), "0 65534 1");
    EXPECT_EQ(child.at("gid_map"), "0 65534 1");
    EXPECT_EQ(child.at("setgroups"), "deny") << "the price of an unprivileged map";
    EXPECT_EQ(child.at("host name"), "inside");
    EXPECT_EQ(child.at("CapEff").substr(8), "ffffffff");
  });
}

TEST(CommandNamespaces, WithoutAMapGiveTheChildTheOverflowIds) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(with({.create = Namespace::user}),
               {{"uid_map", ""}, {"gid_map", ""}, {"Uid", "65534 65534 65534 65534"}});
}

TEST(CommandNamespaces, CanMapManyRanges) {
  SYSFD_REQUIRE_ROOT();
  std::vector<IdRange> users = {{0, 100'000, 1000}, {1000, 0, 1}, {2000, 300'000, 65536}};
  expect_facts(with({.create = Namespace::user,
                     .user_map = users,
                     .group_map = {{5, 0, 1}, {10, 200'000, 10}}}),
               {{"uid_map", "0 100000 1000 1000 0 1 2000 300000 65536"},
                {"gid_map", "5 0 1 10 200000 10"},
                {"Uid", "1000 1000 1000 1000"},
                {"Gid", "5 5 5 5"},
                {"setgroups", "allow"}});
  expect_facts(with({.create = Namespace::user, .user_map = users}),
               {{"gid_map", ""}, {"Uid", "1000 1000 1000 1000"}});
  expect_facts(with({.create = Namespace::user, .group_map = {{5, 0, 1}}}),
               {{"uid_map", ""}, {"gid_map", "5 0 1"}});
}

TEST(CommandNamespaces, HaveUsersOfTheirOwn) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(
      [](Command& command) {
        command
            .namespaces({.create = Namespace::user | Namespace::pid,
                         .user_map = {{0, 100'000, 10}},
                         .group_map = {{0, 100'000, 10}}})
            .identity({.user = 3, .group = 4, .groups = {{5, 6}}});
      },
      {{"Uid", "3 3 3 3"}, {"Gid", "4 4 4 4"}, {"Groups", "5 6"}, {"pid", "1"}});
}

// setgroups(2) is denied there, so the groups of the parent stay.
TEST(CommandNamespaces, OfAnOrdinaryUserHaveAnotherUserWithoutAChangeOfGroups) {
  SYSFD_REQUIRE_ROOT();
  if (!ordinary_users_may_make_user_namespaces()) GTEST_SKIP() << "no user namespaces for users";
  run_apart([] {
    become_ordinary_user();
    const Namespaces own{.create = Namespace::user,
                         .user_map = {{.inside = 5, .outside = nobody}},
                         .group_map = {{.inside = 6, .outside = nobody}}};
    expect_facts(
        [&](Command& command) {
          command.namespaces(own).identity({.user = 5, .group = 6, .keep_groups = true});
        },
        {{"Uid", "5 5 5 5"}, {"Gid", "6 6 6 6"}, {"setgroups", "deny"}});
    for (const Identity& identity :
         {Identity{.user = 5, .group = 6}, Identity{.groups = std::vector<gid_t>()}}) {
      Command command("/bin/true");
      command.namespaces(own).identity(identity);
      expect_error(command, SpawnStep::groups, EPERM);
    }
  });
}

// There is no child, no writer of the maps, and no zombie of either: Unchanged, in expect_error,
// checks all children.
TEST(CommandNamespaces, WithMapsOfIdsOfOthersAreNotForAnOrdinaryUser) {
  SYSFD_REQUIRE_ROOT();
  if (!ordinary_users_may_make_user_namespaces()) GTEST_SKIP() << "no user namespaces for users";
  run_apart([] {
    become_ordinary_user();
    const auto expect_refusal = [](const Namespaces& namespaces, SpawnStep step) {
      Command command("/bin/true");
      command.namespaces(namespaces);
      expect_error(command, step, EPERM);
      EXPECT_EQ(::waitpid(-1, nullptr, __WALL | WNOHANG), -1);
      EXPECT_EQ(errno, ECHILD);
    };
    const std::vector<IdRange> own = {{0, nobody, 1}};
    const std::vector<IdRange> others = {{0, 1234, 1}};
    const std::vector<IdRange> many = {{0, nobody, 2}};
    for (const auto& wrong : {others, many}) {
      expect_refusal({.create = Namespace::user, .user_map = wrong, .group_map = own},
                     SpawnStep::user_map);
      expect_refusal({.create = Namespace::user, .user_map = own, .group_map = wrong},
                     SpawnStep::group_map);
    }
  });
}

TEST(CommandNamespaces, WithMapsThatTheKernelRefusesAreNamed) {
  SYSFD_REQUIRE_ROOT();
  const std::vector<IdRange> overlapping = {{0, 100'000, 10}, {5, 200'000, 10}};
  for (const auto& [namespaces, step, text] :
       {std::tuple{Namespaces{.create = Namespace::user, .user_map = overlapping},
                   SpawnStep::user_map, "user id map: Invalid argument"},
        std::tuple{
            Namespaces{
                .create = Namespace::user, .user_map = {{0, 0, 1}}, .group_map = overlapping},
            SpawnStep::group_map, "group id map: Invalid argument"}}) {
    Command command("/bin/true");
    command.namespaces(namespaces);
    expect_error(command, step, EINVAL);
    EXPECT_EQ(error_of_spawn(command).describe(), text);
  }
}

// The test refuses the writer's calls with a filter, and kills the writer at one of them.
TEST(CommandNamespaces, ThatFailAreNamedByTheirStep) {
  SYSFD_REQUIRE_ROOT();
  const Namespaces all{.create = Namespace::user | Namespace::uts | Namespace::mount,
                       .user_map = {{0, 0, 1}},
                       .group_map = {{0, 0, 1}},
                       .host_name = "inside"};
  expect_failures({
      {{SYS_openat2, EMFILE}, with(all), SpawnStep::user_map},
      {{SYS_openat2, EMFILE},
       with({.create = Namespace::user, .group_map = {{0, 0, 1}}}),
       SpawnStep::group_map},
      {{SYS_readlinkat, ENOENT}, with(all), SpawnStep::user_map},
      {{SYS_readlinkat, ENOENT},
       with({.create = Namespace::user, .group_map = {{0, 0, 1}}}),
       SpawnStep::group_map},
      {{SYS_mount, EPERM}, with(all), SpawnStep::mounts},
      {{SYS_sethostname, EPERM}, with(all), SpawnStep::host_name},
  });
}

// Only the writer makes both calls; at the first it has just started.
TEST(CommandNamespaces, FailIfTheWriterOfTheirMapsIsKilled) {
  SYSFD_REQUIRE_KILL_OF_ONE();
  SYSFD_REQUIRE_ROOT();
  const std::vector<IdRange> map = {{0, 0, 1}};
  for (const auto& [namespaces, step] :
       {std::pair{Namespaces{.create = Namespace::user, .user_map = map}, SpawnStep::user_map},
        std::pair{Namespaces{.create = Namespace::user, .group_map = map}, SpawnStep::group_map}})
    run_apart([&] {
      Command command("/bin/true");
      command.namespaces(namespaces);
      kill_on_call({SYS_write, 0, RefusedCall::Match{2, sizeof "0 0 1\n" - 1}});
      const auto child = command.spawn();
      ASSERT_FALSE(child) << "it is the overflow user";
      EXPECT_EQ(child.error().step, step);
      EXPECT_EQ(child.error().code, std::errc::operation_canceled);
      EXPECT_EQ(::waitpid(-1, nullptr, __WALL | WNOHANG), -1);
    });
}

// It would have each descriptor of the parent in its hands.
TEST(CommandNamespaces, FailIfTheWriterOfTheirMapsGetsNoTableOfItsOwn) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    Command command("/bin/true");
    command.namespaces({.create = Namespace::user, .user_map = {{0, 0, 1}}});
    // The child's own call of close_range(2) spares its standard streams.
    refuse_calls({{SYS_close_range, EPERM, RefusedCall::Match{0, 0}},
                  {SYS_unshare, EPERM, RefusedCall::Match{0, CLONE_FILES}}});
    expect_error(command, SpawnStep::user_map, EACCES);
  });
}

// The writer would be the first process in the namespace, and its end would end all others.
TEST(CommandNamespaces, MapNoIdsWhereTheNextChildBeginsAPidNamespace) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    Command command("/bin/true");
    command.namespaces({.create = Namespace::user, .user_map = {{.count = 10}}});
    expect_error(command, SpawnStep::user_map, EINVAL);
    auto init = must(Command("/bin/cat").stdin_from(Stdio::pipe()).spawn());
    auto child = command.spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_TRUE(child->wait()->success());
  });
}

TEST(CommandNamespaces, NeedProcToMapIds) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("tmpfs", "/proc", "tmpfs", 0, nullptr), 0);
    const auto child = Command("/bin/true")
                           .namespaces({.create = Namespace::user, .user_map = {{0, 0, 1}}})
                           .spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::user_map);
    EXPECT_EQ(child.error().code, std::errc::no_such_file_or_directory);
  });
}

TEST(CommandNamespaces, ThatCannotBeAreRefused) {
  const std::string longest(65, 'x');
  std::vector<IdRange> many;
  for (unsigned i = 0; i < 400; ++i)
    many.push_back({i * 10, 1'000'000 + i * 10, 5});
  expect_refused({
      {with({.user_map = {{0, 0, 1}}}), SpawnStep::user_map,
       "user id map \"without a new user namespace\""},
      {with({.create = Namespace::net, .group_map = {{0, 0, 1}}}), SpawnStep::group_map,
       "group id map \"without a new user namespace\""},
      {with({.create = Namespace::user, .user_map = {{0, 0, 1}, {1, 1, 0}}}), SpawnStep::user_map,
       "user id map 1 \"covers no IDs\"", 1},
      {with({.create = Namespace::user, .group_map = {{0, 0, 0}}}), SpawnStep::group_map,
       "group id map 0 \"covers no IDs\"", 0},
      {with({.create = Namespace::user, .user_map = many}), SpawnStep::user_map,
       "user id map \"longer than a page\""},
      {with({.host_name = "everybody"}), SpawnStep::host_name,
       "host name \"everybody: it would be everybody's\""},
      {with({.create = Namespace::uts, .host_name = longest}), SpawnStep::host_name,
       "host name \"" + longest + '"'},
  });
}

TEST(CommandNamespaces, HaveAHostNameOfTheirOwn) {
  SYSFD_REQUIRE_ROOT();
  const std::string longest(64, 'x');
  for (const std::string& name : {std::string("inside"), longest, std::string()})
    expect_facts(with({.create = Namespace::uts, .host_name = name}), {{"host name", name}});
  expect_facts(with({.create = Namespace::uts}),
               {{"host name", facts_of_this_process().at("host name")}});
}

// The child mounts in its own mount namespace.
TEST(CommandNamespaces, HaveMountsThatAreInvisibleOutside) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    // The mount is shared here, in a namespace of this process only, so that a propagation would
    // show.
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr), 0);
    const ScratchDirectory scratch;
    const std::string path = scratch.path();
    const auto mounts_here = [&](bool is_private) {
      auto child = Command("sh")
                       .args({"-c", "mount -t tmpfs none \"$1\" && touch \"$1\"/there", "-", path})
                       .namespaces({.create = Namespace::mount, .private_mounts = is_private})
                       .spawn();
      EXPECT_TRUE(child) << child.error().describe();
      EXPECT_TRUE(child && child->wait()->success());
      const bool shows = std::filesystem::exists(path + "/there");
      EXPECT_EQ(::umount2(path.c_str(), MNT_DETACH) == 0, shows);
      return shows;
    };
    EXPECT_FALSE(mounts_here(true));
    EXPECT_TRUE(mounts_here(false)) << "it was not set to be private";
  });
}

// The same in the other direction.
TEST(CommandNamespaces, HaveMountsThatDoNotComeFromOutside) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr), 0);
    const ScratchDirectory scratch;
    const std::string path = scratch.path();
    for (const bool is_private : {true, false}) {
      auto child = Command("sh")
                       .args({"-c", "read line; test -e \"$1\"/there", "-", path})
                       .stdin_from(Stdio::pipe())
                       .namespaces({.create = Namespace::mount, .private_mounts = is_private})
                       .spawn();
      ASSERT_TRUE(child) << child.error().describe();
      ASSERT_EQ(::mount("none", path.c_str(), "tmpfs", 0, nullptr), 0);
      std::ofstream(path + "/there").flush();
      EXPECT_EQ(child->wait()->success(), !is_private);  // its input ends now
      EXPECT_EQ(::umount2(path.c_str(), MNT_DETACH), 0);
    }
  });
}

TEST(CommandNamespaces, KeepTheWorkingDirectoryOfTheParent) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(with({.create = Namespace::mount}),
               {{"directory", facts_of_this_process().at("directory")}});
}

// It is process 1: everything in the namespace ends with it.
TEST(CommandNamespaces, OfProcessesEndWithTheChild) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  auto ends = sysfd::pipe();
  ASSERT_TRUE(ends);
  auto child = Command("sh")
                   .args({"-c", "test $$ = 1 || exit 9; sleep 1000 & sleep 1000 & echo; read line"})
                   .namespaces({.create = Namespace::pid})
                   .stdin_from(Stdio::pipe())
                   .stdout_to(Stdio::pipe())
                   .pass(std::move(ends->write), 3)
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  char c = 0;
  ASSERT_EQ(::read(child->stdout_pipe()->get(), &c, 1), 1) << "they were started";
  ASSERT_TRUE(child->pidfd().send_signal(SIGKILL));
  EXPECT_EQ(::read(ends->read.get(), &c, 1), 0) << "nobody has the other end any more";
  EXPECT_EQ(child->wait()->signal(), SIGKILL);
}

}  // namespace
}  // namespace sysfd_test
