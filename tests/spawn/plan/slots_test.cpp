// SPDX-License-Identifier: MIT
//
// Tests reserved low numbers for the descriptors of children: the children see nothing of them.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/talk.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

constexpr std::size_t slot_count = 4;

OwnedFd moved_up(const OwnedFd& fd, int lowest) {
  return OwnedFd::adopt(::fcntl(fd.get(), F_DUPFD_CLOEXEC, lowest));
}

// Makes different pipes, with numbers from `lowest` on.
std::vector<OwnedFd> high_pipes(std::size_t count, int lowest = 300) {
  std::vector<OwnedFd> pipes;
  for (std::size_t i = 0; i < count; ++i)
    pipes.push_back(moved_up(must(sysfd::pipe()).write, lowest + static_cast<int>(i)));
  return pipes;
}

// Returns the numbers that reserving has added, without the placeholder.
std::vector<int> reserve() {
  const std::set<int> before = open_descriptors();
  EXPECT_EQ(must(reserve_spawn_slots(slot_count)), slot_count);
  std::vector<int> added;
  std::ranges::set_difference(open_descriptors(), before, std::back_inserter(added));
  EXPECT_EQ(added.size(), slot_count + 1);
  return {added.begin() + 1, added.end()};
}

void expect_empty(const std::vector<int>& slots) {
  for (const int slot : slots) {
    EXPECT_TRUE(same_file(slot, slots.front())) << slot;
    EXPECT_EQ(::fcntl(slot, F_GETFD), FD_CLOEXEC) << slot;
  }
}

TEST(SpawnSlots, GiveTheChildWhatHasAHighNumberHere) {
  run_apart([] {
    const std::vector<int> slots = reserve();
    const auto files = high_pipes(3);
    Inspection inspection;
    // The files become a slot's number, their own, and one becomes two.
    inspection.command.pass(files[0], slots[1])
        .pass(files[1], files[1].get())
        .pass(files[2], 50)
        .pass(files[2], 51);
    for (int round = 0; round < 3; ++round) {
      const Report report = inspection.run();
      EXPECT_EQ(report.descriptors.size(), 3U + 4U);
      EXPECT_EQ(report.descriptors.at(slots[1]), identity_of(files[0].get()));
      EXPECT_EQ(report.descriptors.at(files[1].get()), identity_of(files[1].get()));
      EXPECT_EQ(report.descriptors.at(50), identity_of(files[2].get()));
      EXPECT_EQ(report.descriptors.at(51), identity_of(files[2].get()));
      expect_empty(slots);
    }
  });
}

TEST(SpawnSlots, MayBeTooFew) {
  run_apart([] {
    const std::vector<int> slots = reserve();
    const auto files = high_pipes(3 * slot_count);
    Inspection inspection;
    for (std::size_t i = 0; i < files.size(); ++i)
      inspection.command.pass(files[i], 3 + static_cast<int>(i));
    const Report report = inspection.run();
    for (std::size_t i = 0; i < files.size(); ++i)
      EXPECT_EQ(report.descriptors.at(3 + static_cast<int>(i)), identity_of(files[i].get())) << i;
    expect_empty(slots);
  });
}

TEST(SpawnSlots, TakePipesOfProgramsWithManyDescriptors) {
  run_apart([] {
    const std::vector<int> slots = reserve();
    std::vector<OwnedFd> many;
    while (many.size() < 300)
      many.push_back(some_file());
    Command command = shell("read line; echo $line; echo error >&2");
    const auto output = must(command.output({.input = bytes("line\n")}));
    EXPECT_EQ(output.out, "line\n");
    EXPECT_EQ(output.err, "error\n");
    expect_empty(slots);
  });
}

TEST(SpawnSlots, AreEmptyAfterAFailure) {
  run_apart([] {
    const std::vector<int> slots = reserve();
    auto files = high_pipes(2);
    EXPECT_FALSE(Command("/no/such").pass(files[0], 3).spawn().has_value());
    expect_empty(slots);

    Command command("true");
    command.pass(files[0], 3).pass(files[1], 4);
    ASSERT_TRUE(std::move(files[1]).close().has_value());
    const auto child = command.spawn();
    ASSERT_FALSE(child.has_value());
    EXPECT_EQ(child.error().step, SpawnStep::descriptor);
    EXPECT_EQ(child.error().index, 1);
    EXPECT_EQ(child.error().code, std::errc::bad_file_descriptor);
    expect_empty(slots);
  });
}

