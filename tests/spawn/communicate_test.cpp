// SPDX-License-Identifier: MIT
//
// Exchanges data with a running child, through whichever pipes there are, in one call or in
// several.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <sysfd/child.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/talk.hpp"

namespace sysfd_test {
namespace {

using std::chrono::nanoseconds;

// Starts the command with pipes for all three streams.
Child piped(Command command) {
  return must(
      command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).stderr_to(Stdio::pipe()).spawn());
}

Output talk_to(Child& child, const OutputOptions& options = {}) {
  return must(child.communicate(options));
}

TEST(Communicate, UsesTheStreamsThatArePipes) {
  for (unsigned pipes = 0; pipes < 8; ++pipes) {
    SCOPED_TRACE(pipes);
    const auto stream = [&](int number) {
      return pipes & (1U << number) ? Stdio::pipe() : Stdio::null();
    };
    Child child = must(shell("cat; printf err >&2")
                           .stdin_from(stream(0))
                           .stdout_to(stream(1))
                           .stderr_to(stream(2))
                           .spawn());
    const std::string input = "input";
    const Output output = talk_to(child, {.input = bytes(input)});
    const bool has_in = pipes & 1, has_out = pipes & 2, has_err = pipes & 4;
    EXPECT_TRUE(output.success()) << output.describe();
    EXPECT_EQ(output.out, has_in && has_out ? input : "");
    EXPECT_EQ(output.err, has_err ? "err" : "");
    EXPECT_EQ(output.input_taken, has_in ? input.size() : 0);
    EXPECT_FALSE(child.stdin_pipe() || child.stdout_pipe() || child.stderr_pipe())
        << "each is closed when it ends";
  }
}

TEST(Communicate, FeedsAChildWithoutReadingItsOutput) {
  const std::string input = pattern(1 << 20);
  Child child = must(Command("cat").stdin_from(Stdio::pipe()).stdout_to(Stdio::null()).spawn());
  const Output output = talk_to(child, {.input = bytes(input)});
  EXPECT_TRUE(output.success());
  EXPECT_EQ(output.input_taken, input.size());
}

TEST(CommunicateInTurns, HasNoStatusBeforeTheEnd) {
  Rope rope;
  Child child = piped(Command(shell("exec cat <&3").pass(rope.end(), 3)));
  for (const nanoseconds timeout : {nanoseconds(1ms), 0ns, nanoseconds::min()}) {
    const Output output = talk_to(child, {.timeout = timeout});
    EXPECT_TRUE(output.timed_out);
    EXPECT_FALSE(output.success());
    ASSERT_FALSE(output.status);
    EXPECT_EQ(output.status.error(), std::errc::timed_out);
    EXPECT_EQ(output.describe(), "has not ended in time");
  }
  EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again) << "it goes on";
  rope.let_go();
  const Output output = talk_to(child);
  EXPECT_TRUE(output.success()) << output.describe();
}

TEST(CommunicateInTurns, LosesNothing) {
  const std::string input = pattern(2 << 20);
  for (const nanoseconds timeout : {nanoseconds(1ms), 0ns}) {
    SCOPED_TRACE(timeout.count());
    Child child = piped(shell("exec tee /dev/fd/2"));
    std::string out, err;
    std::size_t taken = 0;
    bool has_ended = false;
    for (int turn = 0; !has_ended && turn < 10'000'000; ++turn) {
      const Output output =
          talk_to(child, {.input = bytes(input).subspan(taken), .timeout = timeout});
      out += output.out;
      err += output.err;
      taken += output.input_taken;
      has_ended = !output.timed_out;
      EXPECT_EQ(has_ended, output.success());
    }
    EXPECT_TRUE(has_ended);
    EXPECT_EQ(taken, input.size());
    EXPECT_TRUE(out == input) << out.size() << " bytes";
    EXPECT_TRUE(err == input) << err.size() << " bytes";
  }
}

TEST(CommunicateInTurns, HasAnEndThoughThereIsAlwaysMore) {
  Child child = piped(Command("cat"));
  child.stdout_pipe() = *sysfd::open(cwd(), "/dev/zero", O_RDONLY);
  for (const nanoseconds timeout : {nanoseconds(5ms), 0ns}) {
    const Output output =
        talk_to(child, {.max_size = 10, .timeout = timeout, .until = OutputEnd::pipes_close});
    EXPECT_TRUE(output.timed_out);
    EXPECT_EQ(output.out, std::string(10, '\0')) << "at least one attempt";
  }
}

