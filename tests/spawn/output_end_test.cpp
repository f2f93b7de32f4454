// SPDX-License-Identifier: MIT
//
// Tests when output() and communicate() are over, and what they tell meanwhile.
#include <sysfd/output_sink.hpp>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/talk.hpp"

namespace sysfd_test {
namespace {

using Piece = std::pair<OutputStream, std::string>;

// A process that goes on has the child's pipes. Not one byte of what was written before is lost.
TEST(OutputEnd, IsThatOfTheChildByDefault) {
  SYSFD_REQUIRE_ISOLATION();
  Rope rope;
  Command command = shell("read line <&7 & head -c 100000 /dev/zero; echo end >&2");
  const auto output = command.pass(rope.end(), 7).output({.timeout = 60s});
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_TRUE(output->success());
  EXPECT_EQ(output->out.size(), 100'000U);
  EXPECT_EQ(output->err, "end\n");
  EXPECT_FALSE(output->timed_out);
}

TEST(OutputEnd, LosesNothingThatWasWritten) {
  SYSFD_REQUIRE_ISOLATION();
  Rope rope;
  for (int i = 0; i < 200; ++i) {
    Command command = shell("read line <&7 & echo out; echo err >&2");
    const auto output = command.pass(rope.end(), 7).output({.timeout = 60s});
    ASSERT_TRUE(output) << output.error().describe();
    ASSERT_EQ(output->out, "out\n");
    ASSERT_EQ(output->err, "err\n");
  }
}

TEST(OutputEnd, CanBeThatOfThePipes) {
  SYSFD_REQUIRE_ISOLATION();
  const auto output =
      shell("(sleep 0.05; echo later) & echo first").output({.until = OutputEnd::pipes_close});
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_EQ(output->out, "first\nlater\n");
}

TEST(OutputEnd, IsNotKeptByWhoeverWritesOnAndOn) {
  SYSFD_REQUIRE_ISOLATION();
  const auto output = shell("(while :; do echo more; done) & echo first").output({.timeout = 60s});
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_FALSE(output->timed_out);
  EXPECT_TRUE(output->out.contains("first\n"));
}

TEST(OutputEnd, LeavesThePipesOfACommunicationOpen) {
  SYSFD_REQUIRE_ISOLATION();
  Rope rope;
  Command command = shell("(read line <&7; echo later) & echo first");
  auto child = command.pass(rope.end(), 7).stdout_to(Stdio::pipe()).spawn();
  ASSERT_TRUE(child) << child.error().describe();
  auto output = child->communicate({.timeout = 60s});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "first\n");
  EXPECT_TRUE(output->success());
  ASSERT_TRUE(child->stdout_pipe());
  rope.let_go();
  output = child->communicate({.timeout = 60s, .until = OutputEnd::pipes_close});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "later\n");
}

TEST(OutputEnd, IsThatOfAllStages) {
  SYSFD_REQUIRE_ISOLATION();
  Rope rope;
  Command last = shell("read line <&7 & cat; echo last");
  last.pass(rope.end(), 7);
  const auto output = (shell("echo first") | std::move(last)).output({.timeout = 60s});
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_TRUE(output->success());
  EXPECT_EQ(output->out, "first\nlast\n");
}

TEST(OutputGrace, LetsAChildEndByItself) {
  SYSFD_REQUIRE_ISOLATION();
  EXPECT_TRUE(succeeds_with_some_timeout([](std::chrono::nanoseconds timeout) {
    const auto output = shell("trap 'echo asked; exit 3' TERM; while :; do sleep 0.01; done")
                            .output({.timeout = timeout, .grace = 60s});
    EXPECT_TRUE(output) << output.error().describe();
    EXPECT_TRUE(output->timed_out);
    return output->status == ExitStatus::exited(3) && output->out == "asked\n";
  }));
}

TEST(OutputGrace, IsOverForAChildThatIsDeaf) {
  SYSFD_REQUIRE_ISOLATION();
  EXPECT_TRUE(succeeds_with_some_timeout([](std::chrono::nanoseconds timeout) {
    const auto output = shell("trap '' TERM; while :; do sleep 0.01; done")
                            .output({.timeout = timeout, .grace = 50ms});
    EXPECT_TRUE(output) << output.error().describe();
    EXPECT_TRUE(output->timed_out);
    return output->status == ExitStatus::killed(SIGKILL);
  }));
}

TEST(OutputGrace, IsThatOfAPipeline) {
  SYSFD_REQUIRE_ISOLATION();
  EXPECT_TRUE(succeeds_with_some_timeout([](std::chrono::nanoseconds timeout) {
    const auto output = (shell("trap 'exit 3' TERM; while :; do sleep 0.01; done") |
                         shell("trap 'exit 4' TERM; while :; do sleep 0.01; done"))
                            .output({.timeout = timeout, .grace = 60s});
    EXPECT_TRUE(output) << output.error().describe();
    EXPECT_TRUE(output->timed_out);
    return output->statuses.size() == 2 && output->statuses[0] == ExitStatus::exited(3) &&
           output->statuses[1] == ExitStatus::exited(4);
  }));
}

TEST(OutputOfATerminal, IsCollected) {
  SYSFD_REQUIRE_ISOLATION();
  std::string pieces;
  EachPiece sink([&](OutputStream stream, std::string_view piece) {
    EXPECT_EQ(stream, OutputStream::terminal);
    pieces += piece;
  });
  const auto output = shell("for i in 1 2 3 4 5 6 7 8 9; do head -c 1000 /dev/zero; done; echo end")
                          .terminal()
                          .stdin_from(Stdio::null())
                          .output({.timeout = 60s, .sink = &sink});
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_TRUE(output->success());
  EXPECT_EQ(output->terminal.size(), 9'005U);
  EXPECT_TRUE(output->terminal.ends_with("end\r\n"));
  EXPECT_EQ(output->terminal, pieces);
  EXPECT_EQ(output->out, "");
}

TEST(EachPieceOfOutput, IsTakenWhileTheChildRuns) {
  SYSFD_REQUIRE_ISOLATION();
  auto answers = pipe();
  ASSERT_TRUE(answers);
  std::vector<Piece> pieces;
  EachPiece sink([&](OutputStream stream, std::string_view piece) {
    pieces.emplace_back(stream, piece);
    EXPECT_EQ(::write(answers->write.get(), "\n", 1), 1);
  });
  // Each waits until the one before was taken.
  Command command = shell("echo 1; read a; echo 2 >&2; read a; echo 3");
  const auto output = command.stdin_from(answers->read).output({.max_size = 0, .sink = &sink});
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_EQ(pieces, (std::vector<Piece>{{OutputStream::out, "1\n"},
                                        {OutputStream::err, "2\n"},
                                        {OutputStream::out, "3\n"}}));
  EXPECT_EQ(output->out, "");
  EXPECT_TRUE(output->out_cut);
}

TEST(EachLineOfOutput, IsTakenWhole) {
  SYSFD_REQUIRE_ISOLATION();
  std::vector<Piece> lines;
  EachLine sink(
      [&](OutputStream stream, std::string_view line) { lines.emplace_back(stream, line); }, 10);
  const auto output =
      shell("printf 'a'; sleep 0.01; printf 'b\n\nc\n0123456789012345\n0123456789\nrest'")
          .output({.sink = &sink});
  ASSERT_TRUE(output) << output.error().describe();
  const auto out = OutputStream::out;
  EXPECT_EQ(lines, (std::vector<Piece>{{out, "ab"},
                                       {out, ""},
                                       {out, "c"},
                                       {out, "0123456789"},
                                       {out, "012345"},
                                       {out, "0123456789"},
                                       {out, "rest"}}));
  EXPECT_EQ(output->out, "ab\n\nc\n0123456789012345\n0123456789\nrest");
}

TEST(EachLineOfOutput, HasAtLeastOneByte) {
  std::vector<std::string> lines;
  EachLine sink([&](OutputStream, std::string_view line) { lines.emplace_back(line); }, 0);
  ASSERT_TRUE(shell("echo ab").output({.sink = &sink}));
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b"}));
}

#if defined(__cpp_exceptions)
TEST(EachLineOfOutput, EndsTheChildByAnException) {
  SYSFD_REQUIRE_ISOLATION();
  Witness witness;
  EachLine sink([](OutputStream, std::string_view) { throw std::runtime_error("enough"); });
  Command command = shell("echo line; exec sleep 1000");
  witness.go_with(command, 9);
  EXPECT_THROW((void)command.output({.sink = &sink}), std::runtime_error);
  EXPECT_TRUE(witness.becomes_alone());
}
#endif

}  // namespace
}  // namespace sysfd_test
