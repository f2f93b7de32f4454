// SPDX-License-Identifier: MIT
//
// Tests the user and groups of a child, the order in which they change, and that the parent's
// memory stays dumpable.
#include <sysfd/identity.hpp>

#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"

namespace sysfd_test {
namespace {

Configure with(const Identity& identity) {
  return [=](Command& command) { command.identity(identity); };
}

TEST(CommandIdentity, IsThatOfTheParentIfNothingIsSet) {
  const Facts ours = facts_of_this_process();
  Facts expected;
  for (const char* name : {"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
                           "NoNewPrivs", "Seccomp", "securebits"})
    expected[name] = ours.at(name);
  expect_facts([](Command&) {}, expected);
  expect_facts(with({}), expected);
}

// Checks all three ids of each kind, and that of file access. That all of them can change in one
// start proves the order: the user comes last.
TEST(CommandIdentity, ChangesUserGroupAndGroups) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(with({.user = 1234, .group = 2345, .groups = {{7, 8}}}),
               {{"Uid", "1234 1234 1234 1234"},
                {"Gid", "2345 2345 2345 2345"},
                {"Groups", "7 8"},
                {"CapPrm", "0000000000000000"}});
  expect_facts(with({.group = 2345}), {{"Uid", "0 0 0 0"}, {"Gid", "2345 2345 2345 2345"}});
  expect_facts(with({.groups = {{9}}}), {{"Uid", "0 0 0 0"}, {"Gid", "0 0 0 0"}, {"Groups", "9"}});
}

TEST(CommandIdentity, LosesTheGroupsOfTheParentWithItsUserOnly) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const gid_t groups[] = {4, 20};
    ASSERT_EQ(::setgroups(2, groups), 0);
    expect_facts(with({.user = 1234}), {{"Groups", ""}});
    expect_facts(with({.user = 1234, .group = 1234}), {{"Groups", ""}});
    expect_facts(with({.user = 1234, .keep_groups = true}), {{"Groups", "4 20"}});
    expect_facts(with({.group = 1234}), {{"Groups", "4 20"}});
    expect_facts(with({.groups = std::vector<gid_t>()}), {{"Groups", ""}});
    expect_facts(with({}), {{"Groups", "4 20"}});
  });
}

TEST(CommandIdentity, ThatIsNoneIsRefused) {
  constexpr auto none = static_cast<uid_t>(-1);
  expect_refused({
      {with({.user = none}), SpawnStep::user, "user \"-1\""},
      {with({.group = none}), SpawnStep::group, "group \"-1\""},
      {with({.groups = {{1}}, .keep_groups = true}), SpawnStep::groups,
       "supplementary groups \"set and kept\""},
  });
}

TEST(CommandIdentity, ThatCannotBeTakenIsNamed) {
  SYSFD_REQUIRE_ROOT();
  const Identity all{.user = 1, .group = 2, .groups = {{3}}};
  expect_failures({
      {{SYS_setgroups, EPERM}, with(all), SpawnStep::groups},
      {{SYS_setgroups, EPERM}, with({.user = 1}), SpawnStep::groups},
      {{SYS_setresgid, EPERM}, with(all), SpawnStep::group},
      {{SYS_setresuid, EAGAIN}, with(all), SpawnStep::user},
  });
}

TEST(CommandIdentity, OfAnotherUserIsNotForAnOrdinaryUser) {
  SYSFD_REQUIRE_ROOT();
  const auto expect_refusal = [](const Identity& identity, SpawnStep step) {
    Command command("/bin/true");
    command.identity(identity);
    expect_error(command, step, EPERM);
  };
  run_apart([&] {
    become_ordinary_user();
    expect_refusal({.user = 1, .keep_groups = true}, SpawnStep::user);
    expect_refusal({.user = nobody}, SpawnStep::groups);
    expect_refusal({.group = 1}, SpawnStep::group);
    expect_refusal({.groups = {{1}}}, SpawnStep::groups);
    // Changing to the own ids is allowed.
    expect_facts(with({.user = nobody, .group = nobody, .keep_groups = true}),
                 {{"Uid", "65534 65534 65534 65534"}, {"Gid", "65534 65534 65534 65534"}});
  });
}

// The child changes its credentials in the parent's memory. The kernel would then make that memory
// undumpable: no core dump of the parent, and root as the owner of its /proc/self.
TEST(CommandIdentity, LeavesTheParentDumpable) {
  SYSFD_REQUIRE_ROOT();
  ASSERT_EQ(::prctl(PR_GET_DUMPABLE), 1);
  for (const char* program : {"/bin/true", "/no/such"})
    for (const Identity& identity :
         {Identity{.user = 1234}, Identity{.group = 1234}, Identity{.capabilities = "="},
          Identity{.iab = "^cap_kill"}, Identity{.securebits = 1},
          Identity{.user = 1234, .capabilities = "cap_kill=p"}}) {
      auto child = Command(program).identity(identity).spawn();
      EXPECT_EQ(child.has_value(), std::string(program) == "/bin/true");
      EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    }
}

TEST(CommandIdentity, LeavesAParentAloneThatIsNotDumpable) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 0), 0);
    EXPECT_TRUE(Command("/bin/true").identity({.user = 1234}).spawn());
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
  });
}

TEST(CommandIdentity, LeavesTheParentDumpableWhereManyThreadsSpawn) {
  SYSFD_REQUIRE_ROOT();
  constexpr int thread_count = 8;
  constexpr int rounds = 25;
  std::vector<std::thread> threads;
  threads.reserve(thread_count);
  for (int i = 0; i < thread_count; ++i)
    threads.emplace_back([i] {
      const bool starts = i % 2 == 0;
      for (int round = 0; round < rounds; ++round) {
        auto child =
            Command(starts ? "/bin/true" : "/no/such").identity({.user = 1234, .group = 1}).spawn();
        EXPECT_EQ(child.has_value(), starts);
        EXPECT_TRUE(!child || child->wait()->success());
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
}

}  // namespace
}  // namespace sysfd_test
