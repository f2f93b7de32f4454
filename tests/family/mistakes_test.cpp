// SPDX-License-Identifier: MIT
//
// Tests the natural mistakes that compile: each does what its author meant, or fails with an error
// that names it, or stops the program with such a message. The list is in
// tests/compile_fail/mistakes.cpp.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/listen_fds.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

template <class... Values>
void use(const Values&...) {}

std::string text_in(const OwnedFd& fd) {
  std::string text;
  std::array<char, 64> buffer;
  for (ssize_t size; (size = ::read(fd.get(), buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(size));
  return text;
}

// Calls `body` in a process with one passed descriptor, named "web".
void run_activated(const std::function<void(std::span<const char* const>)>& body) {
  run_apart([&] {
    const OwnedFd file = some_file();
    if (file.get() == ListenFds::first_number)
      ::fcntl(file.get(), F_SETFD, 0);
    else
      ::dup2(file.get(), ListenFds::first_number);
    const std::string pid = "LISTEN_PID=" + std::to_string(::getpid());
    const std::array variables{pid.c_str(), "LISTEN_FDS=1", "LISTEN_FDNAMES=web"};
    body(variables);
  });
}

// 1, 2.
TEST(NaturalMistakeDeathTest, TheDescriptorOfAnErrorStopsTheProgramAndNamesTheError) {
  EXPECT_DEATH(use(*sysfd::open(cwd(), "/no/such", O_RDONLY)),
               "holds an error: No such file or directory \\(ENOENT\\)");
  const auto take_apart = [] {
    auto [read, write] = *sysfd::pipe(O_APPEND);
    use(read, write);
  };
  EXPECT_DEATH(take_apart(), "holds an error: Invalid argument \\(EINVAL\\)");
}

// 3.
TEST(NaturalMistakeDeathTest, TheChildOfAnErrorStopsTheProgramAndNamesTheProgram) {
  const auto child = Command("/no/such").spawn();
  EXPECT_DEATH(use(child->pid()),
               "holds an error: exec of \"/no/such\": No such file or directory \\(ENOENT\\)");
}

// 4.
TEST(NaturalMistake, TheConditionOfAnUpgradeIsWhetherThereIsOne) {
  const OwnedFd file = some_file();
  const OwnedFd other = must(reopen(file, O_RDWR));
  auto lock = must(DescriptionLock::acquire(file, LockMode::shared));
  {
    const auto reader = must(DescriptionLock::acquire(other, LockMode::shared));
    if (lock.try_upgrade()) ADD_FAILURE() << "another description has it";
  }
  if (!lock.try_upgrade()) ADD_FAILURE() << "no other description has it";
}

// 5.
TEST(NaturalMistake, TheConditionOfAWaitIsWhetherTheChildHasEnded) {
  SYSFD_REQUIRE_ISOLATION();
  auto [read, write] = must(sysfd::pipe());
  auto child = must(Command("cat").stdin_from(read).spawn());
  if (auto status = child.wait_for(0s)) ADD_FAILURE() << *status;
  std::move(write).close().value();
  if (auto status = child.wait_for(1h))
    EXPECT_TRUE(status->success());
  else
    ADD_FAILURE() << status.error();
}

// 10, 29.
TEST(NaturalMistake, GivenDescriptorsAreOpenInALoopOverATemporary) {
  run_activated([](std::span<const char* const> variables) {
    int count = 0;
    for (const auto& [index, name, fd] : *ListenFds::take(variables)) {
      EXPECT_EQ(name, "web");
      EXPECT_TRUE(is_open(fd.get()));
      ++count;
    }
    EXPECT_EQ(count, 1);
  });
}

TEST(NaturalMistake, TakingFromWhatWasTakenSaysSo) {
  run_activated([](std::span<const char* const> variables) {
    auto fds = must(ListenFds::take(variables));
    const auto again = fds.take(variables);  // calls the static function
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ListenErrorKind::already_taken);
    EXPECT_EQ(again.error(), std::errc::connection_already_in_progress);
    EXPECT_EQ(again.error().describe(), "this process has taken its descriptors before");
  });
}

// 11.
TEST(NaturalMistake, ABorrowedDescriptorThatIsClosedIsNamedByTheStart) {
  SYSFD_REQUIRE_ISOLATION();
  const auto to_log = [] {
    const OwnedFd log = some_file();
    return Command("true").stdout_to(log);
  };
  const auto child = to_log().spawn();
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error(), std::errc::bad_file_descriptor);
  EXPECT_EQ(child.error().describe(), "stdout of the child: Bad file descriptor");
  const auto passes = [] {
    const OwnedFd log = some_file();
    return Command("true").pass(log, 3);
  };
  EXPECT_EQ(passes().spawn().error().describe(),
            "descriptor 0, to be number 3: Bad file descriptor");
}

