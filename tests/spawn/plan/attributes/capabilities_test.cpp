// SPDX-License-Identifier: MIT
//
// Tests the capabilities of a child and its securebits, as /proc/self/status of the program shows
// them.
#include <sysfd/command.hpp>

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"

namespace sysfd_test {
namespace {

constexpr unsigned user = 1234;

Configure with(const Identity& identity) {
  return [=](Command& command) { command.identity(identity); };
}

// Formats a set as in /proc/self/status.
std::string text_of(std::uint64_t bits) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(bits));
  return text;
}
std::string set_of(std::initializer_list<int> capabilities) {
  std::uint64_t bits = 0;
  for (const int capability : capabilities)
    bits |= std::uint64_t{1} << capability;
  return text_of(bits);
}

// Returns a set of this process without some of its capabilities.
std::string ours_without(const char* set, std::initializer_list<int> capabilities) {
  std::uint64_t bits = std::stoull(facts_of_this_process().at(set), nullptr, 16);
  for (const int capability : capabilities)
    bits &= ~(std::uint64_t{1} << capability);
  return text_of(bits);
}

const std::string none = set_of({});

TEST(CommandCapabilities, ThatAreAmbientComeWithAnotherUser) {
  SYSFD_REQUIRE_ROOT();
  const std::string raw = set_of({CAP_NET_RAW});
  expect_facts(with({.user = user, .iab = "^cap_net_raw"}),
               {{"Uid", "1234 1234 1234 1234"},
                {"CapInh", raw},
                {"CapPrm", raw},
                {"CapEff", raw},
                {"CapAmb", raw},
                {"CapBnd", ours_without("CapBnd", {})}});
}

TEST(CommandCapabilities, ThatAreAmbientComeWithAnotherUserOfANewUserNamespace) {
  SYSFD_REQUIRE_ROOT();
  const std::string raw = set_of({CAP_NET_RAW});
  expect_facts(
      [](Command& command) {
        command
            .namespaces({.create = Namespace::user,
                         .user_map = {{.inside = 0, .outside = 100'000, .count = 10}},
                         .group_map = {{.inside = 0, .outside = 100'000, .count = 10}}})
            .identity({.user = 3, .group = 4, .iab = "^cap_net_raw"});
      },
      {{"Uid", "3 3 3 3"},
       {"Gid", "4 4 4 4"},
       {"CapInh", raw},
       {"CapPrm", raw},
       {"CapEff", raw},
       {"CapAmb", raw}});
}

TEST(CommandCapabilities, ThatAreInheritableAloneAreNotInForce) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(
      with({.user = user, .iab = "cap_kill"}),
      {{"CapInh", set_of({CAP_KILL})}, {"CapPrm", none}, {"CapEff", none}, {"CapAmb", none}});
  expect_facts(
      with({.user = user, .capabilities = "cap_net_raw=eip"}),
      {{"CapInh", set_of({CAP_NET_RAW})}, {"CapPrm", none}, {"CapEff", none}, {"CapAmb", none}});
}

TEST(CommandCapabilities, CanBeTakenFromTheBoundingSet) {
  SYSFD_REQUIRE_ROOT();
  const std::string bounding = ours_without("CapBnd", {CAP_SYS_ADMIN, CAP_CHECKPOINT_RESTORE});
  const std::string text = "!cap_sys_admin,!cap_checkpoint_restore";  // from both halves
  expect_facts(with({.iab = text}), {{"CapBnd", bounding},
                                     {"CapPrm", bounding},
                                     {"CapEff", bounding},
                                     {"CapInh", none},
                                     {"CapAmb", none}});
  expect_facts(with({.user = user, .iab = text}), {{"CapBnd", bounding}, {"CapPrm", none}});
}

TEST(CommandCapabilities, OfAllThreeVectorsAtOnce) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(with({.user = user,
                     .group = 1,
                     .iab = "^cap_net_raw,cap_kill,!cap_sys_admin,^cap_checkpoint_restore"}),
               {{"CapInh", set_of({CAP_NET_RAW, CAP_KILL, CAP_CHECKPOINT_RESTORE})},
                {"CapAmb", set_of({CAP_NET_RAW, CAP_CHECKPOINT_RESTORE})},
                {"CapPrm", set_of({CAP_NET_RAW, CAP_CHECKPOINT_RESTORE})},
                {"CapEff", set_of({CAP_NET_RAW, CAP_CHECKPOINT_RESTORE})},
                {"CapBnd", ours_without("CapBnd", {CAP_SYS_ADMIN})}});
}

// A capability that is ambient here, but that `iab` does not name, is not ambient in the child.
TEST(CommandCapabilities, ThatAreAmbientHereAreNotKeptIfNotNamed) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    struct {
      std::uint32_t version = _LINUX_CAPABILITY_VERSION_3;
      int pid = 0;
    } header;
    __user_cap_data_struct data[2];
    ASSERT_EQ(::syscall(SYS_capget, &header, data), 0);
    data[0].inheritable |= 1U << CAP_KILL;
    ASSERT_EQ(::syscall(SYS_capset, &header, data), 0);
    ASSERT_EQ(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), 0);
    expect_facts(with({}), {{"CapAmb", set_of({CAP_KILL})}, {"CapInh", set_of({CAP_KILL})}});
    expect_facts(with({.iab = "cap_chown"}), {{"CapAmb", none}, {"CapInh", set_of({CAP_CHOWN})}});
    expect_facts(with({.iab = "cap_kill"}), {{"CapAmb", none}, {"CapInh", set_of({CAP_KILL})}});
    expect_facts(with({.iab = ""}), {{"CapAmb", none}, {"CapInh", none}});
  });
}

