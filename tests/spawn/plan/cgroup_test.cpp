// SPDX-License-Identifier: MIT
//
// Tests a child that is started in a cgroup, and killed with everything that it has started.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"
#include "support/kernel_features.hpp"
#include "support/scratch_directory.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

// Returns where cgroups of version 2 are mounted, or nothing.
std::string hierarchy() {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    if (!line.contains(" - cgroup2 ")) continue;
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 5; ++i)
      fields >> field;
    return field;
  }
  return "";
}

// A cgroup for the test. Its destructor ends everything that runs in it.
class ScratchCgroup {
 public:
  explicit ScratchCgroup(const std::string& parent = hierarchy())
      : path_(parent + "/sysfd-XXXXXX") {
    is_there_ = !parent.empty() && ::mkdtemp(path_.data()) != nullptr;
  }
  ~ScratchCgroup() {
    if (!is_there_) return;
    write("cgroup.freeze", "0");
    write("cgroup.kill", "1");
    remove();
  }
  ScratchCgroup(const ScratchCgroup&) = delete;
  ScratchCgroup& operator=(const ScratchCgroup&) = delete;

  bool is_there() const { return is_there_; }
  const std::string& path() const { return path_; }
  std::string name() const { return path_.substr(path_.rfind('/')); }
  bool has(const char* file) const { return ::access((path_ + '/' + file).c_str(), F_OK) == 0; }
  OwnedFd open(int flags = O_RDONLY) const {
    return OwnedFd::adopt(::open(path_.c_str(), flags | O_DIRECTORY | O_CLOEXEC));
  }
  bool write(const char* file, const char* text) const {
    std::ofstream stream(path_ + '/' + file);
    stream << text << std::flush;
    return stream.good();
  }
  // Waits until cgroup.events contains this.
  void wait_for(const std::string& event) const {
    const OwnedFd events =
        OwnedFd::adopt(::open((path_ + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
    for (int changes = 0; changes < 1000; ++changes) {
      char text[256] = {};
      ASSERT_GT(::pread(events.get(), text, sizeof text - 1, 0), 0);
      if (std::string_view(text).contains(event)) return;
      pollfd entry{events.get(), POLLPRI, 0};
      ASSERT_EQ(::poll(&entry, 1, -1), 1);
    }
    FAIL() << "never " << event;
  }
  void remove() {
    wait_for("populated 0");
    EXPECT_EQ(::rmdir(path_.c_str()), 0) << path_;
    is_there_ = false;
  }
  void make_again() {
    EXPECT_EQ(::mkdir(path_.c_str(), 0755), 0);
    is_there_ = true;
  }

 private:
  std::string path_;
  bool is_there_;
};

#define SYSFD_REQUIRE_CGROUP(cgroup) \
  if (!(cgroup).is_there()) GTEST_SKIP() << "cannot make a cgroup of version 2"
#define SYSFD_REQUIRE_CGROUP_KILL(cgroup) \
  SYSFD_REQUIRE_CGROUP(cgroup);           \
  if (!(cgroup).has("cgroup.kill")) GTEST_SKIP() << needs("cgroup.kill")

Command in(BorrowedFd cgroup) {
  return Command("/bin/true").cgroup(cgroup);
}

TEST(CommandCgroup, IsWhereTheChildIs) {
  const ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP(cgroup);
  for (const int flags : {O_RDONLY, O_PATH}) {
    const OwnedFd directory = cgroup.open(flags);
    const Facts child = facts_of_child([&](Command& command) { command.cgroup(directory); });
    EXPECT_TRUE(child.at("cgroup").ends_with(cgroup.name())) << child.at("cgroup");
    EXPECT_FALSE(facts_of_this_process().at("cgroup").contains(cgroup.name()));
  }
}

// The child is not moved: no file is written.
TEST(CommandCgroup, IsWhereTheChildIsBorn) {
  const ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP(cgroup);
  const OwnedFd directory = cgroup.open();
  run_apart([&] {
    refuse_calls({{SYS_write, EPERM, RefusedCall::Match{2, 1}},
                  {SYS_openat, EPERM, RefusedCall::Match{2, O_WRONLY | O_NOCTTY | O_CLOEXEC}}});
    const Facts child = facts_of_child([&](Command& command) { command.cgroup(directory); });
    EXPECT_TRUE(child.at("cgroup").ends_with(cgroup.name())) << child.at("cgroup");
  });
}

TEST(CommandCgroup, GoesTogetherWithAllElse) {
  SYSFD_REQUIRE_ROOT();
  const ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP(cgroup);
  const OwnedFd directory = cgroup.open();
  const Facts child = facts_of_child([&](Command& command) {
    command.cgroup(directory)
        .identity({.user = 1234, .group = 1234})
        .namespaces({.create = Namespace::pid | Namespace::mount})
        .session({.new_session = true});
  });
  EXPECT_TRUE(child.at("cgroup").ends_with(cgroup.name())) << child.at("cgroup");
  EXPECT_EQ(child.at("Uid"), "1234 1234 1234 1234");
  EXPECT_EQ(child.at("pid"), "1");
  const Facts own = facts_of_child([&](Command& command) {
    command.cgroup(directory).namespaces({.create = Namespace::cgroup});
  });
  EXPECT_TRUE(own.at("cgroup").ends_with("0::/")) << "the root of its cgroup namespace";
}

TEST(CommandCgroup, IsKilledWithAllThatWasStartedInIt) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP_KILL(cgroup);
  const OwnedFd directory = cgroup.open();
  auto alive = sysfd::pipe();
  ASSERT_TRUE(alive);
  auto child = Command("sh")
                   .args({"-c", "sleep 1000 & setsid sleep 1000 & echo; read line"})
                   .stdin_from(Stdio::pipe())
                   .stdout_to(Stdio::pipe())
                   .pass(std::move(alive->write), 3)
                   .cgroup(directory)
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  char c = 0;
  ASSERT_EQ(::read(child->stdout_pipe()->get(), &c, 1), 1) << "they were started";
  const auto killed = child->kill_cgroup();
  ASSERT_TRUE(killed) << killed.error().message();
  EXPECT_EQ(::read(alive->read.get(), &c, 1), 0) << "nobody has the other end any more";
  EXPECT_EQ(child->wait()->signal(), SIGKILL);
}

TEST(CommandCgroup, CanBeKilledBelowTheDescriptorThatTheChildKeeps) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP_KILL(cgroup);
  auto child = [&] {
    const OwnedFd directory = cgroup.open();  // closed before it is used again
    return Command("cat").stdin_from(Stdio::pipe()).cgroup(directory).spawn();
  }();
  ASSERT_TRUE(child) << child.error().describe();
  const auto killed = child->kill_cgroup();
  ASSERT_TRUE(killed) << killed.error().message();
  EXPECT_EQ(child->pidfd().wait()->signal(), SIGKILL);
}

TEST(CommandCgroup, IsNotKilledIfThereIsNone) {
  auto child = Command("/bin/true").spawn();
  ASSERT_TRUE(child);
  EXPECT_EQ(child->kill_cgroup().error(), std::errc::operation_not_supported);
}

TEST(CommandCgroup, ThatWasRemovedIsNamed) {
  ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP(cgroup);
  const OwnedFd directory = cgroup.open();
  auto child = in(directory).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_TRUE(child->wait()->success());
  cgroup.remove();
  EXPECT_EQ(child->kill_cgroup().error(), std::errc::no_such_file_or_directory);
  Command command = in(directory);
  expect_error(command, SpawnStep::cgroup, ENOENT);
  EXPECT_EQ(command.spawn().error().describe(), "cgroup: No such file or directory");
}

TEST(CommandCgroup, ThatIsNoneIsNamed) {
  const ScratchDirectory scratch;
  const OwnedFd file = some_file();
  const OwnedFd directory =
      OwnedFd::adopt(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const BorrowedFd fd :
       {BorrowedFd(file), BorrowedFd(directory), BorrowedFd::unsafe_borrow(999)}) {
    Command command = in(fd);
    expect_error(command, SpawnStep::cgroup, EBADF);
  }
}

// clone3(2) fails in this way for the cgroup, and for the namespaces, whichever others there are.
TEST(CommandCgroup, AndNamespacesAreEachNamedForTheirOwnErrors) {
  SYSFD_REQUIRE_ROOT();
  const ScratchDirectory scratch;
  const OwnedFd none =
      OwnedFd::adopt(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto both = [&](Command& command) {
    command.cgroup(none).namespaces({.create = Namespace::uts});
  };
  Command command("/bin/true");
  both(command);
  expect_error(command, SpawnStep::cgroup, EBADF);
  for (const int error : {EBADF, EACCES, EBUSY, ENODEV, ENOENT, EOPNOTSUPP})
    expect_failures({{{SYS_clone3, error}, both, SpawnStep::cgroup}});
  for (const int error : {ENOSPC, EUSERS, EINVAL, EPERM})
    expect_failures({{{SYS_clone3, error}, both, SpawnStep::namespaces}});
  for (const int error : {EAGAIN, ENOMEM, EMFILE})
    expect_failures({{{SYS_clone3, error}, both, SpawnStep::clone}});
}

TEST(CommandCgroup, CanBeTheWorkingDirectory) {
  const ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP(cgroup);
  run_apart([&] {
    ASSERT_EQ(::chdir(cgroup.path().c_str()), 0);
    auto child =
        Command("cat").arg("/proc/self/cgroup").stdout_to(Stdio::pipe()).cgroup(cwd()).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    const auto output = child->communicate();
    ASSERT_TRUE(output);
    EXPECT_TRUE(output->out.contains(cgroup.name())) << output->out;
  });
}

TEST(CommandCgroup, ThatIsFrozenIsRefusedBeforeThereIsAChild) {
  const ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP(cgroup);
  const ScratchCgroup below(cgroup.path());
  ASSERT_TRUE(below.is_there());
  ASSERT_TRUE(cgroup.write("cgroup.freeze", "1"));
  below.wait_for("frozen 1");
  for (const int flags : {O_RDONLY, O_PATH})
    for (const ScratchCgroup* frozen : {&cgroup, &below})
      run_apart([&] {
        refuse_calls({{SYS_clone3, EXDEV}, {SYS_clone, EXDEV}});
        const OwnedFd directory = frozen->open(flags);
        Command command = in(directory);
        expect_error(command, SpawnStep::cgroup, EBUSY);
        EXPECT_EQ(command.spawn().error().describe(), "cgroup, frozen: Device or resource busy");
      });
  ASSERT_TRUE(cgroup.write("cgroup.freeze", "0"));
  below.wait_for("frozen 0");
  const OwnedFd directory = below.open();
  auto child = in(directory).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_TRUE(child->wait()->success());
}

// Some kernels also kill all processes that are started in it later.
TEST(CommandCgroup, ThatWasKilledOnceStartsTheChildOrSaysWhyNot) {
  SYSFD_REQUIRE_ISOLATION();
  ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP_KILL(cgroup);
  ASSERT_TRUE(cgroup.write("cgroup.kill", "1"));
  {
    const OwnedFd directory = cgroup.open();
    Command command = in(directory);
    for (int round = 0; round < 10; ++round) {
      auto child = command.spawn();
      if (child) {
        EXPECT_TRUE(child->wait()->success());
      } else {
        EXPECT_EQ(child.error().step, SpawnStep::cgroup) << child.error().describe();
        EXPECT_EQ(child.error().code, std::errc::operation_canceled) << child.error().describe();
        EXPECT_EQ(child.error().describe(),
                  "cgroup, which kills what is born into it (was it killed once?): "
                  "Operation canceled");
      }
    }
  }
  cgroup.remove();
  cgroup.make_again();
  const OwnedFd directory = cgroup.open();
  auto child = in(directory).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_TRUE(child->wait()->success());
}

TEST(CommandCgroup, IsNotForAnOrdinaryUser) {
  SYSFD_REQUIRE_ROOT();
  const ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP(cgroup);
  const OwnedFd directory = cgroup.open();
  run_apart([&] {
    become_ordinary_user();
    Command command = in(directory);
    expect_error(command, SpawnStep::cgroup, EACCES);
  });
}

TEST(CommandCgroup, IsNotForThoseWithoutClone3) {
  const ScratchCgroup cgroup;
  SYSFD_REQUIRE_CGROUP(cgroup);
  const OwnedFd directory = cgroup.open();
  expect_failures({{{SYS_clone3, ENOSYS},
                    [&](Command& command) { command.cgroup(directory); },
                    SpawnStep::cgroup},
                   {{SYS_clone3, EPERM},
                    [&](Command& command) { command.cgroup(directory); },
                    SpawnStep::cgroup},
                   {{SYS_clone3, EAGAIN},
                    [&](Command& command) { command.cgroup(directory); },
                    SpawnStep::clone}});
}

// Returns the state of a thread of this process, as in /proc/PID/status: R, S, D, ...
char state_of(pid_t thread) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("State:\t")) return line[7];
  return '?';
}

