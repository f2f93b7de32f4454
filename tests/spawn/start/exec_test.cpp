// SPDX-License-Identifier: MIT
//
// Tests Command::exec(): a process becomes the program itself. Each test does so in a copy.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/pidfd.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/talk.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

// Lets a copy of the test become the command, which must succeed: see run_apart().
void become(Command& command, const std::function<void()>& before = [] {}) {
  run_apart([&] {
    before();
    ADD_FAILURE() << command.exec().describe();
  });
}

// Does the same with the inspector, and returns its report.
Report become(Inspection& inspection, const std::function<void()>& before = [] {}) {
  become(inspection.command, before);
  return inspection.read();
}

// Returns a shell that fails unless this condition holds; $1, $2, ... are the arguments.
Command check(const std::string& condition, const std::vector<std::string>& arguments = {}) {
  return shell(condition + " || { echo \"not so: " + condition + "\" >&2; exit 1; }")
      .arg("sh")
      .args(arguments);
}

std::uint64_t bit_of(int signo) {
  return std::uint64_t{1} << (signo - 1);
}

OwnedFd without_close_on_exec(int number) {
  return OwnedFd::adopt(::dup3(some_file().get(), number, 0));
}

TEST(Exec, BecomesTheProgramWithWhatTheCommandSays) {
  const ScratchDirectory directory;
  const OwnedFd lowest_not_passed = OwnedFd::adopt(::fcntl(0, F_DUPFD, 3));
  const OwnedFd not_passed = without_close_on_exec(50);
  const OwnedFd file = some_file(), out = some_file();
  Inspection inspection;
  inspection.command.args({"a b", ""})
      .argument0("another name")
      .env("SYSFD_SAID", "1")
      .working_directory(directory.path().string())
      .pass(file, 7)
      .stdin_from(Stdio::null())
      .stdout_to(out)
      .signals({.blocked = {SIGUSR1}, .ignored = {SIGUSR2}});
  const Report report = become(inspection);
  EXPECT_EQ(report.arguments, (std::vector<std::string>{"another name", "a b", ""}));
  EXPECT_EQ(report.environment.at("SYSFD_SAID"), "1");
  EXPECT_EQ(report.environment.at("PATH"), std::getenv("PATH"));
  EXPECT_EQ(report.directory, directory.path().string());
  EXPECT_EQ(report.signals_blocked, bit_of(SIGUSR1));
  EXPECT_NE(report.signals_ignored & bit_of(SIGUSR2), 0U);
  const std::map<int, FileIdentity> expected = {{0, identity_of_null()},
                                                {1, identity_of(out.get())},
                                                {2, identity_of(2)},
                                                {7, identity_of(file.get())}};
  EXPECT_EQ(report.descriptors, expected);
}

TEST(Exec, StartsWithCleanSignals) {
  const int handled[] = {SIGUSR1, SIGTERM, SIGRTMAX};
  Inspection inspection;
  const Report report = become(inspection, [&] {
    for (const int signo : handled)
      ::signal(signo, [](int) {});
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
  });
  EXPECT_EQ(report.signals_blocked, 0U);
  for (const int signo : handled)
    EXPECT_EQ(report.signals_caught & bit_of(signo), 0U) << signo;
  EXPECT_EQ(report.signals_ignored, bit_of(SIGHUP)) << "SIGPIPE is not";
}

TEST(Exec, StaysTheSameProcess) {
  run_apart([] {
    Command command = check("test $$ = $1", {std::to_string(::getpid())});
    ADD_FAILURE() << command.exec().describe();
  });
}

