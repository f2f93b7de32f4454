// SPDX-License-Identifier: MIT
//
// A contained child has all else that its Command asks for, and its tree ends with it all the same.
#include <sysfd/containment.hpp>

#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <tuple>
#include <vector>

#include "support/prelude.hpp"

#include "spawn/containment_kinds.hpp"
#include "spawn/talk.hpp"

namespace sysfd_test {
namespace {

// Sets something on a Command, whose program then prints it.
struct Attribute {
  const char* name;
  void (*set)(Command& command);
  const char* script;
  const char* printed;
};

constexpr uid_t nobody = 65'534;

const Attribute attributes[] = {
    {"Identity",
     [](Command& command) {
       command.identity({.user = nobody, .group = nobody, .groups = std::vector<gid_t>{nobody, 7}});
     },
     "id -u; id -g; id -G", "65534\n65534\n65534 7\n"},
    {"Capabilities", [](Command& command) { command.identity({.no_capabilities = true}); },
     "grep CapEff /proc/self/status", "CapEff:\t0000000000000000\n"},
    {"Namespaces",
     [](Command& command) { command.namespaces({.create = Namespace::net | Namespace::uts}); },
     "tail -n +3 /proc/self/net/dev | wc -l", "1\n"},
    {"Session", [](Command& command) { command.session({.new_session = true}); },
     "read line </proc/self/stat; set -- $line; test $6 = $$ && echo leads", "leads\n"},
    {"Resources",
     [](Command& command) { command.resources({.limits = {{RLIMIT_NOFILE, 77, 77}}}); },
     "ulimit -n", "77\n"},
    {"Signals", [](Command& command) { command.signals({.ignored = {SIGUSR1}}); },
     "kill -USR1 $$; echo lives", "lives\n"},
    {"Directory", [](Command& command) { command.working_directory("/usr"); }, "pwd", "/usr\n"},
    {"Terminal",
     [](Command& command) {
       command.terminal().stdin_from(Stdio::null()).stdout_to(Stdio::pipe());
     },
     "stty size </dev/tty", "24 80\n"},
    {"Listeners",
     [](Command& command) {
       command.listen_fds("one", std::move(must(sysfd::socket_pair(SOCK_STREAM)).first));
     },
     "test $LISTEN_PID = $$ && echo $LISTEN_FDS $LISTEN_FDNAMES", "1 one\n"},
};

class ContainedWith : public testing::TestWithParam<std::tuple<ContainmentKind, Attribute>> {};

TEST_P(ContainedWith, HasItAndEnds) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const auto& [kind, attribute] = GetParam();
    allow_at_most(kind);
    Witness witness;
    Command command = shell("setsid sleep 1000 >/dev/null 2>&1 & " + std::string(attribute.script));
    command.contain({.reach = Reach::best_effort});
    attribute.set(command);
    witness.go_with(command, 9);
    const auto output = command.output();
    // Only the caller's own user and group are there.
    const bool has_users = kind != ContainmentKind::user_and_pid_namespace;
    if (!has_users && attribute.name == std::string("Identity")) {
      ASSERT_FALSE(output);
      EXPECT_EQ(output.error().step, SpawnStep::groups);
      return;
    }
    ASSERT_TRUE(output) << output.error().describe();
    EXPECT_EQ(output->out, attribute.printed) << output->err;
    EXPECT_TRUE(witness.is_alone());
  });
}

INSTANTIATE_TEST_SUITE_P(, ContainedWith,
                         testing::Combine(testing::Values(ContainmentKind::pid_namespace,
                                                          ContainmentKind::user_and_pid_namespace,
                                                          ContainmentKind::subreaper),
                                          testing::ValuesIn(attributes)),
                         [](const auto& each) {
                           std::string name = std::get<1>(each.param).name;
                           for (const char c :
                                std::string("_") + to_string(std::get<0>(each.param)))
                             name += c == ' ' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace sysfd_test
