// SPDX-License-Identifier: MIT
//
// Runs a program to its end: what it reads, and what it writes.
#include <sysfd/output.hpp>

#include <sys/mman.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/talk.hpp"
#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

Output output_of(Command command, const OutputOptions& options = {}) {
  auto output = command.output(options);
  if (output) return *std::move(output);
  ADD_FAILURE() << output.error().describe();
  return {.status = std::unexpected(output.error().code)};
}

std::string content_of(const OwnedFd& file) {
  std::string text(4096, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

TEST(Output, HasWhatTheChildWroteAndHowItEnded) {
  const Output run = output_of(shell("printf out; printf err >&2; exit 3"));
  EXPECT_EQ(run.out, "out");
  EXPECT_EQ(run.err, "err");
  EXPECT_EQ(run.status, ExitStatus::exited(3));
  EXPECT_FALSE(run.success());
  EXPECT_FALSE(run.out_cut || run.err_cut || run.timed_out);
  EXPECT_EQ(run.input_taken, 0U);
  EXPECT_EQ(run.describe(), "exited with code 3");
}

TEST(Output, OfAQuietChildIsEmpty) {
  const Output run = output_of(Command("true"));
  EXPECT_TRUE(run.success());
  EXPECT_EQ(run.out + run.err, "");
}

TEST(Output, OfAChildThatIsKilledTellsTheSignal) {
  SYSFD_REQUIRE_ISOLATION();
  const Output run = output_of(shell("printf before; kill -TERM $$"));
  EXPECT_EQ(run.status, ExitStatus::killed(SIGTERM));
  EXPECT_EQ(run.out, "before");
  EXPECT_FALSE(run.success());
  EXPECT_EQ(run.describe(), "killed by signal 15 (Terminated)");
}

// tee writes each piece of its input to both outputs: if the parent served one pipe after the
// other, the other pipes would stay full or empty forever.
TEST(Output, FlowsInAllDirectionsAtOnce) {
  const std::string input = pattern(4 * mebibyte);
  const Output run = output_of(shell("exec tee /dev/fd/2"), {.input = bytes(input)});
  EXPECT_TRUE(run.success()) << run.describe();
  EXPECT_EQ(run.input_taken, input.size());
  EXPECT_TRUE(run.out == input) << run.out.size() << " bytes";
  EXPECT_TRUE(run.err == input) << run.err.size() << " bytes";
}

TEST(Output, WithoutInputReadsDevNull) {
  Inspection inspection;
  EXPECT_TRUE(inspection.command.output()->success());
  EXPECT_EQ(inspection.read().descriptors.at(0), identity_of_null());
  EXPECT_EQ(inspection.read().descriptors.size(), 3U);
}

TEST(Output, GivesTheInputAnEnd) {
  const Output run = output_of(Command("cat"), {.input = bytes("x")});
  EXPECT_TRUE(run.success());
  EXPECT_EQ(run.out, "x");
  EXPECT_EQ(run.input_taken, 1U);
}

TEST(Output, AcceptsAChildThatReadsLessThanItsInput) {
  const std::string input = pattern(4 * mebibyte);
  const Output nothing = output_of(Command("true"), {.input = bytes(input)});
  EXPECT_TRUE(nothing.success()) << nothing.describe();
  EXPECT_LT(nothing.input_taken, input.size());

  const Output some = output_of(Command("head").args({"-c", "100000"}), {.input = bytes(input)});
  EXPECT_TRUE(some.success()) << some.describe();
  EXPECT_TRUE(some.out == input.substr(0, 100000)) << some.out.size() << " bytes";
  EXPECT_GE(some.input_taken, 100000U);
  EXPECT_LT(some.input_taken, input.size());
}

TEST(Output, LeavesAStreamAloneThatTheCommandSpeaksOf) {
  const OwnedFd in = some_file(), out = some_file(), err = some_file();
  ASSERT_EQ(::pwrite(in.get(), "file", 4, 0), 4);
  const Output run =
      output_of(shell("cat; printf err >&2").stdin_from(in).stdout_to(out).stderr_to(err));
  EXPECT_TRUE(run.success());
  EXPECT_EQ(run.out + run.err, "");
  EXPECT_EQ(run.input_taken, 0U);
  EXPECT_EQ(content_of(out), "file");
  EXPECT_EQ(content_of(err), "err");
}

TEST(Output, IsRefusedWithAnInputThatTheCommandHasNoUseFor) {
  const OwnedFd file = some_file();
  for (Command& command : std::array{Command("cat").stdin_from(file), Command("cat").pass(file, 0),
                                     Command("cat").stdin_from(Stdio::null())}) {
    const auto run = command.output({.input = bytes("not wanted")});
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().step, SpawnStep::standard_stream);
    EXPECT_EQ(run.error().index, 0);
    EXPECT_EQ(run.error().describe(),
              "stdin of the child, which is not the input: Invalid argument");
  }
}

// A child that reads it would wait for ever.
TEST(Output, IsRefusedWithATerminalAsItsInput) {
  for (Command& command :
       std::array{Command("cat").stdin_from(Stdio::terminal()), Command("cat").terminal()}) {
    const auto run = command.output();
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().step, SpawnStep::standard_stream);
    EXPECT_EQ(run.error().code, std::errc::invalid_argument);
    EXPECT_EQ(run.error().index, 0);
    EXPECT_EQ(run.error().describe(),
              "stdin of the child, a terminal that nobody writes to: see stdin_from(): "
              "Invalid argument");
  }
}

