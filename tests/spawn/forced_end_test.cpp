// SPDX-License-Identifier: MIT
//
// Tests children that cannot be ended: the kill is refused, or a tracer keeps the status. Nobody
// waits for them without a limit: here they end only when the test allows it afterwards.
#include <sysfd/command.hpp>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/child.hpp>
#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/pending.hpp"
#include "spawn/talk.hpp"
#include "support/refuse_calls.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

constexpr RefusedCall::Match killing{1, SIGKILL};

// Fails as for a program that has changed its user.
void refuse_kills() {
  refuse_calls({{SYS_pidfd_send_signal, EPERM, killing}, {SYS_kill, EPERM, killing}});
}

// Another process, which traces those that request it, and waits for none of them.
class Tracer {
 public:
  Tracer() : tracer_(::fork()) {
    if (tracer_ != 0) return;
    (void)std::move(requests_.write).close();
    (void)std::move(answers_.read).close();
    std::FILE* const numbers = ::fdopen(requests_.read.get(), "r");
    int number = 0;
    while (std::fscanf(numbers, "%d", &number) == 1)  // it may have been killed before
      if (::ptrace(PTRACE_SEIZE, number, nullptr, nullptr) == 0 &&
          ::write(answers_.write.get(), "\n", 1) != 1)
        ::_exit(1);
    ::_exit(0);
  }
  ~Tracer() { let_go(); }
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  // Goes in front of a script.
  static constexpr const char* request = "echo $$ >&5; read line <&6; ";
  void add_to(Command& command) const { command.pass(requests_.write, 5).pass(answers_.read, 6); }

  void let_go() {
    if (tracer_ <= 0) return;
    (void)std::move(requests_.write).close();
    int status = 0;
    EXPECT_EQ(::waitpid(tracer_, &status, 0), tracer_);
    EXPECT_EQ(status, 0);
    tracer_ = 0;
  }

 private:
  Pipe requests_ = must(sysfd::pipe());
  Pipe answers_ = must(sysfd::pipe());
  pid_t tracer_;
};

enum class Hindrance { refusal, tracer };

// Children that are started here cannot be ended.
class Situation {
 public:
  explicit Situation(Hindrance hindrance) {
    if (hindrance == Hindrance::tracer)
      tracer_.emplace();
    else
      refuse_kills();
  }
  // Lets them end.
  ~Situation() {
    rope_.let_go();
    if (tracer_) tracer_->let_go();
    while (::waitpid(-1, nullptr, __WALL) > 0) {
    }
    EXPECT_EQ(errno, ECHILD);
  }
  Situation(const Situation&) = delete;
  Situation& operator=(const Situation&) = delete;

  std::errc error() const {
    return tracer_ ? std::errc::timed_out : std::errc::operation_not_permitted;
  }

  // Prints "out" when it cannot be ended any more.
  Command command() const {
    const std::string ignored = "trap '' TERM; ";
    Command command = shell(ignored + (tracer_ ? Tracer::request : "") + "echo out; exec cat <&3");
    if (tracer_) tracer_->add_to(command);
    command.pass(rope_.end(), 3);
    return command;
  }

  static void await(const OwnedFd& out) {
    char text[4];
    EXPECT_EQ(::read(out.get(), text, sizeof text), 4);
  }
  Child start(DropPolicy policy = DropPolicy::kill) const {
    Child child = must(command().stdout_to(Stdio::pipe()).on_drop(policy, 1ms).spawn());
    await(*child.stdout_pipe());
    return child;
  }

 private:
  Rope rope_;
  std::optional<Tracer> tracer_;
};

class HinderedEnd : public testing::TestWithParam<Hindrance> {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }

  static void run(const std::function<void(const Situation&)>& body) {
    run_apart([&body] {
      const auto before = open_descriptors();
      {
        const Situation situation(GetParam());
        body(situation);
      }
      EXPECT_EQ(open_descriptors(), before);
    });
  }
};

TEST_P(HinderedEnd, IsNotWaitedForByOutput) {
  run([](const Situation& situation) {
    EXPECT_TRUE(succeeds_with_some_timeout([&](std::chrono::nanoseconds timeout) {
      const Output run = must(situation.command().output({.timeout = timeout}));
      EXPECT_TRUE(run.timed_out);
      if (run.out != "out\n") return false;
      EXPECT_EQ(error_of(run.status), situation.error());
      EXPECT_FALSE(run.success());
      EXPECT_EQ(run.describe(), situation.error() == std::errc::timed_out
                                    ? "has not ended in time"
                                    : "has not ended in time, could not be killed (Operation not "
                                      "permitted)");
      return true;
    }));
  });
}

