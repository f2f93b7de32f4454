// SPDX-License-Identifier: MIT
//
// Tests the search for a program whose name has no slash, and a program without a known format.
#include <sysfd/command.hpp>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sysfd/prepared_command.hpp>

#include "support/prelude.hpp"

#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

void write_program(const fs::path& path, const std::string& text, mode_t mode = 0755) {
  std::ofstream(path) << text;
  ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

// A directory with a program of this name, which writes a word.
struct Place {
  explicit Place(const std::string& word) {
    write_program(path() / "sysfd_tool", "#!/bin/sh\necho " + word + '\n');
  }
  fs::path path() const { return directory.path(); }
  ScratchDirectory directory;
};

std::string said_by(Command command) {
  return must(command.output()).out;
}

std::string error_of(Command command) {
  const auto child = command.spawn();
  return child ? "it was started" : child.error().describe();
}

TEST(CommandSearch, IsInTheChildsPathUnlessAPathIsSet) {
  run_apart([] {
    const Place here("here"), there("there");
    ::setenv("PATH", here.path().c_str(), 1);
    Command command("sysfd_tool");
    command.env("PATH", there.path());
    EXPECT_EQ(must(command.output()).out, "there\n");
    EXPECT_EQ(must(command.search(ProgramSearch::caller_path).output()).out, "here\n");
    EXPECT_EQ(must(command.search(ProgramSearch::child_path).output()).out, "there\n");
  });
}

TEST(CommandSearch, InTheCallersPathTakesThePathOfTheMoment) {
  run_apart([] {
    const Place one("one"), two("two");
    Command command("sysfd_tool");
    command.clear_env().search(ProgramSearch::caller_path);
    ::setenv("PATH", one.path().c_str(), 1);
    EXPECT_EQ(must(command.output()).out, "one\n");
    ::setenv("PATH", two.path().c_str(), 1);
    EXPECT_EQ(must(command.output()).out, "two\n");
    const auto prepared = must(std::move(command).prepare());
    ::setenv("PATH", one.path().c_str(), 1);
    EXPECT_EQ(must(prepared.output()).out, "two\n") << "prepare() has searched";
    ::unsetenv("PATH");
    EXPECT_TRUE(must(Command("true").search(ProgramSearch::caller_path).status()).success());
  });
}

TEST(CommandSearch, MayBeInAListOfDirectories) {
  const Place one("one"), two("two");
  EXPECT_EQ(said_by(Command("sysfd_tool").search({one.path(), two.path()})), "one\n");
  EXPECT_EQ(said_by(Command("sysfd_tool").search({"/no/such", two.path()})), "two\n");
  const std::vector<std::string> list = {two.path(), one.path()};
  EXPECT_EQ(said_by(Command("sysfd_tool").search(list)), "two\n");
  EXPECT_EQ(said_by(Command("sysfd_tool").search({"."}).working_directory(two.path())), "two\n");
  EXPECT_EQ(error_of(Command("true").search({one.path()})),
            "exec of \"true\": No such file or directory");
}

TEST(CommandSearch, MayBeNowhere) {
  const Place place("it");
  Command command("sysfd_tool");
  command.search(ProgramSearch::nowhere).working_directory(place.path());
  EXPECT_EQ(error_of(std::move(command)),
            "exec of \"sysfd_tool, a name, which is searched nowhere\": No such file or directory");
  EXPECT_EQ(
      said_by(
          Command("./sysfd_tool").search(ProgramSearch::nowhere).working_directory(place.path())),
      "it\n");
}

TEST(CommandSearch, InADirectoryWithoutANameIsRefused) {
  const auto empty = Command("true").search({"/bin", ""}).spawn();
  ASSERT_FALSE(empty.has_value());
  EXPECT_EQ(empty.error().step, SpawnStep::program);
  EXPECT_EQ(empty.error().code, std::errc::invalid_argument);
  EXPECT_EQ(
      error_of(Command("true").search({std::string("/bin\0", 5)})),
      "program name \"true, to be searched in a string with a NUL inside\": Invalid argument");
}

TEST(CommandShellFallback, RunsAScriptThatDoesNotNameItsShell) {
  const ScratchDirectory directory;
  const fs::path script = fs::path(directory.path()) / "sysfd_script";
  write_program(script, "echo \"$0,$1,$2\"\n");
  const auto refused = Command(script).arg("a").spawn();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, std::errc::executable_format_error);

  Command command(script);
  command.shell_fallback().args({"a", "b c"});
  EXPECT_EQ(must(command.output()).out, script.string() + ",a,b c\n");
  EXPECT_EQ(must(command.output()).out, script.string() + ",a,b c\n") << "again";
  EXPECT_EQ(said_by(Command("sysfd_script").search({directory.path()}).shell_fallback()),
            script.string() + ",,\n");

  const auto prepared = must(Command(script).arg("a").shell_fallback().prepare());
  const CStr more[] = {"more"};
  EXPECT_EQ(must(prepared.output({}, {.arguments = more})).out, script.string() + ",a,more\n");
  EXPECT_EQ(must(prepared.output()).out, script.string() + ",a,\n");
  const auto silent = must(Command(script).shell_fallback().stdout_to(Stdio::null()).prepare());
  EXPECT_TRUE(must(silent.status()).success());
}

TEST(CommandShellFallback, LeavesOtherProgramsAndOtherErrorsAlone) {
  const ScratchDirectory directory;
  const fs::path file = fs::path(directory.path()) / "file";
  write_program(file, "echo no\n", 0644);
  EXPECT_EQ(said_by(Command("echo").arg("it").shell_fallback()), "it\n");
  EXPECT_EQ(Command(file).shell_fallback().spawn().error().code, std::errc::permission_denied);
  EXPECT_EQ(error_of(Command("/no/such").shell_fallback()),
            "exec of \"/no/such\": No such file or directory");
}

TEST(CommandShellFallback, IsThereForExecToo) {
  const ScratchDirectory directory;
  const fs::path script = fs::path(directory.path()) / "script";
  write_program(script, "exit 0\n");
  run_apart([&] {
    const auto error = Command(script).shell_fallback().exec();
    ADD_FAILURE() << error.describe();
  });
}

}  // namespace
}  // namespace sysfd_test
