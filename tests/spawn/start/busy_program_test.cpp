// SPDX-License-Identifier: MIT
//
// Tests ETXTBSY: a program that has just been written may still be open for writing in a child of
// another program's fork(2), which this process cannot prevent. The library's own children never
// cause it.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "support/programs.hpp"
#include "support/sanitizers.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

// Returns a small static program, which checks what it finds open.
std::string small_program() {
  std::ifstream file(program_path("spawn_table_checker"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Command with_null_streams(const std::string& path) {
  const auto [device, inode] = identity_of_null();
  const std::string null = ':' + std::to_string(device) + ':' + std::to_string(inode);
  return Command(path)
      .args({"0" + null, "1" + null, "2" + null})
      .stdin_from(Stdio::null())
      .stdout_to(Stdio::null())
      .stderr_to(Stdio::null());
}

struct Tally {
  std::atomic<int> busy = 0;
  std::atomic<int> failed = 0;  // in another way
  std::atomic<int> started = 0;
};

// Runs many threads, each of which writes a new program, closes it, and starts it at once.
template <class Configure>
void write_and_start(int count, Tally& tally, Configure configure) {
  constexpr int thread_count = 16;
  const ScratchDirectory directory;
  const std::string program = small_program();
  ASSERT_FALSE(program.empty());
  const auto body = [&](int number) {
    for (int round = 0; round < count / thread_count; ++round) {
      const std::string path =
          directory.path() / (std::to_string(number) + '_' + std::to_string(round));
      auto file = sysfd::open(cwd(), path, O_WRONLY | O_CREAT | O_EXCL, 0755);
      if (!file || ::write(file->get(), program.data(), program.size()) !=
                       static_cast<ssize_t>(program.size())) {
        ++tally.failed;
        continue;
      }
      {
        const OwnedFd closed = *std::move(file);
      }
      Command command = with_null_streams(path);
      configure(command);
      auto child = command.spawn();
      if (child) {
        const auto status = child->wait();
        ++(status && status->success() ? tally.started : tally.failed);
      } else {
        ++(child.error().code == std::errc::text_file_busy ? tally.busy : tally.failed);
      }
      ::unlink(path.c_str());
    }
  };
  std::vector<std::jthread> threads;
  for (int number = 0; number < thread_count; ++number)
    threads.emplace_back(body, number);
}

// Under sanitizers there are fewer, but enough that one failure means the same ratio.
constexpr int programs = fewer_if_sanitized(10'000, 5);

TEST(BusyProgram, NeverFailsWithRetriesInManyThreads) {
  Tally tally;
  write_and_start(programs, tally, [](Command& command) { command.retry_busy(20); });
  EXPECT_EQ(tally.busy, 0);
  EXPECT_EQ(tally.failed, 0);
  EXPECT_EQ(tally.started, programs);
}

// A child has no descriptors of other threads above those that are passed to it.
TEST(BusyProgram, HardlyEverFailsWithoutRetriesInManyThreads) {
  Tally tally;
  write_and_start(programs, tally, [](Command&) {});
  EXPECT_LE(tally.busy, programs / 1000) << "of " << programs;
  EXPECT_EQ(tally.failed, 0);
}

// Until it executes, a child with a high number has a copy of everything below, including the files
// that other threads are writing: that is what retries are for.
TEST(BusyProgram, NeverFailsWithRetriesWhereChildrenAreGivenHighNumbers) {
  const OwnedFd file = some_file();
  const OwnedFd high = OwnedFd::adopt(::fcntl(file.get(), F_DUPFD_CLOEXEC, 200));
  const auto [device, inode] = identity_of(high.get());
  const std::string entry = "9:" + std::to_string(device) + ':' + std::to_string(inode);
  Tally tally;
  constexpr int fewer = programs / 4;
  write_and_start(fewer, tally,
                  [&](Command& command) { command.pass(high, 9).arg(entry).retry_busy(1000); });
  EXPECT_EQ(tally.busy, 0);
  EXPECT_EQ(tally.failed, 0);
}

// A script whose interpreter is open for writing: each attempt to execute it opens the script, and
// the test watches that.
class BusyScript {
 public:
  BusyScript() {
    const std::string interpreter = directory_.path() / "true";
    fs::copy_file("/bin/true", interpreter);
    std::ofstream(script()) << "#!" << interpreter << '\n';
    ::chmod(script().c_str(), 0755);
    writer_ = *sysfd::open(cwd(), interpreter, O_WRONLY);
    watch_ = OwnedFd::adopt(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    // Watches closing too, since equal events in succession are merged.
    EXPECT_GE(::inotify_add_watch(watch_->get(), script().c_str(), IN_OPEN | IN_CLOSE_NOWRITE), 0);
  }

  std::string script() const { return directory_.path() / "script"; }
  void close_writer() { writer_.reset(); }

  // Returns the number of attempts since the last call.
  int attempts() {
    int found = 0;
    alignas(inotify_event) char buffer[4096];
    for (;;) {
      const ssize_t size = ::read(watch_->get(), buffer, sizeof buffer);
      if (size <= 0) return found;
      for (ssize_t offset = 0; offset < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + offset);
        if (event->mask & IN_OPEN) ++found;
        offset += static_cast<ssize_t>(sizeof *event + event->len);
      }
    }
  }
  void wait_for_attempts(int count) {
    ::fcntl(watch_->get(), F_SETFL, 0);  // makes it block
    for (int found = 0; found < count;) {
      alignas(inotify_event) char buffer[sizeof(inotify_event)];  // one event, without a name
      if (::read(watch_->get(), buffer, sizeof buffer) != sizeof buffer) return;
      if (reinterpret_cast<const inotify_event*>(buffer)->mask & IN_OPEN) ++found;
    }
  }

 private:
  ScratchDirectory directory_;
  std::optional<OwnedFd> writer_;
  std::optional<OwnedFd> watch_;
};

TEST(BusyProgram, IsRetriedAsOftenAsIsSet) {
  BusyScript busy;
  for (const int retries : {-1, 0, 1, 4}) {
    const auto child = Command(busy.script()).retry_busy(retries).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::exec);
    EXPECT_EQ(child.error().code, std::errc::text_file_busy);
    EXPECT_EQ(busy.attempts(), std::max(retries, 0) + 1);
  }
  busy.close_writer();
  auto child = Command(busy.script()).retry_busy(4).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_EQ(child->report().busy_retries, 0);
  EXPECT_TRUE(child->wait()->success());
}

TEST(BusyProgram, StartsOnceNoProcessHasItOpenForWriting) {
  BusyScript busy;
  std::jthread releaser([&] {
    busy.wait_for_attempts(2);  // the first one has failed then
    busy.close_writer();
  });
  auto child = Command(busy.script()).retry_busy(100'000).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_GE(child->report().busy_retries, 1);
  EXPECT_TRUE(child->wait()->success());
}

// What was passed once stays with the Command until a child runs.
TEST(BusyProgram, KeepsWhatItOwnsThroughRetries) {
  BusyScript busy;
  OwnedFd owned = some_file();
  const int number = owned.get();
  Command command(busy.script());
  command.pass(std::move(owned), 9).stdout_to(Stdio::pipe()).retry_busy(2);
  ASSERT_FALSE(command.spawn());
  EXPECT_TRUE(is_open(number));
  busy.close_writer();
  auto child = command.spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_FALSE(is_open(number));
  EXPECT_TRUE(child->wait()->success());
}

}  // namespace
}  // namespace sysfd_test
