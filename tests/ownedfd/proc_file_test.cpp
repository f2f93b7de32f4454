// SPDX-License-Identifier: MIT
#include <sysfd/detail/proc_file.hpp>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <latch>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

using detail::find_field;
using detail::NumberedPath;
using detail::open_proc_file;
using detail::open_proc_link;

// Returns the value of a field of the caller's status, or the error.
std::string field_of_status(std::string_view label) {
  const auto file = open_proc_file("thread-self/status");
  if (!file) return file.error().message();
  std::string room(64, '\0');
  const auto value = find_field(*file, label, room);
  return value ? std::string(*value) : value.error().message();
}

std::string message_of(int error) {
  return std::make_error_code(static_cast<std::errc>(error)).message();
}

// Runs `body` unchanged, and with openat2(2) refused in each of the ways that filters have.
template <class Body>
void with_and_without_openat2(Body body) {
  run_apart(body);
  for (const int error : {ENOSYS, EPERM, EACCES}) {
    SCOPED_TRACE(message_of(error));
    run_apart([&] {
      refuse_calls({{SYS_openat2, error}});
      body();
    });
  }
}

// Mounts in the copy's own mount namespace.
void mount_over(const std::string& source, const std::string& target) {
  ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  ASSERT_EQ(::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr), 0);
}

TEST(ProcFile, IsOfTheCallingThread) {
  with_and_without_openat2([] {
    std::jthread([] {
      EXPECT_EQ(field_of_status("Pid:\t"), std::to_string(::gettid()));
      EXPECT_EQ(field_of_status("Tgid:\t"), std::to_string(::getpid()));
    });
  });
}

TEST(ProcFile, IsOfTheThreadsOwnDescriptors) {
  with_and_without_openat2([] {
    const auto file = some_file();
    std::jthread([&] {
      ASSERT_EQ(::unshare(CLONE_FILES), 0);
      const auto other = some_file();
      ASSERT_EQ(::dup2(other.get(), file.get()), file.get());
      const auto opened =
          open_proc_link("thread-self/fd", std::to_string(file.get()).c_str(), O_RDONLY);
      ASSERT_TRUE(opened);
      EXPECT_TRUE(same_file(opened->get(), other.get()));
    });
  });
}

TEST(ProcFile, IsCloseOnExec) {
  with_and_without_openat2([] {
    for (const int flags : {O_RDONLY, O_PATH, O_RDONLY | O_DIRECTORY}) {
      const bool is_directory = flags != O_RDONLY;
      const auto file = must(open_proc_file(is_directory ? "thread-self" : "version", flags));
      EXPECT_TRUE(*is_close_on_exec(file));
    }
  });
}

TEST(ProcFile, IsRefusedWhereAnotherFileIsMountedOverIt) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  with_and_without_openat2([] {
    const std::string own = "/proc/" + std::to_string(::getpid()) + "/status";
    ASSERT_NO_FATAL_FAILURE(mount_over("/proc/1/status", own));
    const auto file = open_proc_file(own.substr(std::string("/proc/").size()).c_str());
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().value(), EXDEV);
  });
}

TEST(ProcFile, IsRefusedWhereAnotherProcessIsMountedOverItsOwn) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  with_and_without_openat2([] {
    ASSERT_NO_FATAL_FAILURE(mount_over("/proc/1", "/proc/" + std::to_string(::getpid())));
    EXPECT_EQ(field_of_status("Pid:\t"), message_of(EXDEV));
    EXPECT_EQ(error_of(open_proc_link("thread-self/ns", "mnt", O_RDONLY)).value(), EXDEV);
  });
}

TEST(ProcFile, IsRefusedWhereADirectoryOfLinksBackIntoProcIsMounted) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  ASSERT_EQ(::symlink("/proc/1/status", (scratch.path() / "status").c_str()), 0);
  with_and_without_openat2([&] {
    const std::string own = std::to_string(::getpid());
    ASSERT_NO_FATAL_FAILURE(mount_over(scratch.path(), "/proc/" + own));
    EXPECT_EQ(error_of(open_proc_file((own + "/status").c_str())).value(), EXDEV);
  });
}

TEST(ProcFile, IsRefusedWhereProcIsNone) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  with_and_without_openat2([&] {
    ASSERT_NO_FATAL_FAILURE(mount_over(scratch.path(), "/proc"));
    EXPECT_EQ(error_of(open_proc_file("thread-self/status")).value(), ENOENT);
  });
}

TEST(ProcFile, IsRefusedWhereAPartOfProcIsMountedOverIt) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  with_and_without_openat2([] {
    ASSERT_NO_FATAL_FAILURE(mount_over("/proc/1", "/proc"));
    EXPECT_EQ(error_of(open_proc_file("thread-self/status")).value(), ENOENT);
  });
}

TEST(ProcFile, IsNotReachedThroughAMagicLink) {
  with_and_without_openat2([] {
    EXPECT_EQ(error_of(open_proc_file("thread-self/exe")).value(), ELOOP);
    EXPECT_FALSE(open_proc_file("thread-self/root/proc/version"));
  });
}

TEST(ProcFile, IsAbsentAsOpenSays) {
  with_and_without_openat2([] {
    EXPECT_EQ(error_of(open_proc_file("thread-self/none")).value(), ENOENT);
    EXPECT_EQ(error_of(open_proc_file("thread-self/status/none")).value(), ENOTDIR);
  });
}

