// SPDX-License-Identifier: MIT
//
// Tests what one start of a PreparedCommand changes: single descriptors, streams, the environment,
// the working directory. None of it applies to the next start.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

OwnedFd null() {
  return must(sysfd::open(cwd(), "/dev/null", O_RDWR));
}

std::string output_of(const PreparedCommand& command, const SpawnChanges& changes = {}) {
  return must(command.output({}, changes)).out;
}

SpawnError error_of(const PreparedCommand& command, const SpawnChanges& changes) {
  const auto child = command.spawn(changes);
  if (!child) return child.error();
  ADD_FAILURE() << "it was started";
  return {SpawnStep::program, {}, -1, ""};
}

// Prints which of these numbers are open, and if they are /dev/null.
Command print_open(const std::string& numbers) {
  return Command("/bin/sh").args(
      {"-c", "for n in " + numbers +
                 "; do test -e /proc/self/fd/$n && echo $n $(readlink /proc/self/fd/$n | grep -c "
                 "null); done; true"});
}

TEST(SpawnChanges, PlaceDescriptorsOneByOne) {
  const OwnedFd file = some_file();
  const OwnedFd other = null();
  const auto command = must(print_open("5 6 7").pass(file, 5).pass(file, 6).prepare());
  EXPECT_EQ(output_of(command), "5 0\n6 0\n");
  const PlacedFd placed[] = {{other, 6}, {other, 7}, {std::nullopt, 5}, {std::nullopt, 9}};
  EXPECT_EQ(output_of(command, {.placed = placed}), "6 1\n7 1\n");
  EXPECT_EQ(output_of(command), "5 0\n6 0\n") << "nothing is left of it";
  EXPECT_EQ(output_of(command, {.placed = placed}), "6 1\n7 1\n") << "again";
  const BorrowedFd all[] = {other, file};
  const PlacedFd one[] = {{file, 7}};
  EXPECT_EQ(output_of(command, {.descriptors = all, .placed = one}), "5 1\n6 0\n7 0\n");
  EXPECT_EQ(output_of(command, {.descriptors = all}), "5 1\n6 0\n");
}

TEST(SpawnChanges, PlaceStreams) {
  auto pipe = must(sysfd::pipe());
  const auto command = must(Command("/bin/sh")
                                .args({"-c", "echo out; echo err >&2"})
                                .stdout_to(Stdio::pipe())
                                .stderr_to(Stdio::like_stdout())
                                .prepare());
  EXPECT_EQ(output_of(command), "out\nerr\n");
  const OwnedFd nowhere = null();
  const PlacedFd err[] = {{nowhere, 2}};
  EXPECT_EQ(output_of(command, {.placed = err}), "out\n");
  const PlacedFd both[] = {{pipe.write, 1}};
  {
    auto child = must(command.spawn({.placed = both}));
    EXPECT_FALSE(child.stdout_pipe());
    EXPECT_TRUE(must(child.wait()).success());
  }
  EXPECT_TRUE(must(command.status({.placed = both})).success()) << "there is no pipe of its own";
  EXPECT_FALSE(command.status().has_value());
  EXPECT_EQ(output_of(command), "out\nerr\n");
  const PlacedFd default_again[] = {{std::nullopt, 1}, {std::nullopt, 2}};
  const auto run = must(command.output({}, {.placed = default_again}));
  EXPECT_EQ(run.out, "out\n");
  EXPECT_EQ(run.err, "err\n");
}

TEST(SpawnChanges, OfStdinLeaveNoInputToBeFed) {
  const auto command = must(Command("/bin/cat").prepare());
  const OwnedFd nothing = null();
  const PlacedFd placed[] = {{nothing, 0}};
  EXPECT_EQ(must(command.output({.input = "it"})).out, "it");
  EXPECT_EQ(output_of(command, {.placed = placed}), "");
  const auto refused = command.output({.input = "it"}, {.placed = placed});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().step, SpawnStep::standard_stream);
}

TEST(SpawnChanges, ChangeTheEnvironment) {
  const auto command = must(Command("/usr/bin/env").environment({"A=1", "B=2", "A=3"}).prepare());
  EXPECT_EQ(output_of(command), "A=1\nB=2\nA=3\n");
  const CStr changes[] = {"A=new", "C=first", "C=last", "B"};
  EXPECT_EQ(output_of(command, {.environment = changes}), "A=new\nC=last\n");
  EXPECT_EQ(output_of(command), "A=1\nB=2\nA=3\n") << "nothing is left of it";
}

TEST(SpawnChanges, ChangeTheWorkingDirectory) {
  const ScratchDirectory one, two;
  const auto command = must(Command("/bin/pwd").working_directory(one.path()).prepare());
  EXPECT_EQ(output_of(command), one.path().string() + '\n');
  EXPECT_EQ(output_of(command, {.working_directory = two.path()}), two.path().string() + '\n');
  EXPECT_EQ(output_of(command), one.path().string() + '\n') << "nothing is left of it";
  EXPECT_EQ(error_of(command, {.working_directory = "/no/such"}).describe(),
            "change to the working directory \"/no/such\": No such file or directory");
}

TEST(SpawnChanges, ApplyVariablesTogetherWithDescriptorsToListenOn) {
  const OwnedFd file = some_file();
  const auto command = must(Command("/usr/bin/env").clear_env().listen_fds("a", file).prepare());
  const CStr changes[] = {"X=1"};
  const std::string text = output_of(command, {.environment = changes});
  EXPECT_NE(text.find("X=1\n"), text.npos);
  EXPECT_NE(text.find("LISTEN_FDS=1\n"), text.npos);
  EXPECT_NE(text.find("LISTEN_PID="), text.npos);
  const CStr ours[] = {"X=1", "LISTEN_FDS=2"};
  const SpawnError error = error_of(command, {.environment = ours});
  EXPECT_EQ(error.step, SpawnStep::environment);
  EXPECT_EQ(error.index, 1);
}