// The OOM killer of a cgroup also kills processes outside that share memory with the one that it
// chooses.
TEST(CommandCgroup, SuspendsTheCallerOfEachStart) {
  SYSFD_REQUIRE_ROOT();
  const std::function<void(Command)> starts[] = {
      [](Command command) { (void)command.status(); },
      [](Command command) { (void)std::move(command).spawn_async(); },
      [](Command command) { (void)spawn_all({&command, 1}); }};
  for (const auto& start : starts) {
    const ScratchCgroup cgroup;
    SYSFD_REQUIRE_CGROUP(cgroup);
    run_apart([&] {
      std::atomic<bool> is_back = false;
      std::atomic<pid_t> number = 0;
      std::promise<StoppedCalls*> promised;
      std::thread starting([&] {
        StoppedCalls execve(SYS_execve);
        number = ::gettid();
        promised.set_value(&execve);
        Command command("/bin/true");
        const OwnedFd directory = cgroup.open();
        start(std::move(command.cgroup(directory)));
        is_back = true;
      });
      auto* const execve = promised.get_future().get();
      execve->await();
      char state = 'R';
      while (!is_back && state != 'D')
        state = state_of(number);
      EXPECT_FALSE(is_back);
      execve->let_go();
      starting.join();
    });
  }
}

}  // namespace
}  // namespace sysfd_test
