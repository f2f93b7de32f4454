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
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

using detail::find_field;
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
