// SPDX-License-Identifier: MIT
//
// Tests rulesets for one program: it starts, with its libraries and interpreters, and can do
// nothing else.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <sysfd/command.hpp>
#include <sysfd/landlock.hpp>

#include "support/prelude.hpp"

#include "support/kernel_features.hpp"
#include "support/run_apart.hpp"
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
  EXPECT_TRUE(output_of("/bin/cat", ruleset, {file}).ends_with(": Permission denied\n"));
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

TEST(RulesetForAProgram, FindsLibrariesOfLibrariesByItsOwnRpath) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const std::string greeter = SYSFD_LANDLOCK_OLD_GREETER;
  EXPECT_EQ(output_of(greeter, ruleset_for(greeter)), "hello\n");
}
#endif

TEST(RulesetForAProgram, OfALibraryThatIsMissingNamesIt) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  std::string content = content_of("/bin/cat");
  const auto at = content.find("libc.so.6");
  const Ruleset usual = ruleset_for("/bin/cat");
  if (at == content.npos || usual.rules().size() < 2)  // static: no rule but for itself
    GTEST_SKIP() << "needs a cat that needs libc.so.6";
  content.replace(at, 9, "libX.so.6");
  expect_program_error(make_file(scratch, "program", content), ENOENT, "libX.so.6");
}

// Nothing tells that they are searched there.
TEST(RulesetForAProgram, DoesNotSearchTheWorkingDirectory) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const Ruleset usual = ruleset_for("/bin/cat");
  const auto library = std::ranges::find_if(
      usual.rules(), [](const LandlockRule& rule) { return rule.path.contains("/libc.so"); });
  if (library == usual.rules().end()) GTEST_SKIP() << "needs a cat that needs libc.so.6";
  make_file(scratch, "libc.so.6", content_of(library->path));
  run_apart([&] {
    ASSERT_EQ(::chdir(scratch.path().c_str()), 0);
    const Ruleset there = ruleset_for("/bin/cat");
    for (const LandlockRule& rule : there.rules())
      EXPECT_EQ(rule.path.front(), '/') << rule.path;
  });
}

// The kernel would not start it. A rule for it would allow more than a program.
TEST(RulesetForAProgram, WhoseLoaderIsNoneIsAnError) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const std::string sound = content_of("/bin/cat");
  const auto at = sound.find("/lib64/ld-");
  if (at == sound.npos) GTEST_SKIP() << "needs a cat with a loader in /lib64";
  for (const std::string& loader : {"/"s, "/etc/passwd"s, "/dev/null"s}) {
    std::string content = sound;
    content.replace(at, loader.size() + 1, loader + '\0');
    expect_program_error(make_file(scratch, "program", content), ENOEXEC, loader);
  }
}

TEST(RulesetForAProgram, OfWhatIsNoProgramIsAnError) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const std::string text = make_file(scratch, "text", "text");
  expect_program_error(text, ENOEXEC, text);
  expect_program_error(make_file(scratch, "script", "#!/no/such\n"), ENOENT, "/no/such");
  const std::string loop = scratch.path() / "loop";
  expect_program_error(make_file(scratch, "loop", "#!" + loop + "\n"), ELOOP, loop);
  expect_program_error(scratch.path().string(), ENOEXEC, scratch.path().string());
  expect_program_error("/no/such", ENOENT, "/no/such");
  expect_program_error(std::string("/bin/cat\0", 9), EINVAL, "");
}

// Of any bytes, cut and changed: an error or a ruleset, and nothing else.
// The error is that, and not that a library is missing.
TEST(RulesetForAProgram, WithoutADescriptorLeftIsThatError) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  run_apart([] {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    bool has_failed = false, has_succeeded = false;
    for (rlim_t number = 3; !has_succeeded; ++number) {
      ASSERT_LT(number, 64U);
      limit.rlim_cur = number;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      const auto made = Ruleset::for_program("/bin/cat");
      if (!made.has_value()) {
        EXPECT_EQ(made.error().code.value(), EMFILE) << made.error();
      }
      (made.has_value() ? has_succeeded : has_failed) = true;
    }
    EXPECT_TRUE(has_failed);
  });
}

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