// Root has everything after execve(2), whatever it had before...
TEST(CommandCapabilities, OfRootComeBackAtExec) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(with({.capabilities = "cap_chown,cap_kill=ep"}),
               {{"CapPrm", ours_without("CapBnd", {})}});
}

// ...unless the securebits prevent it.
TEST(CommandCapabilities, OfRootWithoutItsPowerAreTheAmbientOnes) {
  SYSFD_REQUIRE_ROOT();
  constexpr unsigned no_root = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED;
  const std::string bind = set_of({CAP_NET_BIND_SERVICE});
  const Facts expected = {{"Uid", "0 0 0 0"},
                          {"securebits", std::to_string(no_root)},
                          {"CapPrm", bind},
                          {"CapEff", bind},
                          {"CapAmb", bind}};
  expect_facts(with({.iab = "^cap_net_bind_service", .securebits = no_root}), expected);
  expect_facts(with({.capabilities = "cap_net_bind_service=ep",
                     .iab = "^cap_net_bind_service",
                     .securebits = no_root}),
               expected);
  expect_facts(with({.capabilities = "=", .securebits = no_root}),
               {{"CapPrm", none}, {"securebits", std::to_string(no_root)}});
}

TEST(CommandCapabilities, AndSecurebitsGoWithAnotherUser) {
  SYSFD_REQUIRE_ROOT();
  const std::string kill = set_of({CAP_KILL});
  expect_facts(with({.user = user,
                     .capabilities = "cap_kill=ep",
                     .iab = "^cap_kill",
                     .securebits = SECBIT_NO_CAP_AMBIENT_RAISE}),
               {{"securebits", std::to_string(SECBIT_NO_CAP_AMBIENT_RAISE)},
                {"CapPrm", kill},
                {"CapAmb", kill},
                {"CapEff", kill}});
  expect_facts(with({.user = user, .securebits = SECBIT_NOROOT}),
               {{"securebits", std::to_string(SECBIT_NOROOT)}, {"CapPrm", none}});
}

// Ambient capabilities that are no longer permitted are lost; the vectors define what is
// inheritable.
TEST(CommandCapabilities, ThatAreExactGoTogetherWithVectors) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(with({.user = user,
                     .capabilities = "cap_kill,cap_chown=ep cap_fowner+i",
                     .iab = "^cap_kill,cap_net_raw"}),
               {{"CapInh", set_of({CAP_KILL, CAP_NET_RAW})}, {"CapPrm", set_of({CAP_KILL})}});
}

// This also holds for root, and if its program executes another one or is set-user-ID.
TEST(CommandCapabilities, AreNoneWhereNoneAreToBe) {
  const Facts nothing = {
      {"CapInh", none}, {"CapPrm", none}, {"CapEff", none}, {"CapAmb", none}, {"NoNewPrivs", "1"}};
  expect_facts(with({.no_capabilities = true}), nothing);
  run_apart([&] {
    if (::geteuid() == 0) become_ordinary_user();
    expect_facts(with({.no_capabilities = true}), nothing);
  });
  if (::geteuid() != 0) return;
  expect_facts(with({.user = user, .group = user, .no_capabilities = true}), nothing);
  const auto nested = Command::shell("sh -c 'grep -h ^CapEff /proc/self/status'")
                          .identity({.no_capabilities = true})
                          .output();
  ASSERT_TRUE(nested) << nested.error().describe();
  EXPECT_EQ(nested->out, "CapEff:\t" + none + "\n");
}