TEST(SpawnSlots, AreLeftToTheFilesThatHaveTakenTheirNumbers) {
  run_apart([] {
    const std::vector<int> slots = reserve();
    const auto files = high_pipes(1);
    for (const int slot : slots)  // as a program does that closes "everything"
      ::close(slot);
    std::vector<OwnedFd> others;
    for (std::size_t i = 0; i < slots.size(); ++i)
      others.push_back(some_file());
    std::vector<FileIdentity> before;
    for (const OwnedFd& other : others)
      before.push_back(identity_of(other.get()));
    for (std::size_t round = 0; round < 2 * slots.size(); ++round) {
      Inspection inspection;
      inspection.command.pass(files[0], 3);
      EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(files[0].get()));
      for (std::size_t i = 0; i < others.size(); ++i)
        EXPECT_EQ(identity_of(others[i].get()), before[i]);
    }
  });
}

TEST(SpawnSlots, AreNotUsedByTwoThreadsAtOnce) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    const std::vector<int> slots = reserve();
    std::vector<std::thread> threads;
    for (int id = 0; id < 8; ++id)
      threads.emplace_back([id] {
        const auto pipe = must(sysfd::pipe());
        const OwnedFd high = moved_up(pipe.write, 400 + 10 * id);
        const std::string expected = std::to_string(id) + '\n';
        for (int round = 0; round < 20; ++round) {
          auto child = must(shell("echo " + std::to_string(id) + " >&7").pass(high, 7).spawn());
          EXPECT_TRUE(child.wait()->success());
          char line[8] = {};
          EXPECT_EQ(::read(pipe.read.get(), line, sizeof line),
                    static_cast<ssize_t>(expected.size()));
          EXPECT_EQ(line, expected);
        }
      });
    for (std::thread& thread : threads)
      thread.join();
    expect_empty(slots);
  });
}

// A process loses its POSIX locks on a file when it closes any descriptor of the file.
TEST(SpawnSlots, AreNotForFilesThatWouldLoseTheirLocks) {
  run_apart([] {
    const std::vector<int> slots = reserve();
    const OwnedFd file = moved_up(some_file(), 300);
    struct flock lock{};
    lock.l_type = F_WRLCK;
    ASSERT_EQ(::fcntl(file.get(), F_SETLK, &lock), 0);
    Inspection inspection;
    inspection.command.pass(file, 3);
    EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(file.get()));
    const pid_t other = ::fork();
    if (other == 0) ::_exit(::fcntl(file.get(), F_SETLK, &lock) == -1 && errno == EAGAIN ? 0 : 1);
    ASSERT_GT(other, 0);
    int status = -1;
    ASSERT_EQ(::waitpid(other, &status, 0), other);
    EXPECT_EQ(status, 0) << "another process gets the lock";
  });
}

TEST(SpawnSlots, AreNotForPipesThatHaveANameAndMayBeLocked) {
  run_apart([] {
    const std::vector<int> slots = reserve();
    const ScratchDirectory directory;
    const std::string path = directory.path() / "fifo";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const OwnedFd fifo = moved_up(must(sysfd::open(cwd(), path, O_RDWR)), 300);
    struct flock lock{};
    lock.l_type = F_WRLCK;
    ASSERT_EQ(::fcntl(fifo.get(), F_SETLK, &lock), 0);
    Inspection inspection;
    inspection.command.pass(fifo, 3);
    EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(fifo.get()));
    lock.l_type = F_WRLCK;
    const pid_t other = ::fork();
    if (other == 0) {
      const int status = ::fcntl(fifo.get(), F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK ? 0 : 1;
      ::_exit(status);
    }
    ASSERT_GT(other, 0);
    int status = -1;
    ASSERT_EQ(::waitpid(other, &status, 0), other);
    EXPECT_EQ(status, 0) << "the lock is gone";
  });
}

// Some programs close "everything", and go on.
TEST(SpawnSlots, AreReservedAgainIfAllWereClosed) {
  run_apart([] {
    const auto pipes = high_pipes(1);
    for (int round = 0; round < 3; ++round) {
      const std::set<int> before = open_descriptors();
      ASSERT_EQ(must(reserve_spawn_slots(slot_count)), slot_count);
      std::vector<int> slots;
      std::ranges::set_difference(open_descriptors(), before, std::back_inserter(slots));
      ASSERT_EQ(slots.size(), slot_count + 1) << "all of them, and the one they are made from";
      Inspection inspection;
      inspection.command.pass(pipes[0], 3);
      EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(pipes[0].get()));
      expect_empty(slots);

      for (const int slot : slots)
        ::close(slot);
      std::vector<OwnedFd> others;
      for (std::size_t i = 0; i <= slot_count; ++i)
        others.push_back(some_file());
      ASSERT_EQ(must(reserve_spawn_slots(slot_count)), slot_count);
      EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(pipes[0].get()));
      for (const OwnedFd& other : others)
        for (const OwnedFd& same : others)
          EXPECT_EQ(&other == &same, same_file(other.get(), same.get()));
      for (const int added : open_descriptors())
        if (!before.contains(added) &&
            std::ranges::find(others, added, &OwnedFd::get) == others.end())
          ::close(added);
    }
  });
}