constexpr int large = 1 << 20;  // the value of /proc/sys/fs/pipe-max-size

void enlarge(const OwnedFd& pipe) {
  ASSERT_EQ(::fcntl(pipe.get(), F_SETPIPE_SZ, large), large);
}

void wait_until_it_has(const OwnedFd& pipe, int size) {
  for (int there = 0; there < size; ::sched_yield())
    ASSERT_EQ(::ioctl(pipe.get(), FIONREAD, &there), 0);
}

TEST(CommunicateInTurns, TakesAllThatIsThereInNoTime) {
  constexpr int size = 500'000;
  const std::string script = "head -c 500000 /dev/zero; head -c 500000 /dev/zero >&2";
  for (const bool has_ended : {false, true}) {
    SCOPED_TRACE(has_ended);
    Rope rope;
    Rope start;
    Child child = piped(shell("read line <&4; " + script + (has_ended ? "" : "; cat <&3"))
                            .pass(rope.end(), 3)
                            .pass(start.end(), 4));
    enlarge(*child.stdout_pipe());
    enlarge(*child.stderr_pipe());
    start.let_go();
    wait_until_it_has(*child.stdout_pipe(), size);
    wait_until_it_has(*child.stderr_pipe(), size);
    if (has_ended) {
      EXPECT_TRUE(child.wait()->success());
    }
    const Output output = talk_to(child, {.timeout = 0ns});
    EXPECT_EQ(output.out, std::string(size, '\0'));
    EXPECT_EQ(output.err, std::string(size, '\0'));
    EXPECT_EQ(output.timed_out, !has_ended);
    EXPECT_EQ(child.stdout_pipe().has_value(), !has_ended) << "the end arrives too";
    rope.let_go();
    EXPECT_TRUE(talk_to(child).success());
  }
}

// Another process has the other end open, and reads nothing.
TEST(Communicate, ClosesTheInputWhereTheChildHasEnded) {
  SYSFD_REQUIRE_ISOLATION();
  Rope rope;
  Witness witness;
  Command command = shell("exec 4<&0; read line <&3 & exit 0");
  witness.go_with(command, 5);
  Child child = piped(std::move(command.pass(rope.end(), 3)));
  const std::string input = pattern(1 << 20);
  const Output output = talk_to(child, {.input = bytes(input)});
  EXPECT_TRUE(output.success()) << output.describe();
  EXPECT_LT(output.input_taken, input.size());
  EXPECT_FALSE(witness.is_alone());
  EXPECT_FALSE(child.stdin_pipe());
  rope.let_go();
  EXPECT_TRUE(witness.becomes_alone());
}