TEST_P(HinderedEnd, IsNotWaitedForByCommunicate) {
  run([](const Situation& situation) {
    Child child = situation.start();
    (void)child.pidfd().send_signal(SIGKILL);
    const Output output = must(child.communicate({.timeout = 10ms}));
    EXPECT_EQ(error_of(output.status), std::errc::timed_out);
  });
}

TEST_P(HinderedEnd, IsAnErrorOfTerminate) {
  run([](const Situation& situation) {
    Child child = situation.start();
    EXPECT_EQ(error_of(child.terminate(1ms)), situation.error());
  });
}

TEST_P(HinderedEnd, IsNotWaitedForByADrop) {
  run([](const Situation& situation) {
    for (const DropPolicy policy : {DropPolicy::kill, DropPolicy::terminate})
      const Child child = situation.start(policy);
  });
}

TEST_P(HinderedEnd, IsNotWaitedForByTheOutputOfAPipeline) {
  run([](const Situation& situation) {
    EXPECT_TRUE(succeeds_with_some_timeout([&](std::chrono::nanoseconds timeout) {
      const auto run = must(
          (situation.command() | Command("cat") | Command("cat")).output({.timeout = timeout}));
      EXPECT_TRUE(run.timed_out);
      if (run.out != "out\n") return false;
      EXPECT_EQ(error_of(run.statuses.at(0)), situation.error());
      if (situation.error() == std::errc::timed_out) {
        // The other possibility is that it saw the end of the first one's output before it was
        // killed.
        EXPECT_TRUE(run.statuses.at(1) == ExitStatus::killed(SIGKILL) ||
                    run.statuses.at(1) == ExitStatus::exited(0));
        EXPECT_FALSE(run.kill_error);
      } else {
        EXPECT_EQ(run.kill_error, situation.error());
      }
      return true;
    }));
  });
}

TEST_P(HinderedEnd, IsNotWaitedForByTheDropOfAPipeline) {
  run([](const Situation& situation) {
    for (const DropPolicy policy : {DropPolicy::kill, DropPolicy::terminate}) {
      auto line = situation.command().on_drop(policy, 1ms) |
                  Command("cat").stdout_to(Stdio::pipe()).on_drop(policy, 1ms);
      const auto children = must(line.spawn());
      Situation::await(*const_cast<Child&>(children.back()).stdout_pipe());
    }
  });
}

TEST_P(HinderedEnd, IsNotWaitedForByAPendingChild) {
  run([](const Situation& situation) {
    for (const bool cancels : {false, true}) {
      auto [read, write] = must(sysfd::pipe());
      auto pending = must(situation.command().stdout_to(std::move(write)).spawn_async());
      Situation::await(read);
      if (cancels) pending.cancel();
    }
  });
}

std::string name_of(const testing::TestParamInfo<Hindrance>& info) {
  return info.param == Hindrance::tracer ? "ByATracer" : "ByARefusal";
}

INSTANTIATE_TEST_SUITE_P(, HinderedEnd, testing::Values(Hindrance::refusal, Hindrance::tracer),
                         name_of);

TEST(PipelineFailure, IsNotKeptByAStageThatCannotBeKilled) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    const Situation situation(Hindrance::refusal);
    const auto children = (situation.command() | Command("cat") | Command("/no/such")).spawn();
    ASSERT_FALSE(children);
    EXPECT_EQ(children.error().stage, 2);
  });
}

// The child still uses this memory: what it uses stays valid.
TEST(PendingChildCancel, LeavesAChildThatCannotBeKilledWhatItUses) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    refuse_kills();
    StoppedCalls execve(SYS_execve);
    auto [read, write] = must(sysfd::pipe());
    auto pending = start(shell("echo out").stdout_to(std::move(write)));
    execve.await();
    pending.cancel();
    const std::vector<std::string> over(50, std::string(1000, 'y'));  // reuses freed memory
    execve.let_go();
    Situation::await(read);
    EXPECT_GT(::waitpid(-1, nullptr, 0), 0);
  });
}

}  // namespace
}  // namespace sysfd_test