TEST(SpawnSlots, MakeUpForTheOneTheyAreMadeFrom) {
  run_apart([] {
    const std::set<int> before = open_descriptors();
    const std::vector<int> slots = reserve();
    const auto pipes = high_pipes(1);
    int made_from = 0;
    while (before.contains(made_from) || !is_open(made_from))
      ++made_from;
    ::close(made_from);
    Inspection inspection;
    inspection.command.pass(pipes[0], 3);
    EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(pipes[0].get()));
    EXPECT_EQ(must(reserve_spawn_slots(slot_count)), slot_count);
    EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(pipes[0].get()));
    EXPECT_EQ(open_descriptors().size(), before.size() + slot_count + 1 + pipes.size());
  });
}

// Another thread opens a file under a slot's number, which was closed while a child was starting.
TEST(SpawnSlots, DoNotCloseWhatAnotherThreadHasOpenedThere) {
  run_apart([] {
    const std::vector<int> slots = reserve();
    const auto pipes = high_pipes(1);
    const OwnedFd other = some_file();
    const ScratchDirectory directory;
    const std::string path = directory.path() / "sh";  // open for writing: the child waits for us
    std::filesystem::copy_file("/bin/sh", path);
    auto writer = must(sysfd::open(cwd(), path, O_WRONLY));
    std::thread starts([&] {
      Command command(path);
      command.args({"-c", ":"}).pass(pipes[0], 3).retry_busy(1'000'000);
      EXPECT_TRUE(must(command.spawn()).wait()->success());
    });
    int used = -1;
    while (used == -1) {
      for (const int slot : slots)
        if (same_file(slot, pipes[0].get())) used = slot;
      ::sched_yield();
    }
    ASSERT_EQ(::dup2(other.get(), used), used);
    ASSERT_TRUE(std::move(writer).close());
    starts.join();
    EXPECT_TRUE(same_file(used, other.get()));
    EXPECT_EQ(must(reserve_spawn_slots(slot_count)), slot_count);
    EXPECT_TRUE(same_file(used, other.get()));
    ::close(used);
  });
}

TEST(SpawnSlots, ThatComeLaterAreUsed) {
  run_apart([] {
    const auto pipes = high_pipes(1);
    Inspection inspection;
    inspection.command.pass(pipes[0], 3);
    EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(pipes[0].get()));
    const std::vector<int> slots = reserve();
    // It is checked because it is used: a lost one is noticed.
    ::close(slots[0]);
    EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(pipes[0].get()));
    EXPECT_FALSE(is_open(slots[0]));
    EXPECT_EQ(must(reserve_spawn_slots(slot_count)), slot_count);
    EXPECT_TRUE(is_open(slots[0]));
    EXPECT_EQ(inspection.run().descriptors.at(3), identity_of(pipes[0].get()));
  });
}

TEST(SpawnSlots, AreNoStandardStreams) {
  run_apart([] {
    ::close(0);
    ::close(1);
    EXPECT_EQ(must(reserve_spawn_slots(slot_count)), slot_count);
    EXPECT_FALSE(is_open(0));
    EXPECT_FALSE(is_open(1));
  });
}

TEST(SpawnSlots, CanBeReservedAgainAndAreLimited) {
  run_apart([] {
    reserve();
    EXPECT_EQ(must(reserve_spawn_slots(2)), slot_count);
    EXPECT_EQ(must(reserve_spawn_slots(slot_count + 1)), slot_count + 1);
    EXPECT_EQ(reserve_spawn_slots(65).error(), std::errc::invalid_argument);
  });
}

TEST(SpawnSlots, AreOnlyTakenBelowWhatTheyAreGoodFor) {
  run_apart([] {
    std::vector<OwnedFd> many;
    while (many.empty() || many.back().get() < 125)
      many.push_back(some_file());
    EXPECT_LE(must(reserve_spawn_slots(8)), 2U);
  });
}

TEST(SpawnSlots, CannotBeHadWhereTheLimitOfDescriptorsIsReached) {
  run_apart([] {
    const rlimit none{3, 3};
    ::setrlimit(RLIMIT_NOFILE, &none);
    EXPECT_EQ(reserve_spawn_slots(8).error(), std::errc::too_many_files_open);
  });
}

}  // namespace
}  // namespace sysfd_test