// 14, 26.
TEST(NaturalMistake, AWaitOfTheGreatestDurationWaits) {
  SYSFD_REQUIRE_ISOLATION();
  auto child = must(Command("cat").stdin_from(Stdio::pipe()).spawn());
  const auto status = child.wait_for(std::chrono::hours::max());  // also closes the pipe
  ASSERT_TRUE(status) << status.error();
  EXPECT_TRUE(status->success());
}

// 15, 18.
TEST(NaturalMistake, OutputTakesTheGreatestDurationAndAString) {
  SYSFD_REQUIRE_ISOLATION();
  const std::string input = "some text";
  const auto run =
      must(Command("cat").output({.input = input, .timeout = std::chrono::hours::max()}));
  EXPECT_TRUE(run.success()) << run;
  EXPECT_EQ(run.out, input);
}

// 16.
TEST(NaturalMistake, ANewFileWithoutAModeIsRefusedWithAMessageThatSaysSo) {
  const std::error_code error = error_of(sysfd::open(cwd(), "/no/such", O_CREAT | O_WRONLY));
  EXPECT_EQ(error, std::errc::invalid_argument);
  EXPECT_EQ(error.value(), EINVAL);
  EXPECT_EQ(error.message(),
            "flags that create a file (O_CREAT, O_TMPFILE) need a mode: open(directory, path, "
            "flags, 0644)");
  EXPECT_EQ(error_of(sysfd::open(cwd(), ".", O_TMPFILE | O_RDWR)), error);
  EXPECT_EQ(error_of(sysfd::open(cwd(), "/no/such", O_CREAT, Resolve::beneath)), error);
  EXPECT_EQ(error_of(UniqueDescription::open(cwd(), "/no/such", O_CREAT)), error);
}

TEST(NaturalMistakeDeathTest, ANewFileWithoutAModeStopsTheProgramThatDoesNotCheck) {
  EXPECT_DEATH(use(*sysfd::open(cwd(), "/no/such", O_CREAT | O_WRONLY)),
               "holds an error: flags that create a file \\(O_CREAT, O_TMPFILE\\) need a mode");
}

// 19: this file does not include the header of PreparedCommand.
TEST(NaturalMistake, ACommandIsPreparedWithItsOwnHeader) {
  SYSFD_REQUIRE_ISOLATION();
  const auto prepared = must(Command("true").prepare());
  EXPECT_TRUE(must(prepared.status()).success());
}

// 21.
TEST(NaturalMistake, StatusOutputAndErrorsPrint) {
  SYSFD_REQUIRE_ISOLATION();
  std::ostringstream out;
  out << must(Command("true").status()) << '\n'
      << must(Command("false").output()) << '\n'
      << Command("/no/such").spawn().error();
  EXPECT_EQ(out.str(),
            "exited with code 0\nexited with code 1\n"
            "exec of \"/no/such\": No such file or directory");
}

