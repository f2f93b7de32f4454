// SPDX-License-Identifier: MIT
//
// Tests what an error of execve(2) is about: an interpreter, a string, a limit. The kernel's errno
// alone would be misleading.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/prepared_command.hpp>

#include "support/prelude.hpp"

#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

SpawnError error_of(Command& command) {
  auto child = command.spawn();
  if (!child) return child.error();
  ADD_FAILURE() << "it was started";
  return {SpawnStep::exec, {}, -1, ""};
}
SpawnError error_of(Command&& command) {
  return error_of(command);
}

// Returns the hint in addition to the name of the program.
std::string hint_of(const SpawnError& error) {
  const std::size_t comma = error.subject.find(", ");
  return comma == error.subject.npos ? "" : error.subject.substr(comma + 2);
}
std::string hint_of(Command& command) {
  return hint_of(error_of(command));
}
std::string hint_of(Command&& command) {
  return hint_of(error_of(command));
}

class ExecError : public testing::Test {
 protected:
  std::string path(const std::string& name) const {
    return directory_.path().string() + '/' + name;
  }
  std::string make(const std::string& name, const std::string& text, mode_t mode = 0755) const {
    const std::string file = path(name);
    fs::create_directories(fs::path(file).parent_path());
    std::ofstream(file) << text;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
    return file;
  }
  std::string directory() const { return directory_.path().string(); }

 private:
  ScratchDirectory directory_;
};

constexpr const char* no_such_file = "\": No such file or directory";

TEST_F(ExecError, NamesTheInterpreterOfAScriptThatIsMissing) {
  const std::string tool = make("tool", "#! /no/such/interpreter -x\n");
  const SpawnError error = error_of(Command(tool));
  EXPECT_EQ(error.step, SpawnStep::exec);
  EXPECT_EQ(error.code, std::errc::no_such_file_or_directory);
  EXPECT_EQ(
      error.describe(),
      "exec of \"" + tool + ", whose interpreter /no/such/interpreter is missing" + no_such_file);

  const SpawnError by_name = error_of(Command("tool").env("PATH", "/bin:" + directory()));
  EXPECT_EQ(by_name.describe(), error.describe());
  EXPECT_EQ(must(Command(tool).prepare()).spawn().error().describe(), error.describe());
  EXPECT_EQ(Command(tool).status().error().describe(), error.describe());
  EXPECT_EQ(must(Command(tool).spawn_async()).finish().error().describe(), error.describe());
}

TEST_F(ExecError, ShowsACarriageReturnAtTheEndOfAnInterpreter) {
  const std::string tool = make("tool", "#!/bin/sh\r\necho\r\n");
  EXPECT_EQ(error_of(Command(tool)).describe(),
            "exec of \"" + tool + ", whose interpreter /bin/sh\\r is missing" + no_such_file);
}

TEST_F(ExecError, ShowsCharactersThatTerminalsWouldNot) {
  EXPECT_EQ(hint_of(Command(make("tool", "#!/no/\x01such\x7f\n"))),
            "whose interpreter /no/\\x01such\\x7f is missing");
}

TEST_F(ExecError, NamesTheInterpreterOfAnInterpreterThatIsMissing) {
  const std::string inner = make("inner", "#!/no/such/one\n");
  const std::string outer = make("outer", "#!" + inner + "\n");
  EXPECT_EQ(hint_of(Command(outer)), "whose interpreter /no/such/one is missing");
}

TEST_F(ExecError, NamesTheLoaderOfAnElfFileThatIsMissing) {
  std::ifstream original("/bin/true", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(original), {}};
  const std::size_t loader = bytes.find("/ld-linux");
  if (loader == bytes.npos) GTEST_SKIP() << "needs a /bin/true with a loader";
  bytes[loader + 1] = '?';
  const std::string tool = make("true", bytes);
  const SpawnError error = error_of(Command(tool));
  EXPECT_EQ(error.code, std::errc::no_such_file_or_directory);
  EXPECT_TRUE(hint_of(error).starts_with("whose interpreter /lib")) << hint_of(error);
  EXPECT_TRUE(hint_of(error).contains("/?d-linux")) << hint_of(error);
  const OwnedFd program = must(sysfd::open(cwd(), tool, O_PATH));
  EXPECT_EQ(hint_of(Command(program, "true")), hint_of(error));
}