TEST(SpawnChanges, MayBeOfTheVariablesOfListenersWhereThereAreNone) {
  const auto command = must(Command("env").prepare());
  for (const char* variable :
       {"LISTEN_PID=1", "LISTEN_PIDFDID=2", "LISTEN_FDS=3", "LISTEN_FDNAMES=a"}) {
    const CStr changes[] = {variable};
    EXPECT_NE(output_of(command, {.environment = changes}).find(variable), std::string::npos);
  }
}

TEST(SpawnChanges, ArePlacedOverWhatIsPassedAsAStream) {
  const OwnedFd file = null();
  const auto command = must(Command("/bin/sh").args({"-c", "echo out"}).pass(file, 1).prepare());
  EXPECT_EQ(output_of(command), "");
  const PlacedFd default_again[] = {{std::nullopt, 1}};
  EXPECT_EQ(output_of(command, {.placed = default_again}), "out\n");
}

TEST(SpawnChanges, MayTakeThePlaceOfATerminal) {
  const auto command =
      must(Command("/bin/sh").args({"-c", "test -t 1"}).stdout_to(Stdio::terminal()).prepare());
  EXPECT_FALSE(command.status().has_value()) << "nobody would read it";
  const OwnedFd file = null();
  const PlacedFd placed[] = {{file, 1}};
  EXPECT_EQ(must(command.status({.placed = placed})), ExitStatus::exited(1));
}

TEST(SpawnChanges, ThatAreInvalidAreNamed) {
  const OwnedFd file = some_file();
  const auto command = must(Command("/bin/true").pass(file, 5).env("A", "1").prepare());
  const PlacedFd twice[] = {{file, 7}, {file, 7}};
  EXPECT_EQ(error_of(command, {.placed = twice}).describe(),
            "descriptor 2, to be number 7, which is given twice: Invalid argument");
  const PlacedFd negative[] = {{file, -1}};
  EXPECT_EQ(error_of(command, {.placed = negative}).describe(),
            "descriptor 1, to be number -1: Bad file descriptor");
  const PlacedFd closed[] = {{BorrowedFd::unsafe_borrow(999), 8}};
  EXPECT_EQ(error_of(command, {.placed = closed}).describe(),
            "descriptor 1, to be number 8: Bad file descriptor");
  const PlacedFd none_negative[] = {{std::nullopt, -1}};
  EXPECT_EQ(error_of(command, {.placed = none_negative}).code, std::errc::bad_file_descriptor);
  const PlacedFd no_descriptor[] = {{cwd(), 8}};
  EXPECT_EQ(error_of(command, {.placed = no_descriptor}).describe(),
            "descriptor 1, to be number 8: Bad file descriptor");
  const PlacedFd too_high[] = {{file, 1 << 30}};
  EXPECT_EQ(error_of(command, {.placed = too_high}).describe(),
            "descriptor 1, to be number 1073741824: Bad file descriptor");
  const std::string nul("B=\0", 3);
  const CStr with_nul[] = {nul};
  EXPECT_EQ(error_of(command, {.environment = with_nul}).step, SpawnStep::environment);
  const CStr nameless[] = {"B=2", "=3"};
  EXPECT_EQ(error_of(command, {.environment = nameless}).describe(),
            "environment variable 2 \"=3\": Invalid argument");
  EXPECT_EQ(error_of(command, {.working_directory = static_cast<const char*>(nullptr)}).step,
            SpawnStep::working_directory);
  EXPECT_TRUE(must(command.status()).success()) << "nothing is left of it";
}

TEST(SpawnChanges, AreKeptForAChildThatGoesOn) {
  const ScratchDirectory directory;
  auto pipe = must(sysfd::pipe());
  const auto command = must(Command("/bin/sh").args({"-c", "echo $A; pwd"}).prepare());
  std::optional<PendingChild> pending;
  {
    const std::string entry = "A=a text that does not fit into the object";
    const std::string path = directory.path().string() + "/.";
    const CStr changes[] = {entry};
    const PlacedFd placed[] = {{pipe.write, 1}};
    pending = must(
        command.spawn_async({.placed = placed, .environment = changes, .working_directory = path}));
  }
  {
    const OwnedFd closed = std::move(pipe.write);
  }
  EXPECT_TRUE(must(must(pending->finish()).wait()).success());
  char text[200];
  const auto size = ::read(pipe.read.get(), text, sizeof text);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(size)),
            "a text that does not fit into the object\n" + directory.path().string() + '\n');
}

TEST(SpawnChanges, AreThoseOfEachOfManyThreadsAndOfEachOfABatch) {
  const auto command =
      must(Command("/bin/sh").args({"-c", "test \"$A\" = \"$1\"", "sh"}).prepare());
  const auto run = [&](int number) {
    const std::string text = std::to_string(number);
    const std::string entry = "A=" + text;
    const CStr environment[] = {entry};
    const CStr arguments[] = {text};
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(
          must(command.status({.arguments = arguments, .environment = environment})).success());
      EXPECT_FALSE(must(command.status({.arguments = arguments})).success());
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < 4; ++number)
      threads.emplace_back(run, number);
  }
  const CStr environment[] = {"A=1"};
  const CStr arguments[] = {"1"};
  const SpawnChanges batch[] = {{.arguments = arguments, .environment = environment},
                                {.arguments = arguments}};
  auto children = spawn_all(command, batch);
  EXPECT_TRUE(must(children[0]->wait()).success());
  EXPECT_FALSE(must(children[1]->wait()).success());
}

}  // namespace
}  // namespace sysfd_test