TEST(CommunicateInTurns, GivesAllThatThereIsRoomForInNoTime) {
  const std::string input = pattern(500'000);
  Rope rope;
  Child child = piped(shell("read line <&3; cat").pass(rope.end(), 3));
  enlarge(*child.stdin_pipe());
  EXPECT_EQ(talk_to(child, {.input = bytes(input), .timeout = 0ns}).input_taken, input.size());
  rope.let_go();
  EXPECT_TRUE(talk_to(child).out == input);
}

TEST(CommunicateInTurns, CountsTheSizeOfEachTurn) {
  Rope rope;
  Child child = piped(shell("printf 0123; cat <&3; printf 456789").pass(rope.end(), 3));
  Output first{.status = ExitStatus::exited(0)};
  for (int turn = 0; first.out.empty() && turn < 10'000; ++turn)
    first = talk_to(child, {.max_size = 3, .timeout = 10ms});
  EXPECT_EQ(first.out, "012");
  EXPECT_TRUE(first.out_cut);
  rope.let_go();
  const Output second = talk_to(child, {.max_size = 6});
  EXPECT_EQ(second.out, "456789");
  EXPECT_FALSE(second.out_cut);
}

TEST(Communicate, LeavesPipesAloneThatWereTakenAway) {
  const auto by_value = [](std::optional<OwnedFd>& pipe) { return *std::move(pipe); };
  const auto by_exchange = [](std::optional<OwnedFd>& pipe) {
    return *std::exchange(pipe, std::nullopt);
  };
  using Take = OwnedFd (*)(std::optional<OwnedFd>&);
  for (const Take take : {Take(by_value), Take(by_exchange)}) {
    Child child = piped(shell("printf out; printf err >&2; exec cat"));
    OwnedFd in = take(child.stdin_pipe());
    const OwnedFd out = take(child.stdout_pipe());
    ASSERT_TRUE(std::move(in).close());
    const std::string input = "not wanted";
    const Output output = talk_to(child, {.input = bytes(input)});
    EXPECT_TRUE(output.success());
    EXPECT_EQ(output.out, "");
    EXPECT_EQ(output.err, "err");
    EXPECT_EQ(output.input_taken, 0U);
    char buffer[8];
    EXPECT_EQ(::read(out.get(), buffer, sizeof buffer), 3) << "still there, and in blocking mode";
  }
}

TEST(Communicate, GivesTheStatusOfAChildThatWasWaitedFor) {
  Child child = piped(shell("printf out; exit 3"));
  EXPECT_EQ(*child.wait(), ExitStatus::exited(3));
  const Output output = talk_to(child);
  EXPECT_EQ(output.status, ExitStatus::exited(3));
  EXPECT_EQ(output.out, "out") << "what is in the pipe is in the pipe";
  const Output again = talk_to(child);
  EXPECT_EQ(again.status, ExitStatus::exited(3));
  EXPECT_EQ(again.out, "");
}

TEST(Communicate, WaitsForAChildThatHasClosedItsStreams) {
  Rope rope;
  Child child = piped(shell("exec >&- 2>&-; read line <&3; exit 4").pass(rope.end(), 3));
  Output output{.status = ExitStatus::exited(0)};
  for (int turn = 0; child.stdout_pipe() && turn < 10'000; ++turn)
    output = talk_to(child, {.timeout = 10ms});
  EXPECT_TRUE(output.timed_out) << "there is nothing to read, but it has not ended";
  EXPECT_EQ(error_of(child.try_wait()), std::errc::resource_unavailable_try_again);
  rope.let_go();
  EXPECT_EQ(talk_to(child).status, ExitStatus::exited(4));
}

// The other end of a pipe is another open file description: /proc shows its flags.
TEST(Communicate, LeavesTheChildsEndsInBlockingMode) {
  Child child = piped(
      shell("cat >/dev/null; cat /proc/self/fdinfo/0 /proc/self/fdinfo/1 /proc/self/fdinfo/2"));
  const std::string input = pattern(1 << 20);  // so long that some of it is transferred already
  const Output output = talk_to(child, {.input = bytes(input)});
  std::vector<unsigned long> flags;
  for (std::size_t at = 0; (at = output.out.find("flags:", at)) != std::string::npos; ++at)
    flags.push_back(std::stoul(output.out.substr(at + 6), nullptr, 8));
  ASSERT_EQ(flags.size(), 3U) << output.out;
  for (const unsigned long each : flags)
    EXPECT_EQ(each & O_NONBLOCK, 0U);
}

TEST(Communicate, FailsForAPipeThatIsNoneAnyMore) {
  const struct {
    const char* path;
    int flags;
    std::errc error;
  } cases[] = {{"/", O_RDONLY, std::errc::is_a_directory},
               {"/dev/null", O_WRONLY, std::errc::bad_file_descriptor}};
  for (const auto& [path, flags, error] : cases) {
    Child child = piped(shell("while read line; do :; done"));
    child.stdout_pipe() = *sysfd::open(cwd(), path, flags);
    const auto output = child.communicate();
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error(), error);
    EXPECT_TRUE(child.wait()->success()) << "the child is not affected";
  }
  Child child = piped(Command("sleep").arg("1000"));  // does not end before the write
  child.stdin_pipe() = *sysfd::open(cwd(), "/dev/null", O_RDONLY);
  const std::string input = "x";
  const auto output = child.communicate({.input = bytes(input)});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error(), std::errc::bad_file_descriptor);
}

TEST(Communicate, IsTheWayToReadAChildThatGetsSigterm) {
  SYSFD_REQUIRE_ISOLATION();
  Rope rope;
  Child child = piped(shell("printf out; exec cat <&3").pass(rope.end(), 3));
  std::string out;
  for (int turn = 0; out.empty() && turn < 10'000; ++turn)
    out += talk_to(child, {.timeout = 10ms}).out;
  ASSERT_TRUE(child.pidfd().send_signal(SIGTERM));
  const Output output = talk_to(child);
  EXPECT_EQ(out + output.out, "out");
  EXPECT_EQ(output.status, ExitStatus::killed(SIGTERM));
  EXPECT_FALSE(output.timed_out);
}

}  // namespace
}  // namespace sysfd_test