TEST_F(ExecError, NamesAnInterpreterThatCannotBeExecuted) {
  const std::string plain = make("plain", "text", 0644);
  const std::string tool = make("tool", "#!" + plain + "\n");
  const SpawnError error = error_of(Command(tool));
  EXPECT_EQ(error.code, std::errc::permission_denied);
  EXPECT_EQ(hint_of(error), "whose interpreter " + plain + " cannot be executed");
  EXPECT_EQ(hint_of(Command(make("itself", "#!" + plain + "\n", 0644))), "");

  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0755), 0);
  EXPECT_EQ(hint_of(Command(make("of_a_fifo", "#!" + path("fifo") + "\n"))),
            "whose interpreter " + path("fifo") + " cannot be executed")
      << "and is not opened";
  EXPECT_EQ(hint_of(Command(path("fifo"))), "");
}

TEST_F(ExecError, FindsARelativeInterpreterWhereTheChildWould) {
  make("bin/missing", "#!bin/no\n");
  make("bin/there", "#!bin/plain\n");
  make("bin/plain", "text", 0644);
  const OwnedFd here = must(sysfd::open(cwd(), directory(), O_PATH | O_DIRECTORY));
  const auto expect = [](const char* program, const char* hint, auto enter) {
    Command command(program);
    enter(command);
    EXPECT_EQ(hint_of(command), hint);
  };
  const auto by_path = [&](Command& command) { command.working_directory(directory()); };
  const auto by_descriptor = [&](Command& command) { command.working_directory(here); };
  expect("bin/missing", "whose interpreter bin/no is missing", by_path);
  expect("bin/missing", "whose interpreter bin/no is missing", by_descriptor);
  expect("bin/there", "whose interpreter bin/plain cannot be executed", by_path);
  expect("bin/there", "whose interpreter bin/plain cannot be executed", by_descriptor);
}

TEST_F(ExecError, FindsAnInterpreterInTheRootOfTheChild) {
  SYSFD_REQUIRE_ROOT();
  make("tool", "#!/bin/sh\n");  // exists outside
  make("bin/other", "#!/bin/plain\n");
  make("bin/plain", "text", 0644);
  fs::create_symlink("/bin/plain", path("link"));
  make("linked", "#!link\n");
  const OwnedFd root = must(sysfd::open(cwd(), directory(), O_PATH | O_DIRECTORY));
  const auto expect = [&](const char* program, const char* hint) {
    EXPECT_EQ(hint_of(Command(program).root_directory(root)), hint);
    EXPECT_EQ(hint_of(Command(program).root_directory(directory())), hint);
  };
  expect("/tool", "whose interpreter /bin/sh is missing");
  expect("/bin/other", "whose interpreter /bin/plain cannot be executed");
  expect("./linked", "whose interpreter link cannot be executed");
  EXPECT_EQ(error_of(Command("plain").env("PATH", "/bin").root_directory(root)).subject,
            "/bin/plain");
}

TEST_F(ExecError, SaysLessWhereItCannotKnow) {
  SYSFD_REQUIRE_ROOT();
  const std::string tool = make("tool", "#!/no/such/interpreter\n");
  const OwnedFd mounts = must(sysfd::open(cwd(), "/proc/self/ns/mnt", O_RDONLY));
  run_apart([&] {
    const SpawnError error = error_of(Command(tool).namespaces({.join = {{.of = mounts}}}));
    EXPECT_EQ(error.step, SpawnStep::exec) << error.describe();
    EXPECT_EQ(hint_of(error), "");
  });
  EXPECT_EQ(hint_of(Command(path("nothing"))), "");
  EXPECT_EQ(error_of(Command(path("nothing"))).describe(),
            "exec of \"" + path("nothing") + no_such_file);
}