TEST(Exec, PlacesDescriptorsInAnyOrder) {
  const OwnedFd files[] = {some_file(), some_file(), some_file()};
  const int numbers[] = {files[0].get(), files[1].get(), files[2].get()};
  Inspection inspection;
  for (std::size_t i = 0; i < 3; ++i)
    inspection.command.pass(files[i], numbers[(i + 1) % 3]);
  const Report report = become(inspection);
  EXPECT_EQ(report.descriptors.size(), 6U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(report.descriptors.at(numbers[(i + 1) % 3]), identity_of(numbers[i]));
}

TEST(Exec, KeepsNoOtherDescriptorWhereCloseRangeIsRefused) {
  for (const int error : {ENOSYS, EPERM}) {
    const OwnedFd file = some_file();
    const OwnedFd not_passed = without_close_on_exec(50);
    Inspection inspection;
    inspection.command.pass(file, 7);
    const Report report = become(inspection, [error] { refuse_calls({{SYS_close_range, error}}); });
    EXPECT_EQ(report.descriptors.size(), 4U);
    EXPECT_EQ(report.descriptors.at(7), identity_of(file.get()));
  }
}

TEST(Exec, KeepsNoOtherDescriptorOnLinux510) {
  const OwnedFd file = some_file();
  const OwnedFd not_passed = without_close_on_exec(50);
  Inspection inspection;
  inspection.command.pass(file, 7);
  const Report report = become(inspection, [] { refuse_calls({{SYS_close_range, EINVAL}}); });
  EXPECT_EQ(report.descriptors.size(), 4U);
  EXPECT_EQ(report.descriptors.at(7), identity_of(file.get()));
}

TEST(Exec, HasDevNullForStreamsThatAreClosed) {
  Inspection inspection;
  const Report report = become(inspection, [] {
    ::close(0);
    ::close(1);
  });
  EXPECT_EQ(report.descriptors.at(0), identity_of_null());
  EXPECT_EQ(report.descriptors.at(1), identity_of_null());
  EXPECT_EQ(report.descriptors.size(), 3U);
}

TEST(Exec, TakesAProgramByDescriptor) {
  const OwnedFd program = *sysfd::open(cwd(), Inspection::inspector_path(), O_PATH);
  const ScratchDirectory directory;
  const std::string report = directory.path().string() + "/report";
  Command command = Command(program, "by descriptor").arg(report);
  become(command);
  EXPECT_TRUE(fs::exists(report));
}

TEST(Exec, TakesAnotherIdentity) {
  SYSFD_REQUIRE_ROOT();
  Command command = check("test \"$(id -u):$(id -g):$(id -G):$(umask)\" = 65534:65533:65533:0027")
                        .identity({.user = 65534, .group = 65533})
                        .resources({.umask = 027});
  become(command);
}

TEST(Exec, PassesListenDescriptors) {
  run_apart([] {
    ::setenv("LISTEN_PID", "stale", 1);
    const OwnedFd file = some_file();
    const auto self = PidFd::self();
    const auto id = self->id();
    Command command =
        check("test \"$LISTEN_FDS $LISTEN_FDNAMES $LISTEN_PID ${LISTEN_PIDFDID-none}\" = \"$1\"",
              {"2 a:b " + std::to_string(::getpid()) + ' ' +
               (id ? std::to_string(id->value()) : "none")});
    command.listen_fds({{"a", file}, {"b", file}});
    ADD_FAILURE() << command.exec().describe();
  });
}

// A helper writes the maps and must be gone: otherwise the program would have a child that it does
// not know.
TEST(ExecInNewUserNamespace, HasItsMapsAndNoChild) {
  SYSFD_REQUIRE_ONE_THREAD();
  if (!fs::exists("/proc/thread-self/children")) GTEST_SKIP() << "needs CONFIG_PROC_CHILDREN";
  for (const bool as_root : {true, false}) {
    if (as_root && !is_root()) continue;
    Command command = check(
        "{ read children </proc/$$/task/$$/children; test -z \"$children\"; } && "
        "test \"$(id -u):$(id -g):$(cat /proc/sys/kernel/hostname)\" = 0:0:inside");
    run_apart([&] {
      if (as_root) {
        command.namespaces({.create = Namespace::user | Namespace::uts,
                            .user_map = {{.inside = 0, .outside = 0, .count = 10}},
                            .group_map = {{.inside = 0, .outside = 0, .count = 10}},
                            .host_name = "inside"});
      } else {
        if (is_root()) {
          ASSERT_EQ(::setresgid(65534, 65534, 65534), 0);
          ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
          ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 1), 0) << "otherwise root owns its /proc files";
        }
        command.namespaces({.create = Namespace::user | Namespace::uts,
                            .user_map = {{.inside = 0, .outside = ::geteuid()}},
                            .group_map = {{.inside = 0, .outside = ::getegid()}},
                            .host_name = "inside"});
      }
      ADD_FAILURE() << command.exec().describe();
    });
  }
}

