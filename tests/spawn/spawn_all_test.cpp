// SPDX-License-Identifier: MIT
//
// Tests spawn_all(): each result is what spawn() would have returned, in order, whatever happens to
// the others.
#include <sysfd/spawn_all.hpp>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <fstream>
#include <latch>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/talk.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

TEST(SpawnAll, OfNoneIsNone) {
  EXPECT_TRUE(spawn_all({}).empty());
}

// There are more than are started at a time, and some cannot be started.
TEST(SpawnAll, AnswersInOrder) {
  constexpr int count = 100;
  const auto before = open_descriptors();
  {
    std::vector<Command> commands;
    for (int i = 0; i < count; ++i) {
      if (i % 7 == 3)
        commands.emplace_back("/no/such/" + std::to_string(i));
      else if (i % 7 == 5)
        commands.emplace_back(std::string("a\0b", 3));
      else
        commands.push_back(shell("exit " + std::to_string(i)));
    }
    auto children = spawn_all(commands);
    ASSERT_EQ(children.size(), static_cast<std::size_t>(count));
    std::set<pid_t> numbers;
    for (int i = 0; i < count; ++i) {
      auto& child = children[static_cast<std::size_t>(i)];
      if (i % 7 == 3) {
        ASSERT_FALSE(child);
        EXPECT_EQ(child.error().step, SpawnStep::exec);
        EXPECT_EQ(child.error().subject, "/no/such/" + std::to_string(i));
      } else if (i % 7 == 5) {
        ASSERT_FALSE(child);
        EXPECT_EQ(child.error().step, SpawnStep::program);
      } else {
        ASSERT_TRUE(child) << child.error().describe();
        numbers.insert(child->pid());
        EXPECT_EQ(child->wait()->code(), i);
      }
    }
    EXPECT_EQ(numbers.size(), 72U);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(SpawnAll, GivesEachItsOwnDescriptorsAndPipes) {
  std::vector<OwnedFd> files;
  std::deque<Inspection> inspections;
  std::vector<Command> commands;
  for (int i = 0; i < 8; ++i) {
    files.push_back(some_file());
    inspections.emplace_back();
    commands.push_back(std::move(inspections.back().command));
    commands.back().pass(files.back(), 5).stdout_to(Stdio::pipe());
  }
  auto children = spawn_all(commands);
  for (std::size_t i = 0; i < children.size(); ++i) {
    ASSERT_TRUE(children[i]) << children[i].error().describe();
    EXPECT_TRUE(children[i]->stdout_pipe());
    EXPECT_TRUE(children[i]->wait()->success());
    const auto report = inspections[i].read();
    EXPECT_EQ(report.descriptors.size(), 4U);
    EXPECT_EQ(report.descriptors.at(5), identity_of(files[i].get()));
  }
}

TEST(SpawnAll, HandsOverOnlyToThoseThatRun) {
  OwnedFd first = some_file();
  OwnedFd second = some_file();
  const int kept = first.get();
  const int given = second.get();
  Command commands[] = {Command("/no/such").pass(std::move(first), 9),
                        Command("/bin/true").pass(std::move(second), 9)};
  auto children = spawn_all(commands);
  EXPECT_TRUE(is_open(kept));
  EXPECT_FALSE(is_open(given));
  EXPECT_TRUE(must(std::move(children[1])).wait()->success());
}

TEST(SpawnAll, OfAPreparedCommandHasChangesForEach) {
  const auto prepared = must(shell("exit \"$0\"").prepare());
  std::vector<std::string> texts;
  for (int i = 0; i < 70; ++i)
    texts.push_back(std::to_string(i));
  std::vector<CStr> arguments(texts.begin(), texts.end());
  std::vector<SpawnChanges> changes;
  for (const CStr& argument : arguments)
    changes.push_back({.arguments = {&argument, 1}});
  auto children = spawn_all(prepared, changes);
  ASSERT_EQ(children.size(), texts.size());
  for (std::size_t i = 0; i < children.size(); ++i)
    EXPECT_EQ(must(std::move(children[i])).wait()->code(), static_cast<int>(i));
}

// An ordinary user may not write into /proc of a process that is not dumpable.
TEST(SpawnAll, MapsTheIdsOfEach) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    constexpr uid_t nobody = 65534;
    ASSERT_EQ(::setresgid(nobody, nobody, nobody), 0);
    ASSERT_EQ(::setresuid(nobody, nobody, nobody), 0);
    ::prctl(PR_SET_DUMPABLE, 1);
    const auto with_maps = [] {
      return Command("/bin/true")
          .namespaces({.create = Namespace::user,
                       .user_map = {{.inside = 0, .outside = nobody, .count = 1}},
                       .group_map = {{.inside = 0, .outside = nobody, .count = 1}}});
    };
    if (!with_maps().spawn()) GTEST_SKIP() << "an ordinary user gets no user namespace here";
    std::vector<Command> commands;
    for (int i = 0; i < 4; ++i) {
      commands.push_back(with_maps());
      commands.push_back(Command("/bin/true").resources({.oom_score_adjust = 1000}));
    }
    for (auto& child : spawn_all(commands)) {
      ASSERT_TRUE(child) << child.error().describe();
      EXPECT_TRUE(child->wait()->success());
    }
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
  });
}

