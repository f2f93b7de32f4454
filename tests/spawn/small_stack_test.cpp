// SPDX-License-Identifier: MIT
//
// Runs every public function of this module on a thread with a stack of 16 KiB.
#include <sysfd/command.hpp>

#include <signal.h>

#include <chrono>
#include <string>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "spawn/in_child/every_step.hpp"
#include "spawn/pending.hpp"
#include "spawn/talk.hpp"
#include "support/small_stack.hpp"

namespace sysfd_test {
namespace {

Child endless() {
  return must(Command("cat")
                  .stdin_from(Stdio::pipe())
                  .stdout_to(Stdio::null())
                  .session({.process_group = 0})
                  .spawn());
}

TEST(SpawnSmallStack, SufficesToStartAProgram) {
  const OwnedFd file = some_file();
  run_on_small_stack([&] {
    Command command("true");
    command
        .argument0("true")  // busybox needs it
        .arg("one")
        .args({"two", "three"})
        .env("NAME", "value")
        .remove_env("OTHER")
        .working_directory("/")
        .stdin_from(Stdio::null())
        .stdout_to(file)
        .stderr_to(Stdio::like_stdout())
        .pass(file, 9)
        .pass(must(file.duplicate()), 10)
        .listen_fds("name", file)
        .signals({.blocked = {SIGUSR1}})
        .on_drop(DropPolicy::kill)
        .parent_death_signal(SIGTERM)
        .retry_busy(1);
    EXPECT_TRUE(must(command.spawn()).wait()->success());
    EXPECT_TRUE(must(Command("true").status()).success());
    EXPECT_TRUE(must(Command("true").clear_env().inherit_descriptors().status()).success());
    const auto failed = Command("/no/such").spawn();
    EXPECT_EQ(failed.error().describe(), "exec of \"/no/such\": No such file or directory");
  });
}

TEST(SpawnSmallStack, SufficesForEveryStep) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const EveryStep all;
    run_on_small_stack([&] {
      for (Command (EveryStep::*make)() const :
           {&EveryStep::attributes, &EveryStep::user_namespace, &EveryStep::job,
            &EveryStep::joined_pid_namespace, &EveryStep::new_terminal, &EveryStep::cgroup,
            &EveryStep::tree}) {
        Command command = (all.*make)();
        const auto child = command.spawn();
        if (!child) {
          EXPECT_FALSE(child.error().describe().empty());
        }
      }
    });
  });
}

TEST(SpawnSmallStack, SufficesForAChild) {
  SYSFD_REQUIRE_ISOLATION();
  run_on_small_stack([] {
    Child child = endless();
    EXPECT_EQ(*child.pidfd().pid(), child.pid());
    const auto input = std::exchange(child.stdin_pipe(), std::nullopt);
    EXPECT_FALSE(child.try_wait());
    EXPECT_FALSE(child.wait_for(1ms));
    EXPECT_FALSE(child.wait_until({}));
    EXPECT_TRUE(child.send_signal_to_group(0));
    EXPECT_FALSE(child.kill_cgroup());
    child = endless();
    EXPECT_TRUE(child.wait());
    EXPECT_TRUE(endless().terminate(1h));
    EXPECT_TRUE(endless().terminate(0ns));
    auto detached = endless().detach();
    EXPECT_TRUE(detached.wait());
    auto with_terminal = must(Command("true").terminal().spawn());
    EXPECT_TRUE(set_window_size(*with_terminal.terminal(), {}));
    EXPECT_TRUE(with_terminal.wait());
  });
}

// Both sides send more than a pipe can hold.
// Each has a frame of its own, as what a caller needs is not what is tested.

void run_to_the_end(const std::string& input) {
  const auto run = must(shell("exec tee /dev/fd/2").output({.input = bytes(input)}));
  EXPECT_TRUE(run.out == input && run.err == input);
  EXPECT_EQ(run.describe(), "exited with code 0");
}

void run_out_of_time() {
  EXPECT_TRUE(must(shell("exec cat").stdin_from(Stdio::pipe()).output({.timeout = 0ns})).timed_out);
}

