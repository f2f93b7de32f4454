// SPDX-License-Identifier: MIT
//
// Tests where a child starts (its working and root directory), and the program by descriptor.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

constexpr auto before = DirectoryChange::before_identity;
constexpr auto after = DirectoryChange::after_identity;

OwnedFd open_directory(const std::string& path, int flags = O_RDONLY) {
  return OwnedFd::adopt(::open(path.c_str(), flags | O_DIRECTORY | O_CLOEXEC));
}

// Another root directory, in which everything has the same path: another mount of "/".
class OtherRoot {
 public:
  OtherRoot() {
    EXPECT_TRUE(::mkdtemp(path_));
    EXPECT_EQ(::mount("/", path_, nullptr, MS_BIND | MS_REC, nullptr), 0);
    struct statx status{};
    EXPECT_EQ(::statx(AT_FDCWD, path_, 0, STATX_MNT_ID, &status), 0);
    mount_ = std::to_string(status.stx_mnt_id);
  }
  ~OtherRoot() {
    EXPECT_EQ(::umount2(path_, MNT_DETACH), 0);
    EXPECT_EQ(::rmdir(path_), 0);  // must not remove anything else
  }
  OtherRoot(const OtherRoot&) = delete;
  OtherRoot& operator=(const OtherRoot&) = delete;

  const char* path() const { return path_; }
  // Returns the value of the fact "mount of /".
  const std::string& mount() const { return mount_; }

 private:
  char path_[32] = "/tmp/sysfd-root-XXXXXX";
  std::string mount_;
};

TEST(CommandWorkingDirectory, ByDescriptorMayBeOpenForNothing) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path();
  for (const int flags : {O_RDONLY, O_PATH}) {
    const OwnedFd directory = open_directory(path, flags);
    for (const DirectoryChange change : {before, after})
      expect_facts([&](Command& command) { command.working_directory(directory, change); },
                   {{"directory", path}});
  }
}

// cwd() has the same meaning as for openat(2) and similar calls.
TEST(CommandWorkingDirectory, CanBeThatOfThisProcessHoweverTheChildLeavesIt) {
  SYSFD_REQUIRE_ISOLATION();
  run_apart([] {
    const ScratchDirectory scratch;
    const std::string path = scratch.path();
    ASSERT_EQ(::chdir(path.c_str()), 0);
    for (const DirectoryChange change : {before, after})
      expect_facts([&](Command& command) { command.working_directory(cwd(), change); },
                   {{"directory", path}});
    const OwnedFd mounts = OwnedFd::adopt(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
    expect_facts(
        [&](Command& command) {
          command.working_directory(cwd()).namespaces({.join = {{.of = mounts}}});
        },
        {{"directory", path}});
    expect_facts(
        [&](Command& command) {
          command.working_directory(cwd()).root_directory("/").pass(mounts, 3);
        },
        {{"directory", path}});
    ASSERT_EQ(::chdir("/"), 0);
  });
}

TEST(CommandWorkingDirectory, OfThisProcessIsLookedUpForEachChild) {
  run_apart([] {
    const ScratchDirectory scratch;
    Inspection inspection;
    inspection.command.working_directory(cwd());
    EXPECT_EQ(inspection.run().directory, std::filesystem::current_path());
    ASSERT_EQ(::chdir(scratch.path().c_str()), 0);
    EXPECT_EQ(inspection.run().directory, scratch.path());
    ASSERT_EQ(::chdir("/"), 0);
  });
}

TEST(CommandRootDirectory, CanBeTheWorkingDirectoryOfThisProcess) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const OtherRoot root;
  run_apart([&] {
    ASSERT_EQ(::chdir(root.path()), 0);
    expect_facts([](Command& command) { command.root_directory(cwd()); },
                 {{"mount of /", root.mount()}, {"directory", "/"}});
    expect_facts([](Command& command) { command.root_directory(cwd()).working_directory(cwd()); },
                 {{"mount of /", root.mount()}, {"directory", "/"}});
    ASSERT_EQ(::chdir("/"), 0);
  });
}

TEST(CommandWorkingDirectory, IsEnteredByTheParentsRightsOrTheChilds) {
  SYSFD_REQUIRE_ROOT();
  const ScratchDirectory scratch;  // has mode 0700
  const std::string path = scratch.path();
  const OwnedFd directory = open_directory(path);
  const auto into = [&](DirectoryChange change, bool by_path) {
    Command command("/bin/true");
    if (by_path)
      command.working_directory(path, change);
    else
      command.working_directory(directory, change);
    return std::move(command.identity({.user = 1234, .group = 1234}));
  };
  for (const bool by_path : {true, false}) {
    auto child = into(before, by_path).spawn();
    ASSERT_TRUE(child) << child.error().describe();
    EXPECT_TRUE(child->wait()->success());
    Command refused = into(after, by_path);
    expect_error(refused, SpawnStep::working_directory, EACCES);
    EXPECT_EQ(refused.spawn().error().subject, by_path ? path : "");
  }
  ASSERT_EQ(::chmod(path.c_str(), 0711), 0);
  EXPECT_TRUE(into(after, true).spawn());
}

