// SPDX-License-Identifier: MIT
//
// Tests how a child ended that this process cannot, or can no longer, wait for: the true status, or
// ECHILD.
#include <sysfd/command.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include <sysfd/child.hpp>
#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "spawn/talk.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

using Status = Result<ExitStatus>;

// Every way to ask how a child ended.
struct Question {
  const char* name;
  Status (*ask)(Child&);
  bool only_waits = true;  // until the child has ended by itself
};
const Question questions[] = {
    {"wait", [](Child& child) { return child.wait(); }},
    {"try_wait", [](Child& child) -> Status { return child.try_wait(); }, false},
    {"wait_for", [](Child& child) -> Status { return child.wait_for(24h); }},
    {"wait_for, no time", [](Child& child) -> Status { return child.wait_for(0ns); }, false},
    {"wait_until",
     [](Child& child) -> Status {
       return child.wait_until(std::chrono::steady_clock::time_point::max());
     }},
    {"terminate", [](Child& child) { return child.terminate(24h); }, false},
    {"communicate", [](Child& child) { return child.communicate()->status; }},
    {"communicate in time",
     [](Child& child) { return child.communicate({.timeout = 24h})->status; }},
};

// Why a child has ended and this process cannot wait for it.
enum class Loss { reaped_by_other_code, reaped_by_itself };

void wait_until_reaped(const Child& child, Loss loss) {
  if (loss == Loss::reaped_by_other_code)
    EXPECT_EQ(::waitpid(-1, nullptr, 0), child.pid());
  else
    EXPECT_EQ(::waitpid(-1, nullptr, 0), -1) << "it waits until there are no children";
  wait_until_gone(child.pidfd());
}

// The kernels that cannot tell: those without PIDFD_GET_INFO (ENOTTY, EINVAL), and those that do
// not keep the status of reaped processes (ESRCH).
enum class Kernel { knows, has_no_ioctl, has_another_ioctl, has_forgotten };

void become(Kernel kernel) {
  switch (kernel) {
    case Kernel::knows: break;
    case Kernel::has_no_ioctl: return refuse_calls({{SYS_ioctl, ENOTTY}});
    case Kernel::has_another_ioctl: return refuse_calls({{SYS_ioctl, EINVAL}});
    case Kernel::has_forgotten: return refuse_calls({{SYS_ioctl, ESRCH}});
  }
}

void expect(const Status& status, Kernel kernel, ExitStatus truth) {
  if (kernel == Kernel::knows) {
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_EQ(*status, truth);
  } else {
    ASSERT_FALSE(status) << "made up";
    EXPECT_EQ(status.error(), std::errc::no_child_process);
  }
}

struct Case {
  Loss loss;
  Kernel kernel;
};

std::string name_of(const testing::TestParamInfo<Case>& info) {
  const char* const kernels[] = {"KernelKnows", "NoIoctl", "AnotherIoctl", "KernelForgets"};
  const bool by_stranger = info.param.loss == Loss::reaped_by_other_code;
  return std::string(by_stranger ? "ReapedBySomebody" : "ReapedByItself") +
         kernels[static_cast<int>(info.param.kernel)];
}

class LostChild : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    if (kernel() == Kernel::knows) SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  }
  static Loss loss() { return GetParam().loss; }
  static Kernel kernel() { return GetParam().kernel; }

  // Sets up everything that is started from here on.
  static void prepare() {
    become(kernel());
    if (loss() == Loss::reaped_by_itself) ::signal(SIGCHLD, SIG_IGN);
  }
};

TEST_P(LostChild, HasItsOwnStatusOrNone) {
  for (const auto& [name, ask, only_waits] : questions)
    run_apart([name, ask] {
      SCOPED_TRACE(name);
      prepare();
      Child child = must(shell("exit 5").spawn());
      wait_until_reaped(child, loss());
      for (int round = 0; round < 2; ++round)
        expect(ask(child), kernel(), ExitStatus::exited(5));
      EXPECT_EQ(error_of(child.pidfd().send_signal(0)), std::errc::no_such_process);
    });
}

TEST_P(LostChild, ThatWasKilledHasItsOwnStatusOrNone) {
  for (const auto& [name, ask, only_waits] : questions)
    run_apart([name, ask] {
      SCOPED_TRACE(name);
      prepare();
      Child child = must(shell("kill -KILL $$").spawn());
      wait_until_reaped(child, loss());
      expect(ask(child), kernel(), ExitStatus::killed(SIGKILL));
    });
}

TEST_P(LostChild, HasStillWritten) {
  run_apart([] {
    prepare();
    Child child = must(shell("printf out; printf err >&2; exit 5")
                           .stdout_to(Stdio::pipe())
                           .stderr_to(Stdio::pipe())
                           .spawn());
    wait_until_reaped(child, loss());
    const Output output = must(child.communicate());
    expect(output.status, kernel(), ExitStatus::exited(5));
    EXPECT_EQ(output.out, "out");
    EXPECT_EQ(output.err, "err");
    EXPECT_FALSE(output.success());
    EXPECT_FALSE(output.timed_out);
    EXPECT_EQ(output.describe(), kernel() == Kernel::knows
                                     ? "exited with code 5"
                                     : "ended, its status unknown (No child processes)");
  });
}