TEST_F(ExecError, OfADescriptorNamesWhatIsMissingAndNotThatItWasPassed) {
  const OwnedFd broken =
      must(sysfd::open(cwd(), make("tool", "#!/no/such/interpreter\n"), O_RDONLY));
  const std::string hint = "whose interpreter /no/such/interpreter is missing";
  EXPECT_EQ(hint_of(Command(broken, "tool")), hint);
  EXPECT_EQ(hint_of(Command(broken, "tool").pass(broken, 3)), hint);
  EXPECT_EQ(hint_of(Command(broken, "tool").stdin_from(broken)), hint);

  const OwnedFd script = must(sysfd::open(cwd(), make("fine", "#!/bin/sh\n"), O_RDONLY));
  EXPECT_EQ(hint_of(Command(script, "fine")),
            "a script that its interpreter cannot open again: pass() it to the child too");
}

// Fails like binfmt_misc, however that is configured here.
TEST_F(ExecError, OfWhatBinfmtMiscExecutesSaysWhatItNeeds) {
  const std::string path = make("tool", "a format of its own");
  const OwnedFd program = must(sysfd::open(cwd(), path, O_RDONLY));
  std::thread([&] {
    refuse_calls({{SYS_execveat, ENOENT}, {SYS_execve, ENOENT}});
    EXPECT_EQ(hint_of(Command(program, "tool")),
              "which its interpreter cannot open again: pass() it to the child too");
    EXPECT_EQ(hint_of(Command(program, "tool").pass(program, 3)), "");
    EXPECT_EQ(hint_of(Command(path)), "for which binfmt_misc has an interpreter that is missing");
  }).join();
}

// User namespaces have their own binfmt_misc since Linux 6.7.
TEST_F(ExecError, OfWhatBinfmtMiscExecutesIsTheSameWithARealOne) {
  SYSFD_REQUIRE_ONE_THREAD();
  const std::string missing = make("missing", "sysfd-a: of a format of its own");
  const std::string there = make("there", "sysfd-b: of a format of its own");
  run_apart([&] {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return;
    std::ofstream("/proc/self/uid_map") << "0 0 1";
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/gid_map") << "0 0 1";
    if (::mount("binfmt_misc", directory().c_str(), "binfmt_misc", 0, nullptr) != 0) return;
    const int registry = ::open(path("register").c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(::umount2(directory().c_str(), MNT_DETACH), 0);
    if (registry == -1) return;
    const OwnedFd owned = OwnedFd::adopt(registry);
    for (const std::string& line : std::vector<std::string>{
             ":sysfd-a:M::sysfd-a::/no/such/interpreter:", ":sysfd-b:M::sysfd-b::/bin/true:"})
      if (::write(registry, line.data(), line.size()) == -1) return;
    EXPECT_TRUE(must(Command(there).status()).success());
    EXPECT_EQ(hint_of(Command(missing)),
              "for which binfmt_misc has an interpreter that is missing");
    const OwnedFd program = must(sysfd::open(cwd(), there, O_RDONLY));
    EXPECT_EQ(hint_of(Command(program, "there")),
              "which its interpreter cannot open again: pass() it to the child too");
    EXPECT_TRUE(must(Command(program, "there").pass(program, 3).status()).success());
  });
}

// RESOLVE_IN_ROOT, ... or /proc may be refused: the error does not change.
TEST_F(ExecError, IsTheSameWhereNothingElseCanBeFoundOut) {
  const std::string tool = make("tool", "#!/no/such/interpreter\n");
  std::thread([&] {
    refuse_calls({{SYS_pread64, EPERM}, {SYS_openat2, EPERM}, {SYS_statx, EPERM}});
    const SpawnError error = error_of(Command(tool));
    EXPECT_EQ(error.code, std::errc::no_such_file_or_directory);
    EXPECT_EQ(error.describe(), "exec of \"" + tool + no_such_file);
  }).join();
}

TEST_F(ExecError, SaysThatRelativeDirectoriesOfPathAreNotSearched) {
  make("bin/sysfd_tool", "#!/bin/sh\n");
  make("sysfd_tool", "#!/bin/sh\n");
  for (const char* search : {"", ":", "/no/such:", ".", "./", "/no/such:.:", "bin", "bin/../bin"}) {
    const SpawnError error =
        error_of(Command("sysfd_tool").env("PATH", search).working_directory(directory()));
    EXPECT_EQ(error.code, std::errc::no_such_file_or_directory) << search;
    EXPECT_EQ(hint_of(error),
              "which is in a relative directory of PATH only: those are not searched")
        << search;
  }
  EXPECT_EQ(hint_of(Command("sysfd_other").env("PATH", ".:bin")), "");
  fs::create_directory(path("bin/sysfd_directory"));
  EXPECT_EQ(hint_of(Command("sysfd_directory").env("PATH", "bin").working_directory(directory())),
            "");
}

constexpr std::size_t too_much = 128 * 1024;

std::size_t longest() {
  return 32 * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) - 1;
}