// If there are fewer descriptors than children, the last ones fail.
TEST(SpawnAll, StartsAsManyAsThereCanBe) {
  run_apart([] {
    const int highest = *open_descriptors().rbegin();
    const rlimit limit{static_cast<rlim_t>(highest) + 6, static_cast<rlim_t>(highest) + 6};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    std::vector<Command> commands;
    for (int i = 0; i < 20; ++i)
      commands.emplace_back("/bin/true");
    auto children = spawn_all(commands);
    int started = 0;
    for (auto& child : children) {
      if (child) {
        EXPECT_TRUE(child->wait()->success());
        ++started;
      } else {
        EXPECT_EQ(child.error().step, SpawnStep::clone);
        EXPECT_EQ(child.error().code, std::errc::too_many_files_open);
      }
    }
    EXPECT_GE(started, 5);
    EXPECT_LT(started, 20);
    children.clear();
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
  });
}

// What is written for a child in /proc is root's while another one in this memory changes its user.
TEST(SpawnAll, StartsNoOtherBesideOneForWhichItWritesInProc) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    const pid_t self = ::getpid();
    std::optional<StoppedCalls> execs;
    std::atomic<pid_t> starter = 0;
    std::latch is_filtered(1);
    std::jthread thread([&] {
      execs.emplace(SYS_execve);
      starter = ::gettid();
      is_filtered.count_down();
      std::vector<Command> commands;
      commands.emplace_back("/bin/true");
      commands.push_back(Command("/bin/true").resources({.oom_score_adjust = 500}));
      for (const auto& child : spawn_all(commands))
        EXPECT_TRUE(child) << child.error().describe();
    });
    is_filtered.wait();
    const std::string task = "/proc/self/task/" + std::to_string(starter);
    for (int stops = 0; stops < 2; ++stops) {
      ASSERT_TRUE(execs->await());
      char state = 0;
      for (int i = 0; i < 2000 && state != 'S' && state != 'D'; ++i, ::poll(nullptr, 0, 1)) {
        std::ifstream stat(task + "/stat");
        std::string line;
        std::getline(stat, line);
        state = line[line.rfind(')') + 2];
      }
      std::ifstream list("/proc/" + std::to_string(self) + "/task/" + std::to_string(starter) +
                         "/children");
      int count = 0;
      for (pid_t each = 0; list >> each;)
        ++count;
      EXPECT_EQ(count, stops + 1) << "the first one has ended, and is not reaped";
      execs->let_go();
    }
  });
}

}  // namespace
}  // namespace sysfd_test