TEST(ProcFile, KeepsAnErrorOfItsOwnThatARefusalHasToo) {
  SYSFD_REQUIRE_ROOT();
  with_and_without_openat2([] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(error_of(open_proc_file("1/environ")).value(), EACCES);
  });
}

TEST(ProcFile, IsRefusedAsOpenat2IsWhereItsMountIsNotTold) {
  run_apart([] {
    refuse_calls({{SYS_openat2, EPERM}, {SYS_statx, ENOSYS}});
    EXPECT_EQ(error_of(open_proc_file("version")), std::errc::operation_not_permitted);
  });
}

TEST(ProcFile, IsRefusedWhereItsOwnMountIsNotTold) {
  run_apart([] {
    int second = -1;  // the number that the file will have, beside that of /proc
    {
      const OwnedFd files[] = {some_file(), some_file()};
      second = files[1].get();
    }
    refuse_calls({{SYS_openat2, EPERM},
                  {SYS_statx, ENOSYS, RefusedCall::Match{0, static_cast<std::uint32_t>(second)}}});
    EXPECT_EQ(error_of(open_proc_file("version")), std::errc::function_not_supported);
    EXPECT_FALSE(is_open(second));
  });
}

TEST(ProcFile, HasNoNameLongerThanProcHas) {
  run_apart([] {
    refuse_calls({{SYS_openat2, ENOSYS}});
    EXPECT_EQ(error_of(open_proc_file(std::string(64, 'x').c_str())), std::errc::filename_too_long);
    EXPECT_EQ(error_of(open_proc_file(std::string(63, 'x').c_str())),
              std::errc::no_such_file_or_directory);
  });
}

OwnedFd file_with(const std::string& text) {
  auto file = some_file();
  EXPECT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  return file;
}

TEST(ProcFile, MayEndWithoutANewline) {
  std::string room(8, '\0');
  const auto file = file_with("\n\nName:\tx\nPid:\t12");
  EXPECT_EQ(must(find_field(file, "Pid:\t", room)), "12");
}

// Returns the error of find_field() whose second read(2) fails with EIO.
std::error_code error_in_second_read(const OwnedFd& file, std::string_view label) {
  std::optional<StoppedCalls> reads;
  std::latch is_filtered(1);
  std::error_code error;
  std::jthread reader([&] {
    reads.emplace(SYS_read);
    is_filtered.count_down();
    std::string room(4096, '\0');
    error = error_of(find_field(file, label, room));
  });
  is_filtered.wait();
  if (reads->await()) reads->let_go();
  if (reads->await()) reads->fail(EIO);
  reader.join();
  return error;
}

TEST(ProcFile, TellsWhereItsEndCannotBeRead) {
  run_apart([] {
    const auto long_line = file_with(std::string(600, 'x') + "\nPid:\t1\n");
    EXPECT_EQ(error_in_second_read(long_line, "Pid:\t"), std::errc::io_error);
  });
  run_apart([] {
    const auto long_value = file_with("Pid:\t" + std::string(600, '1') + "\n");
    EXPECT_EQ(error_in_second_read(long_value, "Pid:\t"), std::errc::io_error);
  });
}

TEST(ProcFile, HasNoFieldInALineWithoutAnEnd) {
  std::string room(8, '\0');
  const auto file = file_with("x");
  EXPECT_EQ(error_of(find_field(file, "Pid:\t", room)).value(), ENODATA);
}

TEST(NumberedPathDeathTest, ADirectoryThatIsTooLongStopsTheProgram) {
  const std::string longest(24, 'x');
  EXPECT_EQ(NumberedPath(longest, INT_MIN).get(), longest + std::to_string(INT_MIN));
  EXPECT_DEATH(NumberedPath(std::string(29, 'x'), 1), "the directory is too long");
}

TEST(ProcFile, IsReadToItsEnd) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    // The status has more than 4096 bytes; NSpid comes after the groups.
    std::vector<gid_t> groups(1000);
    std::iota(groups.begin(), groups.end(), 1'000'000);
    ASSERT_EQ(::setgroups(groups.size(), groups.data()), 0);
    EXPECT_EQ(field_of_status("NSpid:\t"), std::to_string(::getpid()));
  });
}

TEST(ProcFile, HasAFieldOnlyAtTheBeginningOfALine) {
  run_apart([] {
    ASSERT_EQ(::prctl(PR_SET_NAME, "Pid:\t1"), 0);
    EXPECT_EQ(field_of_status("Pid:\t"), std::to_string(::getpid()));
    EXPECT_EQ(field_of_status("d:\t"), message_of(ENODATA));
  });
}

TEST(ProcFile, TellsWhereAFieldHasNoRoom) {
  const auto file = must(open_proc_file("thread-self/status"));
  EXPECT_EQ(error_of(find_field(file, "State:\t", {})).value(), EOVERFLOW);
}

TEST(ProcFile, TellsWhereAFieldCannotBeRead) {
  const auto directory = must(open_proc_file("thread-self", O_RDONLY | O_DIRECTORY));
  std::string room(8, '\0');
  EXPECT_EQ(error_of(find_field(directory, "Pid:\t", room)).value(), EISDIR);
}

}  // namespace
}  // namespace sysfd_test