TEST_P(LostChild, IsNoSuccessOutOfIgnorance) {
  run_apart([] {
    prepare();
    Child child = must(Command("true").spawn());
    wait_until_reaped(child, loss());
    EXPECT_EQ(child.communicate()->success(), kernel() == Kernel::knows);
  });
}

TEST_P(LostChild, IsDroppedWithoutWaitingForEver) {
  for (const DropPolicy policy :
       {DropPolicy::kill, DropPolicy::terminate, DropPolicy::wait, DropPolicy::detach})
    run_apart([policy] {
      prepare();
      const Child child = must(Command("true").on_drop(policy, 24h).spawn());
      wait_until_reaped(child, child.report().reaps_itself ? Loss::reaped_by_itself : loss());
    });
}

INSTANTIATE_TEST_SUITE_P(, LostChild,
                         testing::Values(Case{Loss::reaped_by_other_code, Kernel::knows},
                                         Case{Loss::reaped_by_other_code, Kernel::has_no_ioctl},
                                         Case{Loss::reaped_by_other_code,
                                              Kernel::has_another_ioctl},
                                         Case{Loss::reaped_by_other_code, Kernel::has_forgotten},
                                         Case{Loss::reaped_by_itself, Kernel::knows},
                                         Case{Loss::reaped_by_itself, Kernel::has_no_ioctl}),
                         name_of);

// Children that still exist when they are asked about, and will reap themselves.
class SelfReapingChild : public LostChild {};

TEST_P(SelfReapingChild, HasNoStatusWhileItRuns) {
  run_apart([] {
    prepare();
    Child child = must(Command("cat").stdin_from(Stdio::pipe()).spawn());
    auto input = std::exchange(child.stdin_pipe(), std::nullopt);  // a wait would close it
    EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again);
    EXPECT_EQ(error_of(child.wait_for(1ms)), std::errc::timed_out);
    input.reset();
    expect(child.wait(), kernel(), ExitStatus::exited(0));
  });
}

TEST_P(SelfReapingChild, IsWaitedForToItsEnd) {
  for (const auto& [name, ask, only_waits] : questions)
    if (only_waits)
      run_apart([name, ask] {
        SCOPED_TRACE(name);
        prepare();
        Child child = must(shell("exit 5").spawn());
        expect(ask(child), kernel(), ExitStatus::exited(5));
      });
}

TEST_P(SelfReapingChild, IsTerminatedAndDropped) {
  run_apart([] {
    prepare();
    Child child = must(Command("cat").stdin_from(Stdio::pipe()).spawn());
    expect(child.terminate(24h), kernel(), ExitStatus::killed(SIGTERM));
    for (const DropPolicy policy : {DropPolicy::kill, DropPolicy::terminate, DropPolicy::wait}) {
      SCOPED_TRACE(static_cast<int>(policy));
      Witness witness;
      Command command = Command("cat").stdin_from(Stdio::pipe()).on_drop(policy, 24h);
      witness.go_with(command, 4);
      {
        const Child dropped = must(command.spawn());
      }
      EXPECT_TRUE(witness.is_alone());
    }
  });
}

TEST_P(SelfReapingChild, IsRunToItsEnd) {
  run_apart([] {
    prepare();
    const Output run = *shell("cat; exit 5").output({.input = bytes("word")});
    EXPECT_EQ(run.out, "word");
    expect(run.status, kernel(), ExitStatus::exited(5));

    Rope rope;
    const Output late = *shell("exec cat <&3").pass(rope.end(), 3).output({.timeout = 5ms});
    EXPECT_TRUE(late.timed_out);
    expect(late.status, kernel(), ExitStatus::killed(SIGKILL));
    EXPECT_EQ(late.describe(), kernel() == Kernel::knows
                                   ? "killed by signal 9 (Killed), timed out"
                                   : "ended, its status unknown (No child processes), timed out");
  });
}

TEST_P(SelfReapingChild, MayBeAStageOfAPipeline) {
  run_apart([] {
    prepare();
    for (const auto& timeout : {Timeout::forever(), Timeout(24h)}) {
      const auto run =
          (shell("printf out; exit 3") | shell("cat; exit 4")).output({.timeout = timeout});
      ASSERT_TRUE(run);
      EXPECT_EQ(run->out, "out");
      EXPECT_FALSE(run->timed_out);
      ASSERT_EQ(run->statuses.size(), 2U);
      expect(run->statuses[0], kernel(), ExitStatus::exited(3));
      expect(run->statuses[1], kernel(), ExitStatus::exited(4));
    }
    const auto success = (Command("true") | Command("true")).output();
    EXPECT_EQ(success->success(), kernel() == Kernel::knows);
    const auto failed = (Command("cat") | Command("/no/such")).spawn();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().stage, 1);
  });
}

INSTANTIATE_TEST_SUITE_P(, SelfReapingChild,
                         testing::Values(Case{Loss::reaped_by_itself, Kernel::knows},
                                         Case{Loss::reaped_by_itself, Kernel::has_no_ioctl}),
                         name_of);

}  // namespace
}  // namespace sysfd_test
