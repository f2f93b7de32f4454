// SPDX-License-Identifier: MIT
//
// Tests Command::status(): the same program with the same descriptors as by spawn() and wait(), and
// the same errors, whether the parent sleeps until it has ended or is suspended until it executes.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/pending.hpp"
#include "spawn/talk.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/sanitizers.hpp"
#include "support/scratch_directory.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

using Match = RefusedCall::Match;

SpawnError error_of(Command& command) {
  const auto status = command.status();
  if (!status) return status.error();
  ADD_FAILURE() << "it has run: " << to_string(*status);
  return {SpawnStep::program, {}, -1, ""};
}
SpawnError error_of(Command&& command) {
  return error_of(command);
}

TEST(CommandStatus, IsHowTheProgramEnded) {
  const auto before = open_descriptors();
  EXPECT_EQ(must(Command("true").status()), ExitStatus::exited(0));
  EXPECT_EQ(must(shell("exit 7").status()), ExitStatus::exited(7));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(CommandStatus, IsTheSignalThatKilledIt) {
  SYSFD_REQUIRE_ISOLATION();
  EXPECT_EQ(must(shell("kill -TERM $$").status()), ExitStatus::killed(SIGTERM));
}

TEST(CommandStatus, CanBeAskedForAgainAndAgain) {
  Command command = shell("exit $NUMBER");
  for (int i = 0; i < 50; ++i) {
    command.env("NUMBER", std::to_string(i));
    EXPECT_EQ(must(command.status()), ExitStatus::exited(i));
    EXPECT_EQ(must(command.status()), ExitStatus::exited(i));
    EXPECT_EQ(must(must(command.spawn()).wait()), ExitStatus::exited(i));
  }
}

TEST(CommandStatus, GivesTheChildWhatItIsToHave) {
  const OwnedFd first = some_file();
  const OwnedFd second = some_file();
  Inspection inspection;
  inspection.command.stdin_from(Stdio::null())
      .pass(first, second.get())
      .pass(second, first.get())
      .arg("--and")
      .env("SYSFD_VARIABLE", "value");
  for (int round = 0; round < 2; ++round) {  // the second time with the plan of the first
    EXPECT_TRUE(must(inspection.command.status()).success());
    const auto report = inspection.read();
    EXPECT_EQ(report.descriptors.size(), 5U);
    EXPECT_EQ(report.descriptors.at(first.get()), identity_of(second.get()));
    EXPECT_EQ(report.descriptors.at(second.get()), identity_of(first.get()));
  }
}

TEST(CommandStatus, HandsOverWhatTheCommandOwns) {
  const OwnedFd stays = some_file();
  OwnedFd owned = must(stays.duplicate());
  const int number = owned.get();
  Command command = Command("true").pass(std::move(owned), 9);
  EXPECT_TRUE(must(command.status()).success());
  EXPECT_FALSE(is_open(number));
  EXPECT_EQ(error_of(command).step, SpawnStep::descriptor) << "which is not there any more";
}

TEST(CommandStatus, OfWhatCannotBeStartedSaysWhy) {
  run_apart([] {
    const auto before = open_descriptors();
    const SpawnError nowhere = error_of(Command("/no/such"));
    EXPECT_EQ(nowhere.step, SpawnStep::exec);
    EXPECT_EQ(nowhere.code, std::errc::no_such_file_or_directory);
    EXPECT_EQ(nowhere.subject, "/no/such");
    EXPECT_EQ(error_of(Command("/")).code, std::errc::permission_denied);
    EXPECT_EQ(error_of(Command("true").arg(std::string("a\0b", 3))).step, SpawnStep::argument);
    EXPECT_EQ(error_of(Command("true").working_directory("/no/such")).step,
              SpawnStep::working_directory);
    EXPECT_EQ(open_descriptors(), before);
    expect_no_child_left();
  });
}

TEST(CommandStatus, RefusesPipesThatNobodyWouldRead) {
  const SpawnError in = error_of(Command("true").stdin_from(Stdio::pipe()));
  EXPECT_EQ(in.step, SpawnStep::standard_stream);
  EXPECT_EQ(in.code, std::errc::invalid_argument);
  EXPECT_EQ(in.index, 0);
  EXPECT_EQ(in.describe(),
            "stdin of the child, where status() cannot use pipe(): nobody has its other end: "
            "Invalid argument");
  EXPECT_EQ(error_of(Command("true").stdout_to(Stdio::pipe())).index, 1);
  EXPECT_EQ(error_of(Command("true").stderr_to(Stdio::terminal())).index, 2);
}

// With these, the parent is suspended until the program executes, as in spawn().
TEST(CommandStatus, KnowsEveryAttribute) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    ::prctl(PR_SET_DUMPABLE, 1);
    EXPECT_EQ(must(shell("exit $(id -u)").identity({.user = 77}).status()), ExitStatus::exited(77));
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 1);
    EXPECT_EQ(must(shell("exit $(cat /proc/self/oom_score_adj)")
                       .resources({.oom_score_adjust = 123})
                       .status()),
              ExitStatus::exited(123));
    Namespaces inside;
    inside.create = Namespace::pid;
    EXPECT_EQ(must(shell("exit $$").namespaces(inside).status()), ExitStatus::exited(1));
    EXPECT_EQ(must(shell("exit 5").parent_death_signal(SIGKILL).status()), ExitStatus::exited(5));
    EXPECT_EQ(must(shell("exit 6").kill_with_parent().status()), ExitStatus::exited(6));
    expect_no_child_left();
  });
}