TEST(Output, LeavesAStreamAloneForWhichADescriptorIsPassed) {
  const OwnedFd out = some_file();
  const Output run = output_of(shell("printf out; printf err >&2").pass(out, 1));
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "err");
  EXPECT_EQ(content_of(out), "out");
}

TEST(Output, CollectsFromPipesThatTheCommandAsksForToo) {
  const Output run = output_of(shell("cat; printf err >&2")
                                   .stdin_from(Stdio::pipe())
                                   .stdout_to(Stdio::pipe())
                                   .stderr_to(Stdio::pipe()));
  EXPECT_TRUE(run.success()) << "it would wait forever for the end of its input";
  EXPECT_EQ(run.err, "err");
}

TEST(Output, OfAProgramThatCannotBeStartedIsAnError) {
  const std::string input = pattern(1000);
  for (const bool has_input : {false, true}) {
    const auto run =
        Command("/no/such").output({.input = bytes(has_input ? input : std::string())});
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().step, SpawnStep::exec);
    EXPECT_EQ(run.error().code, std::errc::no_such_file_or_directory);
  }
}

TEST(Output, CanBeHadOfOneCommandAgainAndAgain) {
  Command command("cat");
  for (const std::string input : {"one", "", "three"}) {
    const auto run = command.output({.input = bytes(input)});
    ASSERT_TRUE(run) << run.error().describe();
    EXPECT_EQ(run->out, input);
  }
}

TEST(OutputSize, IsCutExactlyAndSaysSo) {
  const struct {
    std::size_t max_size;
    std::string out;
    bool cut;
  } cases[] = {{0, "", true},
               {1, "0", true},
               {9, "012345678", true},
               {10, "0123456789", false},
               {11, "0123456789", false},
               {OutputOptions::unlimited, "0123456789", false}};
  for (const auto& [max_size, out, cut] : cases) {
    SCOPED_TRACE(max_size);
    const Output run = output_of(shell("printf 0123456789"), {.max_size = max_size});
    EXPECT_TRUE(run.success());
    EXPECT_EQ(run.out, out);
    EXPECT_EQ(run.out_cut, cut);
    EXPECT_FALSE(run.err_cut) << "each stream by itself";
  }
}