TEST_F(ExecError, NamesTheArgumentThatIsTooLong) {
  const std::string fits(longest(), 'x');
  const std::string does_not = fits + 'x';
  const SpawnError error = error_of(Command("true").args({"a", fits, does_not, "b"}));
  EXPECT_EQ(error.step, SpawnStep::argument);
  EXPECT_EQ(error.index, 2);
  EXPECT_EQ(error.code, std::errc::argument_list_too_long);
  EXPECT_EQ(error.describe(), "argument 2 \"" + std::string(32, 'x') + "..., " +
                                  std::to_string(longest() + 1) + " bytes long, where " +
                                  std::to_string(longest()) +
                                  " are allowed\": Argument list too long");
  EXPECT_TRUE(must(Command("true").arg(fits).status()).success());

  const auto prepared = must(Command("true").arg("a").prepare());
  const CStr more[] = {"b", does_not};
  EXPECT_EQ(prepared.spawn({.arguments = more}).error().index, 2);
  EXPECT_EQ(must(prepared.spawn_async({.arguments = more})).finish().error().index, 2);
  EXPECT_EQ(error_of(Command("true").argument0(does_not)).step, SpawnStep::program);
}

TEST_F(ExecError, NamesTheVariableThatIsTooLong) {
  const std::string fits(longest() - std::string("SOME_NAME=").size(), 'x');
  EXPECT_TRUE(must(Command("true").env("SOME_NAME", fits).status()).success());
  const SpawnError error =
      error_of(Command("true").env("A", "").remove_env("B").env("SOME_NAME", fits + 'x'));
  EXPECT_EQ(error.step, SpawnStep::environment);
  EXPECT_EQ(error.index, 2);
  EXPECT_TRUE(error.subject.starts_with("SOME_NAME, ")) << error.subject;
  EXPECT_EQ(must(Command("true").env("A", "").env("SOME_NAME", fits + 'x').prepare())
                .spawn()
                .error()
                .index,
            1);
  run_apart([&] {
    ::setenv("SOME_NAME", (fits + 'x').c_str(), 1);
    const SpawnError inherited = error_of(Command("true").env("A", ""));
    EXPECT_EQ(inherited.step, SpawnStep::environment);
    EXPECT_EQ(inherited.index, -1) << "it was not set";
    EXPECT_TRUE(inherited.subject.starts_with("SOME_NAME, ")) << inherited.subject;
  });
}

TEST_F(ExecError, SaysHowLongAllStringsAreTogetherAndHowLongTheyMayBe) {
  const std::string half(too_much / 2, 'x');
  rlimit stack{};
  ASSERT_EQ(::getrlimit(RLIMIT_STACK, &stack), 0);
  Command command("true");
  command.clear_env().resources({.limits = {{RLIMIT_STACK, 1 << 20, stack.rlim_max}}});
  for (int i = 0; i < 5; ++i)
    command.arg(half);
  const SpawnError error = error_of(command);
  EXPECT_EQ(error.step, SpawnStep::exec);
  EXPECT_EQ(error.code, std::errc::argument_list_too_long);
  EXPECT_TRUE(hint_of(error).starts_with("whose arguments and environment are together 3277"))
      << hint_of(error);
  EXPECT_TRUE(hint_of(error).ends_with(" bytes long, where 262144 are allowed")) << hint_of(error);
}

TEST_F(ExecError, SaysWhenTheUserHasTooManyProcesses) {
  std::thread([] {
    refuse_calls({{SYS_execve, EAGAIN}});
    EXPECT_EQ(hint_of(Command("true")), "");
    if (!is_root()) return;
    EXPECT_EQ(hint_of(Command("true").identity({.user = 65534})),
              "as its user has too many processes (RLIMIT_NPROC)");
  }).join();
}

}  // namespace
}  // namespace sysfd_test