// A child that reaps itself has a status only if the kernel keeps it; kernels with such children
// do.
TEST(CommandStatus, IsThereWhateverWouldBecomeOfADroppedChild) {
  for (const DropPolicy policy :
       {DropPolicy::kill, DropPolicy::terminate, DropPolicy::wait, DropPolicy::detach})
    EXPECT_EQ(must(shell("exit 3").on_drop(policy).status()), ExitStatus::exited(3));
}

TEST(CommandStatus, ThatIsUnknownIsAnError) {
  for (const bool kernel_knows : {false, true}) {
    if (kernel_knows && !kernel_has("PIDFD_INFO_EXIT")) continue;
    run_apart([kernel_knows] {
      if (!kernel_knows) refuse_calls({{SYS_ioctl, ESRCH}});
      ::signal(SIGCHLD, SIG_IGN);
      Command command = shell("exit 5");
      const auto status = command.status();
      if (kernel_knows) {
        EXPECT_EQ(must(status), ExitStatus::exited(5));
      } else {
        ASSERT_FALSE(status) << "made up";
        EXPECT_EQ(status.error().step, SpawnStep::wait);
        EXPECT_EQ(status.error().describe(), "wait for the end of \"/bin/sh\": No child processes");
      }
    });
  }
}

// Runs in a thread with a filter, which ends with the thread.
std::optional<SpawnError> error_with(const auto& filter, Command& command) {
  std::optional<SpawnError> error;
  std::thread([&] {
    filter();
    const auto status = command.status();
    if (!status) error = status.error();
  }).join();
  return error;
}

struct Fault {
  RefusedCall call;
  SpawnStep step;
};

// Returns the faults of a child that runs concurrently with its parent.
std::vector<Fault> faults_of_the_usual_child() {
  return {{{SYS_close_range, EMFILE}, SpawnStep::table},
          {{SYS_rt_sigaction, EINVAL, Match{0, SIGPIPE}}, SpawnStep::signals},
          {{SYS_dup3, EBADF}, SpawnStep::descriptor},
          {{SYS_openat, EACCES, Match{2, O_RDONLY}}, SpawnStep::standard_stream},
          {{SYS_setsid, EPERM}, SpawnStep::session},
          {{SYS_chdir, ENOENT}, SpawnStep::working_directory},
          {{SYS_execve, EACCES}, SpawnStep::exec}};
}

Command usual_child(const OwnedFd& file) {
  return Command("/bin/true")
      .stdin_from(Stdio::null())
      .pass(file, 20)
      .session({.new_session = true})
      .working_directory("/");
}

TEST(CommandStatus, NamesTheStepThatFailed) {
  for (const auto& [call, step] : faults_of_the_usual_child())
    run_apart([&call, step] {
      SCOPED_TRACE("call " + std::to_string(call.number));
      const OwnedFd file = some_file();
      Command command = usual_child(file);
      EXPECT_TRUE(must(command.status()).success());
      const auto before = open_descriptors();
      const auto error = error_with([&] { refuse_calls({call}); }, command);
      ASSERT_TRUE(error) << "it has run";
      EXPECT_EQ(error->step, step) << error->describe();
      EXPECT_EQ(error->code.value(), call.error) << error->describe();
      EXPECT_EQ(open_descriptors(), before);
      expect_no_child_left();
      EXPECT_TRUE(must(command.status()).success());
    });
}

TEST(CommandStatus, OfAChildThatIsKilledOnItsWayIsAnError) {
  SYSFD_REQUIRE_KILL_OF_ONE();
  for (const auto& fault : faults_of_the_usual_child()) {
    if (fault.step == SpawnStep::exec) continue;  // the program's own failure
    run_apart([&fault] {
      SCOPED_TRACE("call " + std::to_string(fault.call.number));
      const OwnedFd file = some_file();
      Command command = usual_child(file);
      const auto before = open_descriptors();
      const auto error = error_with([&] { kill_on_call(fault.call); }, command);
      ASSERT_TRUE(error) << "it has run";
      EXPECT_EQ(error->step, SpawnStep::start) << error->describe();
      EXPECT_EQ(error->code, std::errc::operation_canceled) << error->describe();
      EXPECT_EQ(open_descriptors(), before);
      expect_no_child_left();
      EXPECT_TRUE(must(command.status()).success());
    });
  }
}