void talk_to_child(const std::string& input) {
  Child child = must(Command("cat").stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
  EXPECT_TRUE(must(child.communicate({.input = bytes(input), .timeout = 0ns})).timed_out);
  EXPECT_TRUE(must(child.communicate()).success());
}

void run_pipeline(const std::string& input) {
  auto line = Command("cat") | Command("cat") | Command("cat");
  EXPECT_TRUE(must(line.output({.input = bytes(input)})).out == input);
  EXPECT_TRUE(must(line.output({.input = bytes(input), .timeout = 0ns})).timed_out);
  EXPECT_EQ(must(line.spawn()).size(), 3U);
}

void fail_to_start_a_pipeline() {
  EXPECT_FALSE((Command("cat") | Command("/no/such")).spawn());
}

TEST(SpawnSmallStack, SufficesForAConversation) {
  SYSFD_REQUIRE_ISOLATION();
  const std::string input = pattern(1 << 20);
  run_on_small_stack([&] {
    run_to_the_end(input);
    run_out_of_time();
    talk_to_child(input);
    run_pipeline(input);
    fail_to_start_a_pipeline();
  });
}

TEST(SpawnSmallStack, SufficesForAPipelineThatIsOneTree) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_on_small_stack([] {
    auto line = (Command("cat").stdin_from(Stdio::null()) | Command("cat")).contain();
    EXPECT_TRUE(must(line.output()).success());
  });
  run_on_small_stack([] {
    auto children =
        must((Command("cat").stdin_from(Stdio::pipe()) | Command("cat")).contain().spawn());
    EXPECT_FALSE(children.front().try_wait());
    EXPECT_TRUE(children.back().terminate(1ms));
  });
  run_on_small_stack(
      [] { EXPECT_FALSE((Command("cat") | Command("/no/such")).contain().spawn()); });
}

TEST(SpawnSmallStack, SufficesForPreparedCommands) {
  SYSFD_REQUIRE_ISOLATION();
  run_on_small_stack([] {
    const auto prepared = must(Command("true").prepare());
    const CStr arguments[] = {"one"};
    const SpawnChanges changes[] = {{.arguments = arguments}, {}};
    EXPECT_TRUE(must(prepared.spawn(changes[0])).wait());
    EXPECT_TRUE(must(prepared.status(changes[0])).success());
    EXPECT_TRUE(must(prepared.output({}, changes[0])).success());
  });
}

TEST(SpawnSmallStack, SufficesForPreparedCommandsThatNobodyWaitsFor) {
  SYSFD_REQUIRE_ISOLATION();
  run_on_small_stack([] {
    const auto prepared = must(Command("true").prepare());
    for (const auto confirmation : confirmations) {
      EXPECT_TRUE(must(must(prepared.spawn_async({}, confirmation)).finish()).wait());
      auto pending = must(Command("/no/such").spawn_async(confirmation));
      EXPECT_GT(pending.pid(), 1);
      (void)pending.try_finish();
    }
    EXPECT_TRUE(must(prepared.spawn_async()).finish_for(1h));
    must(prepared.spawn_async()).cancel();
  });
}

TEST(SpawnSmallStack, SufficesForManyAtOnce) {
  SYSFD_REQUIRE_ISOLATION();
  run_on_small_stack([] {
    const auto prepared = must(Command("true").prepare());
    const CStr arguments[] = {"one"};
    const SpawnChanges changes[] = {{.arguments = arguments}, {}};
    for (auto& child : spawn_all(prepared, changes))
      EXPECT_TRUE(must(std::move(child)).wait());
    Command commands[] = {Command("true"), Command("/no/such")};
    EXPECT_EQ(spawn_all(commands).size(), 2U);
  });
}

TEST(SpawnSmallStack, SufficesForSlots) {
  run_apart([] {
    run_on_small_stack([] {
      EXPECT_TRUE(reserve_spawn_slots(2));
      EXPECT_TRUE(Command("true").status());
    });
  });
}

TEST(SpawnSmallStack, SufficesToBecomeAnotherProgram) {
  run_apart([] {
    run_on_small_stack(
        [] { EXPECT_EQ(Command("/no/such").exec().code, std::errc::no_such_file_or_directory); });
  });
}

}  // namespace
}  // namespace sysfd_test