TEST(CommandWorkingDirectory, ThatIsNoneFails) {
  const OwnedFd file = some_file();
  const auto expect_refusal = [](BorrowedFd directory, int error) {
    Command command("/bin/true");
    command.working_directory(directory);
    expect_error(command, SpawnStep::working_directory, error);
  };
  expect_refusal(file, ENOTDIR);
  expect_refusal(BorrowedFd::unsafe_borrow(999), EBADF);
}

TEST(CommandRootDirectory, CanBeGivenByPathOrDescriptor) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const OtherRoot root;
  const OwnedFd directory = open_directory(root.path(), O_PATH);
  const Facts expected = {{"mount of /", root.mount()}, {"directory", "/"}};
  expect_facts([&](Command& command) { command.root_directory(root.path()); }, expected);
  expect_facts([&](Command& command) { command.root_directory(directory); }, expected);
}

TEST(CommandRootDirectory, IsWhereAllOtherPathsCountFrom) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const OtherRoot root;
  for (const DirectoryChange change : {before, after}) {
    expect_facts(
        [&](Command& command) {
          command.root_directory(root.path()).working_directory("/usr", change);
        },
        {{"mount of /", root.mount()}, {"directory", "/usr"}});
    expect_facts(
        [&](Command& command) {
          command.root_directory(root.path()).working_directory("usr", change);
        },
        {{"directory", "/usr"}});
  }
  // The opposite case: relative to the working directory of this process.
  run_apart([&] {
    ASSERT_EQ(::chdir("/tmp"), 0);
    expect_facts(
        [&](Command& command) {
          command.root_directory(std::filesystem::path(root.path()).filename());
        },
        {{"mount of /", root.mount()}});
  });
  // A descriptor refers to the same directory in every root.
  const OwnedFd outside = open_directory("/");
  expect_facts(
      [&](Command& command) { command.root_directory(root.path()).working_directory(outside); },
      {{"mount of /", root.mount()},
       {"mount of the directory", facts_of_this_process().at("mount of /")}});
}

TEST(CommandRootDirectory, AndAUserWhoCouldNotChangeIt) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const OtherRoot root;
  expect_facts(
      [&](Command& command) {
        command.root_directory(root.path()).identity({.user = 1234, .group = 1234});
      },
      {{"mount of /", root.mount()}, {"Uid", "1234 1234 1234 1234"}});
}

// The programs of the new root are found.
TEST(CommandRootDirectory, WithoutTheProgramFailsAtExec) {
  SYSFD_REQUIRE_ROOT();
  const ScratchDirectory empty;
  Command command("/bin/true");
  command.root_directory(std::string(empty.path()));
  expect_error(command, SpawnStep::exec, ENOENT);
}

TEST(CommandRootDirectory, ThatFailsIsNamed) {
  SYSFD_REQUIRE_ROOT();
  const OwnedFd file = some_file();
  const OwnedFd directory = open_directory("/");
  const auto by_path = [](Command& command) { command.root_directory("/usr"); };
  const auto by_descriptor = [&](Command& command) { command.root_directory(directory); };
  expect_failures({
      {{SYS_chroot, EPERM}, by_path, SpawnStep::root_directory},
      {{SYS_chroot, EPERM}, by_descriptor, SpawnStep::root_directory},
      {{SYS_fchdir, EACCES}, by_descriptor, SpawnStep::root_directory},
      {{SYS_chdir, EACCES}, by_path, SpawnStep::root_directory},
  });
  Command no_directory("/bin/true");
  no_directory.root_directory(file);
  expect_error(no_directory, SpawnStep::root_directory, ENOTDIR);
  Command not_there("/bin/true");
  not_there.root_directory("/no/such");
  expect_error(not_there, SpawnStep::root_directory, ENOENT);
  EXPECT_EQ(not_there.spawn().error().describe(),
            "change of the root directory \"/no/such\": No such file or directory");
  run_apart([] {
    become_ordinary_user();
    Command command("/bin/true");
    command.root_directory("/");
    expect_error(command, SpawnStep::root_directory, EPERM);
  });
}

TEST(CommandPlace, WithANulInsideIsRefused) {
  const std::string nul("a\0b", 3);
  expect_refused({
      {[&](Command& command) { command.root_directory(nul); }, SpawnStep::root_directory,
       "change of the root directory \"(a string with a NUL inside)\""},
      {[&](Command& command) { command.working_directory(nul); }, SpawnStep::working_directory,
       "change to the working directory \"(a string with a NUL inside)\""},
  });
}