TEST(ExecInNewNamespaces, HasMountsOfItsOwn) {
  SYSFD_REQUIRE_ROOT();
  const ScratchDirectory directory;
  Command command = check("mount -t tmpfs none \"$1\" && touch \"$1/there\"", {directory.path()})
                        .namespaces({.create = Namespace::mount});
  become(command);
  EXPECT_FALSE(fs::exists(directory.path() / "there"));
}

TEST(ExecFailure, OfAMissingProgramComesBack) {
  run_apart([] {
    const OwnedFd file = some_file();
    const OwnedFd other = without_close_on_exec(50);
    OwnedFd owned = some_file();
    const int owned_number = owned.get();
    sigset_t mask_before, mask_after;
    ::sigemptyset(&mask_before);
    ::sigaddset(&mask_before, SIGUSR1);
    ::sigprocmask(SIG_SETMASK, &mask_before, nullptr);
    Command command = Command("/no/such").pass(file, 60).pass(std::move(owned), 61);
    for (int round = 0; round < 2; ++round) {
      const SpawnError error = command.exec();
      EXPECT_EQ(error.step, SpawnStep::exec);
      EXPECT_EQ(error.code, std::errc::no_such_file_or_directory);
      EXPECT_EQ(error.describe(), "exec of \"/no/such\": No such file or directory");
    }
    EXPECT_TRUE(is_open(file.get()) && is_open(other.get()) && is_open(owned_number));
    EXPECT_TRUE(is_open(0) && is_open(1) && is_open(2));
    EXPECT_TRUE(*is_close_on_exec(other)) << "as it was set";
    EXPECT_TRUE(same_file(60, file.get())) << "as far as that";
    ::sigprocmask(SIG_BLOCK, nullptr, &mask_after);
    for (int signo = 1; signo < SIGRTMIN; ++signo)
      EXPECT_EQ(::sigismember(&mask_after, signo), ::sigismember(&mask_before, signo)) << signo;
  });
}

TEST(ExecFailure, OfAStepNamesIt) {
  const struct {
    const char* what;
    void (*configure)(Command&);
    SpawnStep step;
    std::errc code;
  } cases[] = {
      {"directory", [](Command& command) { command.working_directory("/no/such"); },
       SpawnStep::working_directory, std::errc::no_such_file_or_directory},
      {"root", [](Command& command) { command.root_directory("/no/such"); },
       SpawnStep::root_directory, std::errc::no_such_file_or_directory},
      {"map",
       [](Command& command) {
         command.namespaces({.create = Namespace::user, .user_map = {{.count = 0}}});
       },
       SpawnStep::user_map, std::errc::invalid_argument},
      {"cgroup", [](Command& command) { command.cgroup(cwd()); }, SpawnStep::cgroup,
       std::errc::bad_file_descriptor},
      {"descriptor", [](Command& command) { command.pass(BorrowedFd::unsafe_borrow(900), 5); },
       SpawnStep::descriptor, std::errc::bad_file_descriptor}};
  for (const auto& each : cases)
    run_apart([&each] {
      SCOPED_TRACE(each.what);
      Command command("/bin/true");
      each.configure(command);
      const SpawnError error = command.exec();
      EXPECT_EQ(error.step, each.step) << error.describe();
      EXPECT_EQ(error.code, each.code) << error.describe();
    });
}

