// SPDX-License-Identifier: MIT
//
// Runs many threads that start children of all kinds at once, each from its own Command: every
// child is as requested, and nothing is left.
#include <sysfd/command.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "support/programs.hpp"
#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

std::string entry(int number, const FileIdentity& file) {
  return std::to_string(number) + ':' + std::to_string(file.first) + ':' +
         std::to_string(file.second);
}

// The child checks that it has these two files, and no descriptors of other threads.
void pass_descriptors() {
  const std::string checker = program_path("spawn_table_checker");
  const auto null = identity_of_null();
  const OwnedFd borrowed = some_file();
  OwnedFd owned = some_file();
  const auto owned_file = identity_of(owned.get());
  // Each takes the number of the other, wherever they are.
  const int borrowed_number = borrowed.get();
  const int owned_number = owned.get();
  auto child = Command(checker)
                   .stdin_from(Stdio::null())
                   .stdout_to(Stdio::null())
                   .stderr_to(Stdio::null())
                   .pass(borrowed, owned_number)
                   .pass(std::move(owned), borrowed_number)
                   .args({entry(0, null), entry(1, null), entry(2, null)})
                   .arg(entry(owned_number, identity_of(borrowed.get())))
                   .arg(entry(borrowed_number, owned_file))
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_EQ(child->wait()->code(), 0);
}

void exit_with(int code) {
  auto child =
      Command("/bin/sh").args({"-c", "exit \"$1\"", "sh"}).arg(std::to_string(code)).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_EQ(child->wait()->code(), code);
}

void fail_to_execute() {
  OwnedFd owned = some_file();
  Command command("/no/such");
  command.pass(std::move(owned), 9).stdout_to(Stdio::pipe());
  const auto child = command.spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().step, SpawnStep::exec);
  EXPECT_EQ(child.error().code, std::errc::no_such_file_or_directory);
}

void fail_in_a_step() {
  const auto child = Command("/bin/true").working_directory("/no/such").spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().step, SpawnStep::working_directory);
}

// It reads from a pipe that is never closed while it lives: it is killed.
void drop() {
  const auto child = Command("/bin/cat").stdin_from(Stdio::pipe()).stdout_to(Stdio::null()).spawn();
  EXPECT_TRUE(child) << child.error().describe();
}

// This would not end if another thread's child had a copy of the pipe.
void collect(const std::string& text) {
  const auto output = Command("/bin/echo").arg(text).output();
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_TRUE(output->success());
  EXPECT_EQ(output->out, text + '\n');
}

void read_to_the_end_of_a_pipe_that_was_given() {
  auto [read, write] = *sysfd::pipe();
  auto child = Command("/bin/true").pass(std::move(write), 9).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  char byte;
  EXPECT_EQ(::read(read.get(), &byte, 1), 0);
  EXPECT_TRUE(child->wait()->success());
}

void change_identity() {
  if (!is_root()) return;
  auto child = Command("/bin/true").identity({.user = 65534, .group = 65534}).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_TRUE(child->wait()->success());
}

TEST(SpawnInManyThreads, MakesEachChildAsItWasToBeAndLeavesNothing) {
  SYSFD_REQUIRE_ISOLATION();  // dropping sends a signal
  constexpr int thread_count = 16;
  constexpr int rounds = fewer_if_sanitized(160, 4);
  const auto before = open_descriptors();
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < thread_count; ++number)
      threads.emplace_back([number] {
        for (int round = 0; round < rounds; ++round) {
          switch ((number + round) % 8) {
            case 0: pass_descriptors(); break;
            case 1: exit_with((number * rounds + round) % 256); break;
            case 2: fail_to_execute(); break;
            case 3: fail_in_a_step(); break;
            case 4: drop(); break;
            case 5: collect(std::to_string(number) + ' ' + std::to_string(round)); break;
            case 6: read_to_the_end_of_a_pipe_that_was_given(); break;
            default: change_identity(); break;
          }
        }
      });
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child was left";
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace sysfd_test
