// SPDX-License-Identifier: MIT
//
// Sets the whole environment at once.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/program_search.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using Entries = std::vector<std::string>;

// Returns the environment that cat(1) was started with, entry by entry.
Entries entries_of(Command command) {
  const std::string text = must(command.output()).out;
  Entries entries;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\0', begin);
    entries.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return entries;
}

Command cat() {
  return Command("/bin/cat").arg("/proc/self/environ");
}

const Entries odd = {"A=1", "B=2", "A=3", "no sign", "=C:=x", "D=", "B"};

TEST(CommandEnvironmentBlock, IsGivenToTheProgramAsItIs) {
  EXPECT_EQ(entries_of(cat().environment(odd)), odd);
  EXPECT_EQ(entries_of(cat().environment({"A=1", "A=2"s, "B"})), (Entries{"A=1", "A=2", "B"}));
  EXPECT_EQ(entries_of(cat().environment(std::vector<std::string_view>{"A=1"})), Entries{"A=1"});
  EXPECT_EQ(entries_of(cat().environment(Entries())), Entries());
}

TEST(CommandEnvironmentBlock, MayBeAnEnvp) {
  char one[] = "A=1";
  char* const block[] = {one, one, nullptr};
  char* const* pointer = block;
  EXPECT_EQ(entries_of(cat().environment(block)), (Entries{"A=1", "A=1"}));
  EXPECT_EQ(entries_of(cat().environment(pointer)), (Entries{"A=1", "A=1"}));
  EXPECT_EQ(entries_of(cat().environment(pointer + 2)), Entries());
  char** const none = nullptr;
  EXPECT_EQ(entries_of(cat().environment(none)), Entries());
  run_apart([] {
    ::clearenv();
    ::setenv("SYSFD_OWN", "1", 1);
    ::setenv("LISTEN_FDS", "1", 1);
    const Entries own(::environ, ::environ + 2);
    EXPECT_EQ(entries_of(cat().environment(::environ)), own) << "LISTEN_FDS included";
  });
}

TEST(CommandEnvironmentBlock, ForgetsEarlierChangesAndTakesLaterOnes) {
  EXPECT_EQ(entries_of(cat().env("EARLY", "x").environment(odd).env("A", "new").remove_env("B")),
            (Entries{"no sign", "=C:=x", "D=", "A=new"}));
  EXPECT_EQ(entries_of(cat().environment(odd).environment({"E=5"})), Entries{"E=5"});
  EXPECT_EQ(entries_of(cat().environment(odd).clear_env().env("F", "6")), Entries{"F=6"});
}

TEST(CommandEnvironmentBlock, IsTheSameForEveryChild) {
  Command command = cat();
  command.environment(odd);
  EXPECT_EQ(must(command.output()).out, must(command.output()).out);
  const auto prepared = must(cat().environment(odd).prepare());
  EXPECT_EQ(must(prepared.output()).out, must(command.output()).out);
  EXPECT_EQ(must(prepared.output()).out, must(command.output()).out);
}

TEST(CommandEnvironmentBlock, HasThePathThatTheProgramIsSearchedIn) {
  const auto child = Command("true").environment({"PATH=/no/such", "PATH=/bin"}).spawn();
  ASSERT_FALSE(child.has_value()) << "of two, the first counts";
  EXPECT_TRUE(must(Command("true").environment({"PATH=/bin"}).status()).success());
}

TEST(CommandEnvironmentBlock, WithInvalidEntriesIsRefused) {
  const auto nul = Command("true").env("A", "1").environment({"B=2", "C\0=3"s}).spawn();
  ASSERT_FALSE(nul.has_value());
  EXPECT_EQ(nul.error().step, SpawnStep::environment);
  EXPECT_EQ(nul.error().index, 2);
  const std::string too_long(33 * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)), 'x');
  const auto big = Command("/bin/true").environment({"A=1", "B=" + too_long}).spawn();
  ASSERT_FALSE(big.has_value());
  EXPECT_EQ(big.error().step, SpawnStep::environment);
  EXPECT_EQ(big.error().index, 1);
  const auto null = must(sysfd::open(cwd(), "/dev/null", O_RDONLY));
  const auto listens =
      Command("/bin/true").environment({"LISTEN_FDS=3"}).listen_fds("a", null).spawn();
  ASSERT_FALSE(listens.has_value());
  EXPECT_EQ(listens.error().step, SpawnStep::environment);
  const auto without = Command("/bin/true")
                           .environment({"LISTEN_FDS=3", "A=1"})
                           .remove_env("LISTEN_FDS")
                           .listen_fds("a", null)
                           .spawn();
  EXPECT_TRUE(without.has_value()) << "what is removed is no entry";
}

TEST(CommandEnvironment, MayBeThatOfAProcessWithoutOne) {
  run_apart([] {
    ASSERT_EQ(::clearenv(), 0);
    EXPECT_EQ(must(Command("env").search(ProgramSearch::caller_path).output()).out, "");
    EXPECT_EQ(must(Command("env").env("A", "1").output()).out, "A=1\n");
  });
}

}  // namespace
}  // namespace sysfd_test