TEST(ExecInNewUserNamespace, LeavesNoHelperWhereItFails) {
  SYSFD_REQUIRE_ONE_THREAD();
  // The helper waits for a namespace that is never made, or that it may not map.
  for (const int call : {SYS_unshare, SYS_execve})
    run_apart([call] {
      refuse_calls({{call, EPERM}});
      Command command = Command("/bin/true")
                            .namespaces({.create = Namespace::user,
                                         .user_map = {{.inside = 0, .outside = ::geteuid()}}});
      const SpawnError error = command.exec();
      EXPECT_EQ(error.code, std::errc::operation_not_permitted);
      EXPECT_EQ(error.step, call == SYS_unshare ? SpawnStep::namespaces : SpawnStep::exec);
      siginfo_t info;
      EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL), -1);
    });
}

// What needs a child is refused before this process has changed.
TEST(ExecOfAnInvalidCommand, IsRefusedBeforeAnythingIsChanged) {
  const auto own_pid_namespace = *sysfd::open(cwd(), "/proc/self/ns/pid", O_RDONLY);
  const std::string string_with_nul("a\0b", 3);
  const struct {
    const char* what;
    std::function<void(Command&)> configure;
    SpawnStep step;
    int index;
  } cases[] = {
      {"stdin, a pipe", [](Command& command) { command.stdin_from(Stdio::pipe()); },
       SpawnStep::standard_stream, 0},
      {"stdout, a pipe", [](Command& command) { command.stdout_to(Stdio::pipe()); },
       SpawnStep::standard_stream, 1},
      {"stderr, a pipe", [](Command& command) { command.stderr_to(Stdio::pipe()); },
       SpawnStep::standard_stream, 2},
      {"stdout, a terminal", [](Command& command) { command.stdout_to(Stdio::terminal()); },
       SpawnStep::standard_stream, 1},
      {"a terminal", [](Command& command) { command.terminal(); }, SpawnStep::standard_stream, 0},
      {"a new pid namespace",
       [](Command& command) { command.namespaces({.create = Namespace::pid | Namespace::uts}); },
       SpawnStep::namespaces, -1},
      {"a joined pid namespace",
       [&](Command& command) {
         command.namespaces({.join = {{.of = own_pid_namespace, .kinds = Namespace::pid}}});
       },
       SpawnStep::namespaces, -1},
      {"kill_with_parent", [](Command& command) { command.kill_with_parent(); },
       SpawnStep::parent_death, -1},
      {"an argument", [&](Command& command) { command.arg(string_with_nul); }, SpawnStep::argument,
       0},
      {"a number given twice",
       [&](Command& command) { command.pass(own_pid_namespace, 60).pass(own_pid_namespace, 60); },
       SpawnStep::descriptor, 1},
  };
  for (const auto& each : cases)
    run_apart([&each] {
      SCOPED_TRACE(each.what);
      const OwnedFd file = some_file();
      const OwnedFd other = without_close_on_exec(50);
      const auto descriptors = open_descriptors();
      const fs::path directory = fs::current_path();
      ::signal(SIGPIPE, SIG_IGN);

      Command command = Command("/bin/true").working_directory("/proc").pass(file, 70);
      command.signals({.ignored = {SIGUSR1}});
      each.configure(command);
      const SpawnError error = command.exec();
      EXPECT_EQ(error.step, each.step) << error.describe();
      EXPECT_EQ(error.code, std::errc::invalid_argument) << error.describe();
      if (each.step != SpawnStep::descriptor) {
        EXPECT_EQ(error.index, each.index) << error.describe();
      }

      EXPECT_EQ(open_descriptors(), descriptors);
      EXPECT_FALSE(*is_close_on_exec(other));
      EXPECT_EQ(fs::current_path(), directory);
      EXPECT_EQ(::signal(SIGPIPE, SIG_DFL), SIG_IGN);
      EXPECT_EQ(::signal(SIGUSR1, SIG_DFL), SIG_DFL);
    });
}

}  // namespace
}  // namespace sysfd_test