// Runs the inspector by descriptor.
Report report_of(Command command) {
  auto output = command.arg("-").output();
  EXPECT_TRUE(output) << output.error().describe();
  if (!output) return {};
  EXPECT_TRUE(output->success()) << output->describe();
  std::istringstream text(output->out);
  return parse_report(text);
}

OwnedFd open_program(const std::string& path, int flags) {
  return OwnedFd::adopt(::open(path.c_str(), flags | O_CLOEXEC));
}

TEST(CommandProgramDescriptor, RunsWhatItRefersTo) {
  for (const int flags : {O_RDONLY, O_PATH}) {
    const OwnedFd program = open_program(Inspection::inspector_path(), flags);
    const Report report = report_of(Command(program, "any name"));
    ASSERT_FALSE(report.arguments.empty());
    EXPECT_EQ(report.arguments.front(), "any name");
    EXPECT_EQ(report.descriptors.size(), 3U) << "the program does not get it";
  }
}

TEST(CommandProgramDescriptor, CanBePassedAsWell) {
  const OwnedFd program = open_program(Inspection::inspector_path(), O_RDONLY);
  const Report report = report_of(Command(program, "inspector").pass(program, 7));
  EXPECT_EQ(report.descriptors.size(), 4U);
  EXPECT_EQ(report.descriptors.at(7), identity_of(program.get()));
}

TEST(CommandProgramDescriptor, RunsWhatIsNowhereAnyMore) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "copy";
  std::filesystem::copy_file(Inspection::inspector_path(), path);
  const OwnedFd program = open_program(path, O_RDONLY);
  std::filesystem::remove(path);
  EXPECT_FALSE(report_of(Command(program, "gone")).arguments.empty());
}

TEST(CommandProgramDescriptor, RunsInAnotherRootAndAsAnotherUser) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const OtherRoot root;
  const OwnedFd program = open_program(Inspection::inspector_path(), O_PATH);
  const Report report =
      report_of(Command(program, "inspector").root_directory(root.path()).identity({.user = 1234}));
  EXPECT_EQ(report.facts.at("mount of /"), root.mount());
  EXPECT_EQ(report.facts.at("Uid"), "1234 1234 1234 1234");
}

TEST(CommandProgramDescriptor, OfAScriptIsToBePassedToo) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "script";
  std::ofstream(path) << "#!/bin/sh\necho \"$1\"\n";
  ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
  const OwnedFd script = open_program(path, O_RDONLY);

  Command without(script, "script");
  expect_error(without, SpawnStep::exec, ENOENT);
  EXPECT_EQ(without.spawn().error().describe(),
            "exec of \"descriptor " + std::to_string(script.get()) +
                ", a script that its interpreter cannot open again: pass() it to the child too\": "
                "No such file or directory");

  for (const int number : {script.get(), 3, 77}) {
    auto output = Command(script, "script").arg("ran").pass(script, number).output();
    ASSERT_TRUE(output) << output.error().describe();
    EXPECT_EQ(output->out, "ran\n") << output->err;
  }
}

TEST(CommandProgramDescriptor, ThatIsNoneFails) {
  const OwnedFd file = some_file();
  ASSERT_EQ(::fchmod(file.get(), 0644), 0);
  const OwnedFd directory = open_directory("/");
  const auto expect_refusal = [](BorrowedFd program, int error) {
    Command command(program, "none");
    expect_error(command, SpawnStep::exec, error);
    EXPECT_EQ(command.spawn().error().subject, "descriptor " + std::to_string(program.get()));
  };
  expect_refusal(file, EACCES);
  ASSERT_EQ(::fchmod(file.get(), 0755), 0);
  expect_refusal(file, ENOEXEC);
  expect_refusal(directory, EACCES);
  expect_refusal(BorrowedFd::unsafe_borrow(999), EBADF);
}

TEST(CommandArgument0, NeedNotBeTheProgram) {
  const auto arguments_of = [](Command command) { return report_of(std::move(command)).arguments; };
  const std::string inspector = Inspection::inspector_path();
  EXPECT_EQ(arguments_of(Command(inspector).argument0("-sh")).front(), "-sh");
  EXPECT_EQ(arguments_of(Command(inspector).argument0("")).front(), "");
  EXPECT_EQ(arguments_of(Command(inspector).argument0("a").argument0("b")).front(), "b");
}

TEST(CommandArgument0, WithANulInsideIsRefused) {
  expect_refused({{[](Command& command) { command.argument0(std::string("a\0b", 3)); },
                   SpawnStep::program, "program name \"(a string with a NUL inside)\""}});
}

}  // namespace
}  // namespace sysfd_test