TEST(CommandStatus, IsThereWithoutClone3) {
  run_apart([] {
    refuse_calls({{SYS_clone3, ENOSYS}});
    EXPECT_EQ(must(shell("exit 4").status()), ExitStatus::exited(4));
  });
}

// As in a sandbox that only knows threads and vfork(2).
TEST(CommandStatus, IsKnownIfAChildMayNotRunConcurrently) {
  run_apart([] {
    constexpr Match concurrently{0, 0, CLONE_VFORK};
    refuse_calls({{SYS_clone3, ENOSYS}, {SYS_clone, EPERM, concurrently}});
    EXPECT_EQ(must(shell("exit 4").status()), ExitStatus::exited(4));
    refuse_calls({{SYS_clone, EPERM}});
    const SpawnError error = error_of(Command("true"));
    EXPECT_EQ(error.step, SpawnStep::clone);
    EXPECT_EQ(error.code, std::errc::operation_not_permitted);
  });
}

TEST(CommandStatus, LeavesNoChildRunningThatCannotBeWaitedFor) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    const Rope rope;
    Command command("/bin/cat");
    command.stdin_from(rope.end());
    refuse_calls({{SYS_waitid, EPERM}});
    const SpawnError error = error_of(command);
    EXPECT_EQ(error.step, SpawnStep::wait);
    EXPECT_EQ(error.code, std::errc::operation_not_permitted);
    expect_no_child_left();
  });
}

// It does not use this memory any more either, and cannot write its next step into it.
TEST(CommandStatus, WaitsForTheEndAlsoWhereItCanNeitherReapNorKill) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    Rope rope;
    const Pipe ready = must(sysfd::pipe());
    Command command = shell("echo; read line");
    command.stdin_from(rope.end()).stdout_to(ready.write);
    std::atomic<bool> was_let_go = false;
    const std::jthread other([&] {
      char line = 0;
      EXPECT_EQ(::read(ready.read.get(), &line, 1), 1);
      was_let_go = true;
      rope.let_go();
    });
    constexpr Match killing{1, SIGKILL};
    refuse_calls(
        {{SYS_waitid, EPERM}, {SYS_wait4, EPERM}, {SYS_pidfd_send_signal, EPERM, killing}});
    EXPECT_EQ(error_of(command).step, SpawnStep::wait);
    EXPECT_TRUE(was_let_go) << "it returned before";
  });
}

std::atomic<int> number_of_pidfd = -1;
std::atomic<Rope*> rope_of_child = nullptr;

// Some programs close numbers that they do not own.
void take_number_of_pidfd(int) {
  ::dup2(STDERR_FILENO, number_of_pidfd);
  rope_of_child.load()->let_go();
}

TEST(CommandStatus, WaitsForTheEndAlsoIfThePidfdIsClosed) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_EVERY_SIGNAL();
  run_apart([] {
    Rope rope;
    rope_of_child = &rope;
    number_of_pidfd = some_file().get();  // the next file that is opened
    ASSERT_NE(::signal(SIGUSR1, &take_number_of_pidfd), SIG_ERR);
    Command command = shell("kill -USR1 $PPID; read line");
    command.stdin_from(rope.end());
    const SpawnError error = error_of(command);
    EXPECT_EQ(error.step, SpawnStep::wait);
    EXPECT_EQ(error.code, std::errc::bad_file_descriptor);
    expect_no_child_left();
  });
}

TEST(CommandStatus, IsKnownOnceNoProcessHasTheProgramOpenForWriting) {
  const ScratchDirectory directory;
  const std::string program = directory.path() / "true";
  std::filesystem::copy_file("/bin/true", program);
  auto writer = sysfd::open(cwd(), program, O_WRONLY);
  ASSERT_TRUE(writer);
  const SpawnError error = error_of(Command(program).retry_busy(2));
  EXPECT_EQ(error.step, SpawnStep::exec);
  EXPECT_EQ(error.code, std::errc::text_file_busy);
  (void)std::move(*writer).close();
  EXPECT_TRUE(must(Command(program).retry_busy(2).status()).success());
}

std::atomic<int> handled = 0;

// spawn() blocks them until the program executes; this thread must be able to handle them
// meanwhile.
TEST(CommandStatus, LetsSignalsBeHandledMeanwhile) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_EVERY_SIGNAL();
  run_apart([] {
    struct sigaction action = {};  // without SA_RESTART
    action.sa_handler = [](int) { ++handled; };
    ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
    StoppedCalls stopped(SYS_execve);
    const pthread_t waiting = ::pthread_self();
    std::jthread other([&stopped, waiting] {
      stopped.await();  // the child uses this memory
      for (int i = 1; i <= 3; ++i) {
        ::pthread_kill(waiting, SIGUSR1);
        while (handled < i)
          ::sched_yield();
      }
      stopped.let_go();
    });
    EXPECT_EQ(must(Command("/bin/true").status()), ExitStatus::exited(0));
    EXPECT_EQ(handled, 3);
  });
}

}  // namespace
}  // namespace sysfd_test