TEST(CommandCapabilities, ThatCannotBeAreRefused) {
  const std::string with_nul("cap_kill=p\0", 11);
  expect_refused({
      {with({.capabilities = "cap_nonsense=p"}), SpawnStep::capabilities,
       "capabilities \"cap_nonsense=p\""},
      {with({.capabilities = "cap_kill=e"}), SpawnStep::capabilities,
       "capabilities \"cap_kill=e: effective, but not permitted\""},
      {with({.capabilities = with_nul}), SpawnStep::capabilities,
       "capabilities \"" + with_nul + '"'},
      {with({.no_capabilities = true, .capabilities = "="}), SpawnStep::capabilities,
       "capabilities \"no_capabilities, and some\""},
      {with({.no_capabilities = true, .iab = "^cap_kill"}), SpawnStep::capabilities,
       "capabilities \"no_capabilities, and some\""},
      {with({.iab = "^nonsense"}), SpawnStep::ambient_set,
       "ambient capabilities \"^nonsense: nonsense is no capability\""},
      {with({.iab = "!all"}), SpawnStep::ambient_set,
       "ambient capabilities \"!all: no word means all; for none, see no_capabilities\""},
      {with({.iab = "cap_kill,,!nonsense"}), SpawnStep::ambient_set,
       "ambient capabilities \"cap_kill,,!nonsense: nonsense is no capability\""},
      {with({.iab = "cap_kill;cap_chown"}), SpawnStep::ambient_set,
       "ambient capabilities \"cap_kill;cap_chown\""},
      {with({.iab = std::string("cap_kill\0", 9)}), SpawnStep::ambient_set,
       "ambient capabilities \"" + std::string("cap_kill\0", 9) + '"'},
      {with({.capabilities = "cap_kill=p", .iab = "^cap_chown"}), SpawnStep::ambient_set,
       "ambient capabilities \"^cap_chown: not permitted by cap_kill=p\""},
  });
}

TEST(CommandCapabilities, ThatCannotBeTakenAreNamedByTheirStep) {
  SYSFD_REQUIRE_ROOT();
  const auto refused = [](int option) {
    return RefusedCall{SYS_prctl, EPERM, RefusedCall::Match{0, static_cast<std::uint32_t>(option)}};
  };
  const Identity all{.user = user,
                     .capabilities = "cap_kill=ep",
                     .iab = "^cap_kill,!cap_chown",
                     .securebits = SECBIT_NOROOT};
  expect_failures({
      {refused(PR_CAPBSET_DROP), with(all), SpawnStep::bounding_set},
      {refused(PR_SET_KEEPCAPS), with(all), SpawnStep::capabilities},
      {{SYS_capget, EFAULT}, with(all), SpawnStep::capabilities},
      {{SYS_capset, EPERM}, with(all), SpawnStep::capabilities},
      {{SYS_capset, EPERM}, with({.capabilities = "="}), SpawnStep::capabilities},
      {refused(PR_CAP_AMBIENT), with(all), SpawnStep::ambient_set},
      {refused(PR_SET_SECUREBITS), with(all), SpawnStep::securebits},
      {refused(PR_SET_NO_NEW_PRIVS), with({.no_capabilities = true}), SpawnStep::no_new_privileges},
  });
}

TEST(CommandCapabilities, ThatAnOrdinaryUserDoesNotHaveAreNotGiven) {
  SYSFD_REQUIRE_ROOT();
  const struct {
    Identity identity;
    SpawnStep step;
  } cases[] = {{{.capabilities = "cap_kill=ep"}, SpawnStep::capabilities},
               {{.iab = "^cap_kill"}, SpawnStep::capabilities},
               {{.iab = "!cap_kill"}, SpawnStep::bounding_set},
               {{.securebits = SECBIT_NOROOT}, SpawnStep::securebits}};
  run_apart([&] {
    become_ordinary_user();
    for (const auto& [identity, step] : cases) {
      Command command("/bin/true");
      command.identity(identity);
      expect_error(command, step, EPERM);
    }
    expect_facts(with({.capabilities = "="}), {{"CapPrm", none}});
  });
}

// Also root cannot set a bit that is locked or unknown.
TEST(CommandCapabilities, WithSecurebitsThatTheKernelDoesNotKnowFail) {
  SYSFD_REQUIRE_ROOT();
  Command command("/bin/true");
  command.identity({.securebits = 1U << 31});
  expect_error(command, SpawnStep::securebits, EPERM);
}

}  // namespace
}  // namespace sysfd_test
