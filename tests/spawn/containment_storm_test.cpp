// SPDX-License-Identifier: MIT
//
// Ends hostile trees of each kind in each way, one after the other, and finds nothing left of any.
// SYSFD_STORM_TREES: how many in all; 10,000 take some minutes.
#include <sysfd/containment.hpp>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/prelude.hpp"

#include "spawn/containment_kinds.hpp"
#include "spawn/talk.hpp"

namespace sysfd_test {
namespace {

// What hostile processes do. Each tells that it is there. All hold a witness, as 9.
constexpr const char* parts[] = {
    "setsid sh -c 'echo; exec sleep 1000' & ",
    "(setsid sh -c 'sleep 1000 & echo' &); ",
    "sh -c 'echo; kill -STOP $$' & ",
    "setsid sh -c 'trap \"\" TERM HUP INT; echo; while :; do sleep 1000; done' & ",
    // Forks while it is killed: each one ends when the next is there.
    "flee() { flee & exit 0; }; (echo; flee) & ",
    "(trap '' TERM; echo; while :; do (:); done) & ",
};

enum class End { dropped, dropped_after_its_end, terminated, timeout, owner_killed, count };

struct Tree {
  std::string script;
  int lines = 0;
};

// One, two, or three of the parts, chosen by the number of the tree.
Tree tree_of(int number) {
  Tree tree;
  const auto count = static_cast<int>(std::size(parts));
  for (const int part : {number % count, number / count % count, number / 7 % count}) {
    tree.script += parts[part];
    ++tree.lines;
  }
  return tree;
}

bool read_lines(BorrowedFd pipe, int count) {
  char byte = 0;
  while (count > 0 && ::read(pipe.get(), &byte, 1) == 1)
    if (byte == '\n') --count;
  return count == 0;
}

struct Storm {
  ContainmentKind kind;
  bool is_ordinary_user;
};

class ContainmentStorm : public testing::TestWithParam<Storm> {
 protected:
  static Command command_of(const Tree& tree, const char* then, Witness& witness) {
    Command command = shell(tree.script + then);
    command.contain({.reach = Reach::best_effort});
    witness.go_with(command, 9);
    return command;
  }

  static Child start(const Tree& tree, Witness& witness) {
    Command command = command_of(tree, "read line", witness);
    Child child = must(command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    EXPECT_EQ(child.containment(), GetParam().kind);
    EXPECT_TRUE(read_lines(*child.stdout_pipe(), tree.lines)) << "the tree is not there";
    return child;
  }

  // The tree ends soon after its owner.
  static void kill_owner(const Tree& tree, Witness& witness) {
    auto ready = must(pipe());
    const pid_t owner = ::fork();
    if (owner == 0) {
      const Child child = start(tree, witness);
      (void)std::move(ready.write).close();
      for (;;)
        ::pause();
    }
    ASSERT_GT(owner, 0);
    (void)witness.take().close();
    (void)std::move(ready.write).close();
    char byte = 0;
    EXPECT_EQ(::read(ready.read.get(), &byte, 1), 0);
    ::kill(owner, SIGKILL);
    EXPECT_EQ(::waitpid(owner, nullptr, 0), owner);
    EXPECT_TRUE(witness.becomes_alone());
  }

  static void end(int number, End end) {
    const Tree tree = tree_of(number);
    Witness witness;
    if (end == End::owner_killed) return kill_owner(tree, witness);
    if (end == End::timeout) {
      Command command = command_of(tree, "read line", witness);
      Rope rope;
      command.stdin_from(rope.end());
      const Output output = must(command.output({.timeout = 1ms}));
      EXPECT_TRUE(output.timed_out);
    } else {
      Child child = start(tree, witness);
      if (end == End::terminated) {
        EXPECT_TRUE(child.terminate(1ms));
      } else if (end == End::dropped_after_its_end) {
        child.stdin_pipe().reset();
        EXPECT_TRUE(child.wait());
      }
    }
    EXPECT_TRUE(witness.is_alone());
  }
};

TEST_P(ContainmentStorm, LeavesNothing) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const char* const wanted = std::getenv("SYSFD_STORM_TREES");
  const int trees = std::max((wanted ? std::atoi(wanted) : 150) / 5, static_cast<int>(End::count));
  run_apart([&] {
    const auto [kind, is_ordinary_user] = GetParam();
    if (is_ordinary_user) {
      constexpr uid_t nobody = 65'534;
      ASSERT_EQ(::setresgid(nobody, nobody, nobody), 0);
      ASSERT_EQ(::setresuid(nobody, nobody, nobody), 0);
      ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 1), 0);  // as that of a user who logged in
    }
    // An ordinary user has no pid namespace without a user namespace anyway.
    if (!is_ordinary_user || kind == ContainmentKind::subreaper) allow_at_most(kind);
    for (int number = 0; number < trees && !testing::Test::HasFailure(); ++number) {
      const auto way = static_cast<End>(number % static_cast<int>(End::count));
      SCOPED_TRACE("tree " + std::to_string(number));
      end(number, way);
    }
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL), -1);
  });
}

INSTANTIATE_TEST_SUITE_P(, ContainmentStorm,
                         testing::Values(Storm{ContainmentKind::pid_namespace, false},
                                         Storm{ContainmentKind::user_and_pid_namespace, false},
                                         Storm{ContainmentKind::subreaper, false},
                                         Storm{ContainmentKind::user_and_pid_namespace, true},
                                         Storm{ContainmentKind::subreaper, true}),
                         [](const testing::TestParamInfo<Storm>& storm) {
                           std::string name =
                               storm.param.is_ordinary_user ? "OrdinaryUser_" : "Root_";
                           for (const char c : std::string_view(to_string(storm.param.kind)))
                             name += c == ' ' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace sysfd_test
