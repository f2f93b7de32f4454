// SPDX-License-Identifier: MIT
//
// --json: what it tells of the end, and where it writes.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/landlock.hpp>

#include "support/prelude.hpp"

#include "run/tool.hpp"

namespace sysfd_test {
namespace {

TEST(RunJson, TellsTheStatusesOfTheProgramFromThoseOfTheTool) {
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  for (const int code : {123, 124, 125, 126, 127, 137}) {
    EXPECT_EQ(status_of(run_shell({"--json", json}, "exit " + std::to_string(code))), code);
    EXPECT_EQ(member_of(content_of(json), "ending"), "\"exited\"");
    EXPECT_EQ(member_of(content_of(json), "code"), std::to_string(code));
  }
  EXPECT_EQ(status_of(run_tool({"--json", json, "/no/such/program"})), 127);
  EXPECT_EQ(member_of(content_of(json), "ending"), "\"not_started\"");
  EXPECT_EQ(member_of(content_of(json), "status"), "127");
}

TEST(RunJson, QuotesWhatIsNoPlainText) {
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  run_tool({"--json", json, "--", "true", "a\"b\\c\n\x01"});
  EXPECT_NE(content_of(json).find(R"(["true", "a\"b\\c\u000a\u0001"])"), std::string::npos)
      << content_of(json);
}

TEST(RunJson, IsUtf8WhateverTheArgumentsAre) {
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  const std::pair<const char*, const char*> cases[] = {
      {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7"},
      {"a\xff"
       "b",
       R"(a\ufffdb)"},
      {"\xc3", R"(\ufffd)"},                                // cut
      {"\xc0\xaf", R"(\ufffd\ufffd)"},                      // a long form of '/'
      {"\xe0\x80\xaf", R"(\ufffd\ufffd\ufffd)"},            // the same
      {"\xed\xa0\x80", R"(\ufffd\ufffd\ufffd)"},            // a surrogate
      {"\xf4\x90\x80\x80", R"(\ufffd\ufffd\ufffd\ufffd)"},  // above U+10FFFF
      {"\xf0\x9f\x90\"", R"(\ufffd\ufffd\ufffd\")"},        // no quote is lost
  };
  for (const auto& [argument, expected] : cases) {
    run_tool({"--json", json, "--", "true", argument});
    EXPECT_NE(content_of(json).find("[\"true\", \"" + std::string(expected) + "\"]"),
              std::string::npos)
        << content_of(json);
  }
}

TEST(RunJson, IsValidAndTellsWhatWasUsed) {
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  run_shell({"--deadline", "50s", "--json", json},
            "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
  const std::string text = content_of(json);
  EXPECT_GT(std::stol(member_of(text, "user_us")) + std::stol(member_of(text, "system_us")), 0);
  EXPECT_GT(std::stol(member_of(text, "max_rss_kib")), 0);
  EXPECT_GT(std::stol(member_of(text, "wall_us")), 0);
  EXPECT_EQ(member_of(text, "containment"), "\"subreaper\"");
  auto check = Command("python3").args({"-m", "json.tool", json});
  const auto checked = check.output({.timeout = 60s});
  if (!checked) GTEST_SKIP() << "needs python3";
  EXPECT_TRUE(checked->success()) << checked->err;
}

TEST(RunJson, ReplacesALongerReport) {
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  write_file(json, std::string(10'000, 'x'));
  run_tool({"--json", json, "--", "true"});
  EXPECT_EQ(content_of(json).find("xx"), std::string::npos);
  EXPECT_TRUE(content_of(json).ends_with("}\n"));
}

TEST(RunJson, LeavesNoReportOfAnEarlierRun) {
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  for (const Words& wrong : {Words{"--json", json, "--nice", "99", "--", "true"},
                             Words{"--json", json}, Words{"--json", json, "--", ""}}) {
    write_file(json, "\"ending\": \"exited\"");
    const Output run = run_tool(wrong);
    EXPECT_EQ(member_of(content_of(json), "ending"), "\"not_started\"") << run.err;
    EXPECT_EQ(member_of(content_of(json), "status"), std::to_string(status_of(run)));
  }
}

TEST(RunJson, GoesOnBehindWhatIsInADescriptor) {
  const ScratchDirectory scratch;
  const std::string log = scratch.path() / "log";
  write_file(log, "before\n");
  const OwnedFd file = must(sysfd::open(cwd(), log, O_WRONLY | O_APPEND));
  Command command = tool({"--json", "/dev/stdout", "--", "echo", "text"});
  EXPECT_EQ(must(command.stdout_to(file).status()).code(), 0);
  EXPECT_TRUE(content_of(log).starts_with("before\ntext\n{\n  \"ending\": \"exited\""))
      << content_of(log);
}

TEST(RunJson, ThatCannotBeWrittenIsAnError) {
  const Output run = run_tool({"--json", "/dev/full", "--", "true"});
  EXPECT_EQ(status_of(run), 125);
  EXPECT_EQ(run.err, "sysfd-run: --json: No space left on device\n");
}

TEST(RunJson, IsWrittenThoughNobodyReadsTheErrors) {
  if (!landlock_support()) GTEST_SKIP() << "needs Landlock";
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  const std::string json = scratch.path() / "json";
  Pipe pipe = must(sysfd::pipe());
  Command command = tool({"--reads", "/", "--json", json, "--why", "--", "sh", "-c", "exit 3"});
  command.stderr_to(Stdio(std::move(pipe.write)));
  (void)std::move(pipe.read).close();
  EXPECT_EQ(command.status(), ExitStatus::exited(3));
  EXPECT_EQ(member_of(content_of(json), "code"), "3");
}

}  // namespace
}  // namespace sysfd_test
