// SPDX-License-Identifier: MIT
//
// Tests rulesets for one program: it starts, with its libraries and interpreters, and can do
// nothing else.
#include <sys/stat.h>

#include <cerrno>

#include <sysfd/command.hpp>
#include <sysfd/landlock.hpp>

#include "support/prelude.hpp"

#include "support/kernel_features.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

Ruleset ruleset_for(const std::string& program) {
  Rights missing;
  return must(Ruleset::for_program(program)).take(missing);
}

// What the program writes, when it may do no more than the ruleset allows.
std::string output_of(const std::string& program, const Ruleset& ruleset,
                      std::initializer_list<std::string> arguments = {}) {
  Command command(program);
  for (const std::string& argument : arguments)
    command.arg(argument);
  const auto output = command.landlock(ruleset).env("LC_ALL", "C").output();
  return output ? output->out + output->err : output.error().describe();
}

std::string make_file(const ScratchDirectory& scratch, const char* name, std::string_view content) {
  const std::string path = scratch.path() / name;
  std::ofstream(path) << content;
  ::chmod(path.c_str(), 0755);
  return path;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_program_error(const std::string& program, int code, const std::string& subject) {
  const auto made = Ruleset::for_program(program);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().step, LandlockStep::program);
  EXPECT_EQ(made.error().code.value(), code) << made.error();
  EXPECT_EQ(made.error().subject, subject);
}

TEST(RulesetForAProgram, LetsItStartAndDoNothingElse) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const std::string file = make_file(scratch, "file", "secret");
  Ruleset ruleset = ruleset_for("/bin/cat");
  EXPECT_EQ(output_of("/bin/cat", ruleset, {file}), "/bin/cat: " + file + ": Permission denied\n");
  ASSERT_TRUE(ruleset.allow(file, FileRight::read_file));
  EXPECT_EQ(output_of("/bin/cat", ruleset, {file}), "secret");
}

TEST(RulesetForAProgram, LetsItExecuteNoOther) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const Ruleset ruleset = ruleset_for("/bin/sh");
  EXPECT_NE(output_of("/bin/sh", ruleset, {"-c", "/bin/cat /etc/passwd"}).find("Permission denied"),
            std::string::npos);
}

// A script by a script, by a program with libraries.
TEST(RulesetForAProgram, AllowsTheInterpretersOfAScript) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const std::string inner = make_file(scratch, "inner", "#!/bin/sh\necho \"$@\"\n");
  const std::string outer = make_file(scratch, "outer", "#! " + inner + " -x\n");
  EXPECT_EQ(output_of(outer, ruleset_for(outer), {"one"}), "-x " + outer + " one\n");
}

#ifdef SYSFD_LANDLOCK_GREETER
TEST(RulesetForAProgram, FindsLibrariesBesideIt) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const std::string greeter = SYSFD_LANDLOCK_GREETER;
  EXPECT_EQ(output_of(greeter, ruleset_for(greeter)), "hello\n");
}
#endif

TEST(RulesetForAProgram, OfALibraryThatIsMissingNamesIt) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  std::string content = content_of("/bin/cat");
  const auto at = content.find("libc.so.6");
  if (at == content.npos) GTEST_SKIP() << "needs a cat that needs libc.so.6";
  content.replace(at, 9, "libX.so.6");
  expect_program_error(make_file(scratch, "program", content), ENOENT, "libX.so.6");
}

TEST(RulesetForAProgram, OfWhatIsNoProgramIsAnError) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const std::string text = make_file(scratch, "text", "text");
  expect_program_error(text, ENOEXEC, text);
  expect_program_error(make_file(scratch, "script", "#!/no/such\n"), ENOENT, "/no/such");
  const std::string loop = scratch.path() / "loop";
  expect_program_error(make_file(scratch, "loop", "#!" + loop + "\n"), ELOOP, loop);
  expect_program_error(scratch.path().string(), EACCES, scratch.path().string());
  expect_program_error("/no/such", ENOENT, "/no/such");
}

// Of any bytes, cut and changed: an error or a ruleset, and nothing else.
TEST(RulesetForAProgram, SurvivesDamagedFiles) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const std::string sound = content_of("/bin/cat");
  unsigned random = 1;
  for (int i = 0; i < 300; ++i) {
    std::string content = sound.substr(0, i % 3 == 0 ? random % sound.size() : sound.npos);
    for (int change = 0; change < 8 && !content.empty(); ++change) {
      random = random * 1664525U + 1013904223U;
      const std::size_t place = (random >> 8) % std::min<std::size_t>(content.size(), 4096);
      content[place] = static_cast<char>(random >> 3);
    }
    (void)Ruleset::for_program(make_file(scratch, "program", content));
  }
}

}  // namespace
}  // namespace sysfd_test
