// SPDX-License-Identifier: MIT
//
// The table of options is the only list: --help, the completions, the man page and the README have
// the same options. Also what the program is: static.
#include <elf.h>

#include <set>
#include <sstream>
#include <string>

#include "support/prelude.hpp"

#include "run/tool.hpp"

namespace sysfd_test {
namespace {

std::set<std::string> options_of_help() {
  std::set<std::string> names;
  std::istringstream help(run_tool({"--help"}).out);
  for (std::string line; std::getline(help, line);)
    if (line.starts_with("  --")) names.insert(line.substr(4, line.find_first_of(" ", 4) - 4));
  return names;
}

TEST(RunTable, HasACallOfTheLibraryForEachOption) {
  std::istringstream help(run_tool({"--help"}).out);
  const std::set<std::string> without = {"profile", "dry-run", "completion", "help", "version"};
  std::string name;
  std::set<std::string> with_call;
  for (std::string line; std::getline(help, line);) {
    if (line.starts_with("  --")) name = line.substr(4, line.find_first_of(" ", 4) - 4);
    if (line.starts_with("        = ") || line.find(" = ") != line.npos) with_call.insert(name);
    EXPECT_LE(line.size(), 100U) << line;
  }
  for (const std::string& each : options_of_help())
    EXPECT_EQ(with_call.contains(each), !without.contains(each)) << each;
}

TEST(RunTable, IsThatOfTheManPage) {
  const std::string page = content_of(SYSFD_RUN_SOURCE "/sysfd-run.1");
  std::set<std::string> listed;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(".It Fl -")) listed.insert(line.substr(8, line.find_first_of(" ", 8) - 8));
  EXPECT_EQ(listed, options_of_help());
}

TEST(RunTable, IsThatOfTheReadme) {
  const std::string page = content_of(SYSFD_RUN_SOURCE "/README.md");
  for (const std::string& name : options_of_help())
    EXPECT_NE(page.find("`--" + name), page.npos) << name;
}

TEST(RunCompletion, FilesAreThoseThatTheProgramPrints) {
  const std::pair<const char*, const char*> files[] = {
      {"bash", "sysfd-run.bash"}, {"zsh", "_sysfd-run"}, {"fish", "sysfd-run.fish"}};
  for (const auto& [shell, file] : files) {
    const Output run = run_tool({"--completion", shell});
    EXPECT_EQ(status_of(run), 0);
    EXPECT_EQ(content_of(SYSFD_RUN_SOURCE "/completions/"s + file), run.out)
        << "write it anew: sysfd-run --completion " << shell;
    for (const std::string& name : options_of_help())
      EXPECT_NE(run.out.find(name), run.out.npos) << shell << " " << name;
  }
}

TEST(RunCompletion, WorksInBash) {
  const std::string script =
      "source " SYSFD_RUN_SOURCE
      "/completions/sysfd-run.bash; complete_line() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
      "COMPREPLY=(); _sysfd_run; echo \"${COMPREPLY[*]}\"; }; "
      "complete_line sysfd-run --dead; complete_line sysfd-run --tree --chdir /usr/shar; "
      "complete_line sysfd-run --signal SIGTER; complete_line sysfd-run -- cat /etc/passw; "
      "complete_line sysfd-run --chdir = /usr/shar; complete_line sysfd-run --signal = SIGINT "
      "--dead; "
      "cd /; complete_line sysfd-run --tree --chdir = | grep -ow usr";
  Command bash("bash");
  const auto run = bash.args({"-c", script}).output({.timeout = 60s});
  ASSERT_TRUE(run) << run.error().describe();
  EXPECT_TRUE(run->out.starts_with("--deadline\n/usr/share\nSIGTERM\n/etc/passwd"))
      << run->out << run->err;
  EXPECT_TRUE(run->out.ends_with("\n/usr/share\n--deadline\nusr\n")) << run->out << run->err;
}

TEST(RunManPage, IsWellFormed) {
  Command lint("mandoc");
  const auto run = lint.args({"-T", "lint", "-W", "warning", SYSFD_RUN_SOURCE "/sysfd-run.1"})
                       .output({.timeout = 60s});
  if (!run) GTEST_SKIP() << "needs mandoc";
  EXPECT_TRUE(run->success()) << run->out << run->err;
}

TEST(RunProgram, TellsItsVersion) {
  const Output run = run_tool({"--version"});
  EXPECT_EQ(status_of(run), 0);
  EXPECT_TRUE(run.out.starts_with("sysfd-run 0.")) << run.out;
}

// tests/consumers/check limits its size.
TEST(RunProgram, IsStatic) {
  if (!SYSFD_RUN_IS_STATIC) GTEST_SKIP() << "needs to be a build with a static sysfd-run";
  const std::string program = content_of(SYSFD_RUN);
  Elf64_Ehdr header{};
  ASSERT_GT(program.size(), sizeof header);
  program.copy(reinterpret_cast<char*>(&header), sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    program.substr(header.e_phoff + i * sizeof segment)
        .copy(reinterpret_cast<char*>(&segment), sizeof segment);
    EXPECT_NE(segment.p_type, static_cast<unsigned>(PT_INTERP));
  }
}

}  // namespace
}  // namespace sysfd_test