// 22, 23.
TEST(NaturalMistake, ArgumentsMayEndWithNullAndBeViews) {
  SYSFD_REQUIRE_ISOLATION();
  const char* const argv[] = {"%s.", "one", nullptr};
  const auto run = must(Command("printf").args(argv).arg(std::string_view("two!", 3)).output());
  EXPECT_EQ(run.out, "one.two.");
}

// 24.
TEST(NaturalMistake, APipeThatTheCommandOwnsEndsWithTheChild) {
  SYSFD_REQUIRE_ISOLATION();
  auto [read, write] = must(sysfd::pipe());
  const auto child = must(Command("echo").arg("text").stdout_to(std::move(write)).spawn());
  EXPECT_EQ(text_in(read), "text\n");
}

// 25.
TEST(NaturalMistake, AWaitForAChildThatNobodyReadsFromFailsAndLosesNothing) {
  SYSFD_REQUIRE_ISOLATION();
  constexpr std::size_t size = 300'000;
  auto child = must(Command("head")
                        .args({"-c", std::to_string(size), "/dev/zero"})
                        .stdout_to(Stdio::pipe())
                        .spawn());
  EXPECT_EQ(error_of(child.wait_for(1ms)), std::errc::timed_out);
  const auto output = must(child.communicate());
  EXPECT_EQ(output.out.size(), size);
  EXPECT_TRUE(output.success()) << output;
}

// 27, 28.
TEST(NaturalMistake, ALockOutlivesTheDescriptorItWasMadeWith) {
  const OwnedFd file = some_file();
  const OwnedFd other = must(reopen(file, O_RDWR));
  {
    auto lock = *DescriptionLock::acquire(file, LockMode::exclusive);
    const OwnedFd duplicate = must(file.duplicate());
    lock = *DescriptionLock::acquire(duplicate, LockMode::exclusive);
    EXPECT_EQ(error_of(DescriptionLock::try_acquire(other, LockMode::exclusive)),
              std::errc::resource_unavailable_try_again);
  }
  EXPECT_TRUE(DescriptionLock::try_acquire(other, LockMode::exclusive).has_value());
}

TEST(NaturalMistake, ALockNextToItsDescriptorCanBeMoved) {
  struct Locked {
    OwnedFd file;
    DescriptionLock lock;
  };
  const auto locked = [](OwnedFd file) {
    auto lock = *DescriptionLock::acquire(file, LockMode::exclusive);
    return Locked{std::move(file), std::move(lock)};
  };
  const OwnedFd first = some_file();
  const OwnedFd second = some_file();
  const auto is_locked = [](const OwnedFd& file) {
    const auto other = must(reopen(file, O_RDWR));
    return !DescriptionLock::try_acquire(other, LockMode::exclusive).has_value();
  };
  {
    Locked one = locked(must(reopen(first, O_RDWR)));
    Locked moved = std::move(one);
    EXPECT_TRUE(is_locked(first));
    moved = locked(must(reopen(second, O_RDWR)));
    EXPECT_FALSE(is_locked(first));
    EXPECT_TRUE(is_locked(second));
  }
  EXPECT_FALSE(is_locked(second));
}

// 30.
TEST(NaturalMistake, AnInheritableDescriptorThatIsAdoptedIsNotGivenToChildren) {
  SYSFD_REQUIRE_ISOLATION();
  const OwnedFd file = some_file();
  const OwnedFd adopted = must(OwnedFd::adopt_open(must(file.duplicate()).release()));
  must(set_close_on_exec(adopted, false));
  const std::string path = "/proc/self/fd/" + std::to_string(adopted.get());
  EXPECT_EQ(must(Command("test").args({"-e", path}).status()).code(), 1);
}

// 31, 32.
TEST(NaturalMistake, NoCapabilitiesAreNoneAlsoForRoot) {
  SYSFD_REQUIRE_ISOLATION();
  const auto run = must(Command("grep")
                            .args({"CapEff", "/proc/self/status"})
                            .identity({.no_capabilities = true})
                            .output());
  EXPECT_EQ(run.out, "CapEff:\t0000000000000000\n");
}

