// SPDX-License-Identifier: MIT
//
// Tests that the second child of a Command is what a first one would be now: spawn() does not reuse
// what has changed.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "spawn/talk.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

// Returns the third child after a change that comes after two equal ones.
Report third_after(Inspection& inspection, const std::function<void()>& change) {
  const Report first = inspection.run();
  const Report second = inspection.run();
  EXPECT_EQ(first.descriptors, second.descriptors);
  EXPECT_EQ(first.arguments, second.arguments);
  EXPECT_EQ(first.environment, second.environment);
  change();
  return inspection.run();
}

TEST(SpawnAgain, SeesThatAStreamIsNotToBeInheritedAnyMore) {
  run_apart([] {
    Inspection inspection;
    const Report report = third_after(inspection, [] { ::fcntl(1, F_SETFD, FD_CLOEXEC); });
    EXPECT_EQ(report.descriptors.at(1), identity_of_null());
    EXPECT_EQ(report.descriptors.at(0), identity_of(0));
    ::fcntl(1, F_SETFD, 0);
    EXPECT_EQ(inspection.run().descriptors.at(1), identity_of(1));
  });
}

TEST(SpawnAgain, SeesAnotherFileUnderTheNumberOfAStream) {
  run_apart([] {
    const OwnedFd file = some_file();
    Inspection inspection;
    const Report report = third_after(inspection, [&] { ::dup2(file.get(), 0); });
    EXPECT_EQ(report.descriptors.at(0), identity_of(file.get()));
  });
}

TEST(SpawnAgain, SeesAnotherFileUnderABorrowedNumber) {
  run_apart([] {
    const OwnedFd file = some_file();
    OwnedFd borrowed = some_file();
    Inspection inspection;
    inspection.command.pass(borrowed, 7);
    const Report report =
        third_after(inspection, [&] { ASSERT_TRUE(replace(borrowed, file).has_value()); });
    EXPECT_EQ(report.descriptors.at(7), identity_of(file.get()));
  });
}

TEST(SpawnAgain, SeesThatABorrowedDescriptorWasClosed) {
  OwnedFd borrowed = some_file();
  Command command("true");
  command.pass(borrowed, 7);
  EXPECT_TRUE(must(command.spawn()).wait()->success());
  ASSERT_TRUE(std::move(borrowed).close().has_value());
  const auto child = command.spawn();
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(child.error().step, SpawnStep::descriptor);
  EXPECT_EQ(child.error().code, std::errc::bad_file_descriptor);
}

TEST(SpawnAgain, SeesTheEnvironmentAsItIs) {
  run_apart([] {
    ::unsetenv("SOME_NAME");
    Inspection inspection;
    EXPECT_EQ(third_after(inspection, [] { ::setenv("SOME_NAME", "value", 1); })
                  .environment.at("SOME_NAME"),
              "value");
    ::setenv("LISTEN_FDS", "1", 1);
    EXPECT_FALSE(inspection.run().environment.contains("LISTEN_FDS"));
    inspection.command.env("OTHER", "1");
    EXPECT_EQ(inspection.run().environment.at("OTHER"), "1");
    ::setenv("SOME_NAME", "another", 1);
    EXPECT_EQ(inspection.run().environment.at("SOME_NAME"), "another");
  });
}

TEST(SpawnAgain, SearchesTheProgramInTheCurrentPath) {
  run_apart([] {
    Command command("true");
    EXPECT_TRUE(must(command.spawn()).wait()->success());
    ::setenv("PATH", "/nowhere", 1);
    const auto child = command.spawn();
    ASSERT_FALSE(child.has_value());
    EXPECT_EQ(child.error().code, std::errc::no_such_file_or_directory);
    ::setenv("PATH", "/nowhere:/bin:/usr/bin", 1);
    EXPECT_TRUE(must(command.spawn()).wait()->success());
  });
}

TEST(SpawnAgain, AppliesSettersThatWereCalledInBetween) {
  const OwnedFd file = some_file();
  Inspection inspection;
  const Report report = third_after(inspection, [&] {
    inspection.command.arg("more").pass(file, 9).stdin_from(Stdio::null()).working_directory("/");
  });
  EXPECT_EQ(report.arguments.back(), "more");
  EXPECT_EQ(report.descriptors.at(9), identity_of(file.get()));
  EXPECT_EQ(report.descriptors.at(0), identity_of_null());
  EXPECT_EQ(report.directory, "/");
  inspection.command.signals({.ignored = {SIGUSR1}});
  EXPECT_NE(inspection.run().signals_ignored & (1U << (SIGUSR1 - 1)), 0U);
}

TEST(SpawnAgain, WorksAfterAMove) {
  Inspection inspection;
  inspection.command.arg("one");
  EXPECT_EQ(inspection.run().arguments.back(), "one");
  Command moved = std::move(inspection.command);
  inspection.command = std::move(moved);
  EXPECT_EQ(inspection.run().arguments.back(), "one");
}

TEST(SpawnAgain, WorksAfterAFailure) {
  const ScratchDirectory directory;
  const std::string path =
      directory.path().string() + "/true";  // some programs behave according to their name
  Command command(path.c_str());
  for (int i = 0; i < 2; ++i) {
    const auto child = command.spawn();
    ASSERT_FALSE(child.has_value());
    EXPECT_EQ(child.error().step, SpawnStep::exec);
  }
  std::filesystem::create_symlink("/bin/true", path);
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(must(command.spawn()).wait()->success());
}

TEST(SpawnAgain, SeesAnotherNamespaceUnderABorrowedNumber) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const auto namespace_of = [](const char* kind) {
      return must(sysfd::open(cwd(), std::string("/proc/self/ns/") + kind, O_RDONLY));
    };
    OwnedFd borrowed = namespace_of("net");
    Command command("true");
    command.namespaces({.join = {{.of = borrowed}}});
    for (const char* kind : {"net", "uts", "pid", "net"}) {
      const OwnedFd other = namespace_of(kind);
      ASSERT_TRUE(replace(borrowed, other).has_value());
      auto child = command.spawn();
      ASSERT_TRUE(child.has_value()) << kind << ": " << child.error().describe();
      EXPECT_TRUE(child->wait()->success());
    }
  });
}

TEST(SpawnAgain, MayBeOneWayAndAnother) {
  Command command = shell("echo text");
  command.stdout_to(Stdio::null());
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(must(command.spawn()).wait()->success());

  Command collected = shell("cat >&2; echo text");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(must(collected.output()).out, "text\n");
    EXPECT_TRUE(must(collected.stdin_from(Stdio::null()).spawn()).wait()->success());
    EXPECT_EQ(must(collected.output()).out, "text\n");
  }
}

TEST(SpawnAgain, GivesEachChildPipesOfItsOwn) {
  Command command = shell("read line; echo $line");
  command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe());
  auto first = must(command.spawn());
  auto second = must(command.spawn());
  EXPECT_EQ(must(first.communicate({.input = bytes("1\n")})).out, "1\n");
  EXPECT_EQ(must(second.communicate({.input = bytes("2\n")})).out, "2\n");
}

}  // namespace
}  // namespace sysfd_test
