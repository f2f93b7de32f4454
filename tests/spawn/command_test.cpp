// SPDX-License-Identifier: MIT
//
// Tests the program, its arguments, environment and working directory.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

static_assert(!std::is_copy_constructible_v<Command> &&
              std::is_nothrow_move_constructible_v<Command>);

// Returns the error of a command that must not start.
SpawnError error_of(Command command) {
  const auto child = command.spawn();
  if (!child) return child.error();
  ADD_FAILURE() << "it was started";
  return {SpawnStep::program, {}, -1, ""};
}

std::string string_with_nul() {
  return std::string("a\0b", 3);
}

void write_file(const std::string& path, const std::string& text, mode_t mode) {
  std::ofstream(path) << text;
  ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

TEST(CommandProgram, IsAPathIfItHasASlash) {
  EXPECT_EQ(inspect([](Command&) {}).arguments.at(0), Inspection::inspector_path());
}

TEST(CommandProgram, IsLookedUpInThePathOfTheChild) {
  const ScratchDirectory directory;
  fs::create_symlink(Inspection::inspector_path(),
                     directory.path().string() + "/sysfd_found_by_name");
  Inspection inspection("sysfd_found_by_name");
  const auto nowhere = inspection.command.spawn();
  ASSERT_FALSE(nowhere) << "it is not in this process's PATH";
  EXPECT_EQ(nowhere.error().step, SpawnStep::exec);
  EXPECT_EQ(nowhere.error().code, std::errc::no_such_file_or_directory);
  EXPECT_EQ(nowhere.error().describe(),
            "exec of \"sysfd_found_by_name\": No such file or directory");

  inspection.command.env("PATH", "/no/such/directory::/etc/passwd:" + directory.path().string());
  const Report report = inspection.run();
  EXPECT_EQ(report.arguments.at(0), "sysfd_found_by_name");
}

TEST(CommandProgram, IsLookedUpInDefaultDirectoriesWithoutAPath) {
  auto child = Command("true").remove_env("PATH").spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_TRUE(child->wait()->success());
  EXPECT_EQ(error_of(Command("true").env("PATH", "")).code, std::errc::no_such_file_or_directory);
}

// An empty element means the working directory.
TEST(CommandProgram, IsNotLookedUpInRelativeDirectoriesOfPath) {
  const ScratchDirectory directory;
  const std::string here = directory.path().string();
  write_file(here + "/sysfd_here", "#!/bin/sh\n", 0755);
  fs::create_directory(here + "/bin");
  write_file(here + "/bin/sysfd_here", "#!/bin/sh\n", 0755);
  for (const std::string& path : std::vector<std::string>{"", ":", "::/no/such", ":/no/such:", ".",
                                                          "./", "..", "bin", "./bin:/no/such"}) {
    const auto error =
        error_of(Command("sysfd_here").env("PATH", path).working_directory(here + "/bin/.."));
    EXPECT_EQ(error.code, std::errc::no_such_file_or_directory) << path;
    auto child = Command("sysfd_here").env("PATH", path + ":" + here + "/bin").spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_TRUE(child->wait()->success());
  }
}

TEST(CommandProgram, IsSearchedAfterOneThatMayNotBeExecuted) {
  const ScratchDirectory first;
  const ScratchDirectory second;
  write_file(first.path().string() + "/sysfd_tool", "", 0644);
  EXPECT_EQ(error_of(Command("sysfd_tool").env("PATH", first.path().string() + ":/no/such")).code,
            std::errc::permission_denied);
  write_file(second.path().string() + "/sysfd_tool", "#!/bin/sh\n", 0755);
  auto child = Command("sysfd_tool")
                   .env("PATH", first.path().string() + ":" + second.path().string())
                   .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  EXPECT_TRUE(child->wait()->success());
}

TEST(CommandProgram, ThatTheKernelCannotExecuteEndsTheSearchAndIsNamed) {
  const ScratchDirectory first;
  const ScratchDirectory second;
  write_file(first.path().string() + "/sysfd_tool", "neither ELF nor script", 0755);
  write_file(second.path().string() + "/sysfd_tool", "#!/bin/sh\n", 0755);
  const SpawnError error = error_of(
      Command("sysfd_tool").env("PATH", first.path().string() + ":" + second.path().string()));
  EXPECT_EQ(error.code, std::errc::executable_format_error);
  EXPECT_EQ(error.subject, first.path().string() + "/sysfd_tool");
}

TEST(CommandProgram, ThatIsMissingEmptyOrNoStringIsNamed) {
  EXPECT_EQ(error_of(Command("/no/such")).describe(),
            "exec of \"/no/such\": No such file or directory");
  EXPECT_EQ(error_of(Command("/etc")).code, std::errc::permission_denied);
  EXPECT_EQ(error_of(Command("/etc/passwd/x")).code, std::errc::not_a_directory);
  EXPECT_EQ(error_of(Command("")).step, SpawnStep::program);
  EXPECT_EQ(error_of(Command("")).code, std::errc::no_such_file_or_directory);
  EXPECT_EQ(error_of(Command(string_with_nul())).step, SpawnStep::program);
  EXPECT_EQ(error_of(Command(string_with_nul())).code, std::errc::invalid_argument);
}

TEST(CommandProgram, WithoutItsInterpreterFails) {
  const ScratchDirectory directory;
  const std::string script = directory.path().string() + "/script";
  write_file(script, "#!/no/such/interpreter\n", 0755);
  EXPECT_EQ(error_of(Command(script)).code, std::errc::no_such_file_or_directory);
}

TEST(CommandProgram, ThatIsOpenForWritingFailsAndLeavesNothing) {
  const ScratchDirectory directory;
  const std::string copy = directory.path().string() + "/true";
  fs::copy_file("/bin/true", copy);
  const auto writer = sysfd::open(cwd(), copy, O_WRONLY);
  ASSERT_TRUE(writer);
  EXPECT_EQ(error_of(Command(copy)).code, std::errc::text_file_busy);
}

TEST(CommandArguments, ArriveAsTheyAre) {
  const std::vector<std::string> given = {"a b", "", "$HOME", "\xff\xfe", "--", "*"};
  const Report report =
      inspect([&](Command& command) { command.args(given).arg("one more").args({"x", "y"}); });
  std::vector<std::string> expected = given;
  expected.insert(expected.begin(), Inspection::inspector_path());
  expected.insert(expected.end(), {"one more", "x", "y"});
  EXPECT_EQ(report.arguments, expected);
}

TEST(CommandArguments, CanComeFromAnyRange) {
  const std::vector<std::string> words = {"keep", "", "this"};
  auto not_empty =
      words | std::views::filter([](const std::string& word) { return !word.empty(); });
  const Report report = inspect([&](Command& command) { command.args(not_empty); });
  EXPECT_EQ(report.arguments.size(), 3U);
}

TEST(CommandArguments, AreCopied) {
  Inspection inspection;
  {
    std::string gone = "a string that does not fit into the object";
    inspection.command.arg(gone);
    gone.assign(gone.size(), 'x');
  }
  EXPECT_EQ(inspection.run().arguments.at(1), "a string that does not fit into the object");
}

TEST(CommandArguments, MayBeMany) {
  const std::vector<std::string> many(5000, "argument");
  EXPECT_EQ(inspect([&](Command& command) { command.args(many); }).arguments.size(), 5001U);
}

TEST(CommandArguments, ThatAreTooLongTogetherFailAtExec) {
  const std::vector<std::string> many(100, std::string(100000, 'x'));
  const SpawnError error = error_of(Command("/bin/true").args(many));
  EXPECT_EQ(error.step, SpawnStep::exec);
  EXPECT_EQ(error.code, std::errc::argument_list_too_long);
}

TEST(CommandArguments, WithANulInsideAreRefused) {
  const SpawnError error =
      error_of(Command("/bin/true").arg("fine").arg(string_with_nul()).arg(string_with_nul()));
  EXPECT_EQ(error.step, SpawnStep::argument);
  EXPECT_EQ(error.index, 1);
  EXPECT_EQ(error.code, std::errc::invalid_argument);
  EXPECT_EQ(error.describe(), "argument 1 \"(a string with a NUL inside)\": Invalid argument");
}

TEST(CommandEnvironment, IsTheParentsAtTheTimeOfSpawn) {
  run_apart([] {
    Inspection inspection;
    ::setenv("SYSFD_LATE", "1", 1);
    const Report report = inspection.run();
    EXPECT_EQ(report.environment.at("SYSFD_LATE"), "1");
    EXPECT_EQ(report.environment.at("PATH"), std::getenv("PATH"));
  });
}

TEST(CommandEnvironment, CanBeChanged) {
  run_apart([] {
    ::setenv("SYSFD_KEPT", "kept", 1);
    ::setenv("SYSFD_CHANGED", "old", 1);
    ::setenv("SYSFD_REMOVED", "old", 1);
    const Report report = inspect([](Command& command) {
      command.env("SYSFD_CHANGED", "first")
          .env("SYSFD_NEW", "a=b")
          .env("SYSFD_EMPTY", "")
          .env("SYSFD_CHANGED", "second")
          .env("SYSFD_GONE", "x")
          .remove_env("SYSFD_GONE")
          .remove_env("SYSFD_REMOVED");
    });
    EXPECT_EQ(report.environment.at("SYSFD_KEPT"), "kept");
    EXPECT_EQ(report.environment.at("SYSFD_CHANGED"), "second");
    EXPECT_EQ(report.environment.at("SYSFD_NEW"), "a=b");
    EXPECT_EQ(report.environment.at("SYSFD_EMPTY"), "");
    EXPECT_FALSE(report.environment.contains("SYSFD_GONE"));
    EXPECT_FALSE(report.environment.contains("SYSFD_REMOVED"));
    EXPECT_STREQ(std::getenv("SYSFD_REMOVED"), "old") << "the parent's environment is the parent's";
  });
}

TEST(CommandEnvironment, CanStartFromNothing) {
  const Report report = inspect([](Command& command) {
    command.env("SYSFD_BEFORE", "1").clear_env().env("SYSFD_AFTER", "2");
  });
  EXPECT_EQ(report.environment, (std::map<std::string, std::string>{{"SYSFD_AFTER", "2"}}));
}

TEST(CommandEnvironment, HasAnyBytes) {
  std::string value;
  for (int byte = 1; byte < 256; ++byte)
    if (byte != '\n') value += static_cast<char>(byte);  // a line of the report
  const std::string name = "SYSFD_\xff\x80";
  run_apart([&] {
    const std::string inherited = "SYSFD_\xfe";
    ::setenv(inherited.c_str(), value.c_str(), 1);
    const Report report = inspect([&](Command& command) { command.env(name, value); });
    EXPECT_EQ(report.environment.at(name), value);
    EXPECT_EQ(report.environment.at(inherited), value);
  });
}

TEST(CommandEnvironment, MayBeMissingHere) {
  run_apart([] {
    ::clearenv();
    EXPECT_TRUE(inspect([](Command&) {}).environment.empty());
  });
}

TEST(CommandEnvironment, WithANameThatIsNoneIsRefused) {
  const auto refused = [](Command command, int index) {
    const SpawnError error = error_of(std::move(command));
    EXPECT_EQ(error.step, SpawnStep::environment);
    EXPECT_EQ(error.index, index);
    EXPECT_EQ(error.code, std::errc::invalid_argument);
  };
  refused(Command("/bin/true").env("A=B", "x"), 0);
  refused(Command("/bin/true").env("", "x"), 0);
  refused(Command("/bin/true").env("A", "x").env(string_with_nul(), "x"), 1);
  refused(Command("/bin/true").env("A", "x").remove_env("B").env("C", string_with_nul()), 2);
  refused(Command("/bin/true").remove_env("A=B"), 0);
  EXPECT_EQ(error_of(Command("/bin/true").env("A=B", "x")).describe(),
            "environment variable 0 \"A=B\": Invalid argument");
}

TEST(CommandWorkingDirectory, CanBeGivenByPathOrDescriptor) {
  const ScratchDirectory directory;
  const std::string here = fs::current_path();
  EXPECT_EQ(inspect([&](Command& command) {
              command.working_directory(directory.path().string());
            }).directory,
            directory.path().string());
  const auto fd = sysfd::open(cwd(), directory.path().string(), O_PATH | O_DIRECTORY);
  ASSERT_TRUE(fd);
  EXPECT_EQ(inspect([&](Command& command) { command.working_directory(*fd); }).directory,
            directory.path().string());
  EXPECT_EQ(fs::current_path(), here) << "the parent's directory is the parent's";
  EXPECT_EQ(inspect([](Command&) {}).directory, here);
}

TEST(CommandWorkingDirectory, IsWhereARelativeProgramIsSearched) {
  const ScratchDirectory directory;
  fs::create_directory(directory.path().string() + "/bin");
  write_file(directory.path().string() + "/bin/sysfd_tool", "#!/bin/sh\n", 0755);
  auto by_path = Command("bin/sysfd_tool").working_directory(directory.path().string()).spawn();
  ASSERT_TRUE(by_path) << by_path.error().describe();
  EXPECT_TRUE(by_path->wait()->success());
}

TEST(CommandWorkingDirectory, ThatCannotBeEnteredIsNamed) {
  const SpawnError missing = error_of(Command("/bin/true").working_directory("/no/such"));
  EXPECT_EQ(missing.step, SpawnStep::working_directory);
  EXPECT_EQ(missing.describe(),
            "change to the working directory \"/no/such\": No such file or directory");
  EXPECT_EQ(error_of(Command("/bin/true").working_directory(string_with_nul())).code,
            std::errc::invalid_argument);
  const auto file = sysfd::open(cwd(), "/etc/passwd", O_RDONLY);
  ASSERT_TRUE(file);
  EXPECT_EQ(error_of(Command("/bin/true").working_directory(*file)).code,
            std::errc::not_a_directory);
}

TEST(Command, ReportsOnlyTheFirstInvalidArgument) {
  const SpawnError error = error_of(Command("").arg(string_with_nul()).env("=", ""));
  EXPECT_EQ(error.step, SpawnStep::program);
}

TEST(Command, CanBeBuiltInPiecesAndMoved) {
  const auto make = [] { return Command("/bin/sh").arg("-c").arg("exit $CODE"); };
  Command command = make();
  command.env("CODE", "7");
  Command moved = std::move(command);
  for (int round = 0; round < 2; ++round) {
    auto child = moved.spawn();
    ASSERT_TRUE(child);
    EXPECT_EQ(child->wait()->code(), 7);
  }
}

TEST(CommandDeathTest, ThatWasMovedFromStopsTheProgram) {
  Command command("/bin/true");
  const Command moved = std::move(command);
  EXPECT_DEATH(command.arg("x"), "sysfd: use of a Command that was moved from");
}

#if defined(__cpp_exceptions)
TEST(Command, ThrowsForThoseWhoLikeExceptions) {
  EXPECT_TRUE(or_throw(Command("/bin/true").spawn()).wait()->success());
  EXPECT_EQ(or_throw(Command("/bin/true").status()).code(), 0);
}

TEST(Command, ThrowsTheDescriptionOfItsErrorOnce) {
  const std::string description = "exec of \"/no/such\": No such file or directory";
  try {
    (void)or_throw(Command("/no/such").spawn());
    FAIL() << "nothing was thrown";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_EQ(error.what(), description);
  }
  try {
    (void)Command("/no/such").status().value();
    FAIL() << "nothing was thrown";
  } catch (const std::bad_expected_access<SpawnError>& error) {
    EXPECT_EQ(error.error().step, SpawnStep::exec);
    EXPECT_EQ(error.what(), description);
  }
  EXPECT_THROW((void)or_throw(Command("/no/such").output()), std::system_error);
}
#endif

}  // namespace
}  // namespace sysfd_test