TEST(NaturalMistake, AWordThatIsNoCapabilityIsNamed) {
  SYSFD_REQUIRE_ISOLATION();
  const auto refusal = [](const char* iab) {
    return Command("true").identity({.iab = iab}).spawn().error().describe();
  };
  EXPECT_EQ(
      refusal("!all"),
      "ambient capabilities \"!all: no word means all; for none, see no_capabilities\": Invalid "
      "argument");
  EXPECT_EQ(refusal("^cap_kill,!cap_nonsense"),
            "ambient capabilities \"^cap_kill,!cap_nonsense: cap_nonsense is no capability\": "
            "Invalid argument");
}

// 33.
TEST(NaturalMistake, TheCurrentDirectoryIsAWorkingDirectory) {
  SYSFD_REQUIRE_ISOLATION();
  const auto run = must(Command("pwd").arg("-P").working_directory(cwd()).output());
  EXPECT_EQ(run.out, std::filesystem::current_path().string() + '\n');
}

// 35.
TEST(NaturalMistake, EveryResultThrowsItsErrorInOneCall) {
  SYSFD_REQUIRE_ISOLATION();
  use(Command("true").prepare().or_throw("prepare").status().or_throw());
  use(Command("true").output().or_throw("run").status.or_throw());
  use(Command("true").spawn().or_throw().wait().or_throw());
  try {
    use(Command("/no/such").output().or_throw("run"));
    ADD_FAILURE();
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.what(), "run: exec of \"/no/such\": No such file or directory");
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
  }
  run_activated([](std::span<const char* const> variables) {
    use(ListenFds::take(variables).or_throw("take"));
    EXPECT_THROW(use(ListenFds::take(variables).or_throw("take")), std::system_error);
  });
}

// 36.
TEST(NaturalMistake, AFunctionOfResultsPassesOnTheErrorOfAStart) {
  const auto number_of = [](const char* program) -> Result<pid_t> {
    auto child = Command(program).spawn();
    if (!child) return std::unexpected(child.error());
    return child->pid();
  };
  EXPECT_EQ(error_of(number_of("/no/such")), std::errc::no_such_file_or_directory);
}

// 39.
TEST(NaturalMistake, OutputOfAShellWhoseChildrenLiveOnReturns) {
  SYSFD_REQUIRE_ISOLATION();
  auto lives = must(sysfd::pipe());  // `cat` lives until its write end is closed
  Command command = Command::shell("cat <&3 4>&- & echo begun").pass(lives.read, 3);
  const auto run = must(command.output());  // no timeout: it ends with the shell
  EXPECT_TRUE(run.success());
  EXPECT_EQ(run.out, "begun\n");

  auto has_ended = must(sysfd::pipe());  // only the shell has the write end
  command.pass(std::move(has_ended.write), 4);
  const auto whole = must(command.output({.timeout = Timeout(1h).canceled_by(has_ended.read),
                                          .until = sysfd::OutputEnd::pipes_close}));
  EXPECT_EQ(whole.out, "begun\n");
  EXPECT_TRUE(whole.canceled);
  EXPECT_FALSE(whole.success());
}

// 40.
TEST(NaturalMistake, AChildThatWasCopiedByForkIsNotKilledByTheCopy) {
  SYSFD_REQUIRE_ISOLATION();
  auto [read, write] = must(sysfd::pipe());
  std::optional child = must(Command("cat").stdin_from(read).spawn());
  const pid_t copy = ::fork();
  if (copy == 0) {
    child.reset();
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(copy, nullptr, 0), copy);
  EXPECT_EQ(error_of(child->try_wait()), std::errc::resource_unavailable_try_again);
  std::move(write).close().value();
  EXPECT_TRUE(must(child->wait()).success());
}

}  // namespace
}  // namespace sysfd_test