TEST(OutputSize, ThatIsCutDoesNotStopTheChild) {
  const std::string input = pattern(2 * mebibyte);
  for (const std::size_t max_size : {std::size_t{0}, std::size_t{100'001}}) {
    SCOPED_TRACE(max_size);
    const Output run = output_of(shell("tee /dev/fd/2; printf done >&2"),
                                 {.input = bytes(input), .max_size = max_size});
    EXPECT_TRUE(run.success()) << "not even killed by SIGPIPE: " << run.describe();
    EXPECT_TRUE(run.out_cut && run.err_cut);
    EXPECT_TRUE(run.out == input.substr(0, max_size)) << run.out.size() << " bytes";
    EXPECT_TRUE(run.err == input.substr(0, max_size)) << run.err.size() << " bytes";
    EXPECT_EQ(run.input_taken, input.size());
  }
}

TEST(OutputInWords, SaysHowItEnded) {
  const auto failed = [](std::errc code) { return std::unexpected(std::make_error_code(code)); };
  const auto failed_by_system = [](int number) {
    return std::unexpected(std::error_code(number, std::system_category()));
  };
  const struct {
    Output output;
    std::string text;
    bool success;
  } cases[] = {
      {{.status = ExitStatus::exited(0)}, "exited with code 0", true},
      {{.status = ExitStatus::exited(1)}, "exited with code 1", false},
      {{.status = ExitStatus::exited(0), .timed_out = true},
       "exited with code 0, timed out",
       false},
      {{.status = ExitStatus::killed(SIGKILL), .timed_out = true},
       "killed by signal 9 (Killed), timed out",
       false},
      {{.status = failed(std::errc::timed_out), .timed_out = true}, "has not ended in time", false},
      {{.status = failed_by_system(ETIMEDOUT), .timed_out = true}, "has not ended in time", false},
      {{.status = failed_by_system(ECANCELED), .canceled = true},
       "had not ended when the wait was canceled",
       false},
      {{.status = ExitStatus::exited(0), .canceled = true}, "exited with code 0, canceled", false},
      {{.status = failed_by_system(EPERM),
        .timed_out = true,
        .kill_error = {EPERM, std::system_category()}},
       "has not ended in time, could not be killed (Operation not permitted)",
       false},
      {{.status = ExitStatus::exited(0),
        .timed_out = true,
        .kill_error = {EPERM, std::system_category()}},
       "exited with code 0, timed out, its process group could not be killed (Operation not "
       "permitted)",
       false},
      {{.status = failed_by_system(ECHILD)},
       "ended, its status unknown (No child processes)",
       false},
      {{.status = failed_by_system(ECHILD), .timed_out = true},
       "ended, its status unknown (No child processes), timed out",
       false},
  };
  for (const auto& [output, text, success] : cases) {
    EXPECT_EQ(output.describe(), text);
    EXPECT_EQ(output.success(), success) << text;
  }
}

TEST(OutputDeathTest, AnInputOfANullPointerStopsTheProgram) {
  const char* volatile none = nullptr;
  const char* const text = none;
  EXPECT_DEATH((void)Command("cat").output({.input = text}), "an Input of a null pointer");
}

bool is_pending(int signo) {
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, signo) == 1;
}

bool is_blocked(int signo) {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, signo) == 1;
}

void block(int signo) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signo);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// Writes more than a pipe can hold, to a child that reads nothing: one write must fail.
void write_to_child_that_does_not_read() {
  const std::string input = pattern(4 * mebibyte);
  EXPECT_TRUE(output_of(Command("true"), {.input = bytes(input)}).success());
}

TEST(OutputSigpipe, IsNeverSeen) {
  static volatile std::sig_atomic_t seen = 0;
  seen = 0;
  for (void (*handler)(int) : {SIG_DFL, SIG_IGN, +[](int) { seen = seen + 1; }})
    run_apart([handler] {
      ::signal(SIGPIPE, handler);
      write_to_child_that_does_not_read();
      EXPECT_EQ(seen, 0);
      EXPECT_FALSE(is_pending(SIGPIPE));
      EXPECT_FALSE(is_blocked(SIGPIPE)) << "the mask is as before";
    });
}

TEST(OutputSigpipe, DoesNotStayPendingWhereItIsBlocked) {
  run_apart([] {
    block(SIGPIPE);
    write_to_child_that_does_not_read();
    EXPECT_FALSE(is_pending(SIGPIPE));
    EXPECT_TRUE(is_blocked(SIGPIPE)) << "the mask is as before";
  });
}

TEST(OutputSigpipe, ThatWasPendingBeforeStillIs) {
  SYSFD_REQUIRE_ISOLATION();
  const auto to_thread = [] { ::raise(SIGPIPE); };
  const auto to_process = [] { ::kill(::getpid(), SIGPIPE); };
  for (void (*send)() : {+to_thread, +to_process}) {
    // the thread sanitizer's own thread does not block it, and would receive it
    if (send == +to_process && is_thread_sanitized) continue;
    run_apart([send] {
      block(SIGPIPE);
      send();
      ASSERT_TRUE(is_pending(SIGPIPE));
      write_to_child_that_does_not_read();
      EXPECT_TRUE(is_pending(SIGPIPE));
      EXPECT_TRUE(is_blocked(SIGPIPE));
    });
  }
}

}  // namespace
}  // namespace sysfd_test
