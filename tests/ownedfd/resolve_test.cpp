// SPDX-License-Identifier: MIT
//
// Tests open() with limits on what a path may go through, and the standard streams that a program
// starts with.
#include <sysfd/create.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <latch>
#include <optional>
#include <string>
#include <thread>

#include "support/prelude.hpp"

#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

class OpenResolved : public testing::Test {
 protected:
  OpenResolved() {
    fs::create_directory(scratch_.path() / "inside");
    (void)must(sysfd::open(directory_, "inside/file", O_CREAT | O_WRONLY, 0600));
    fs::create_symlink("inside/file", scratch_.path() / "link");
    fs::create_symlink("/", scratch_.path() / "root");
  }
  std::error_code error(const char* path, Resolve resolve, int flags = O_RDONLY) const {
    return error_of(sysfd::open(directory_, path, flags, resolve));
  }

  const ScratchDirectory scratch_;
  const OwnedFd directory_ = must(sysfd::open(cwd(), scratch_.path(), O_PATH | O_DIRECTORY));
};

TEST_F(OpenResolved, BeneathOpensNothingOutside) {
  EXPECT_EQ(error("inside/file", Resolve::beneath), std::error_code());
  EXPECT_EQ(error("link", Resolve::beneath), std::error_code());
  EXPECT_EQ(error("inside/../inside/file", Resolve::beneath), std::error_code());
  for (const char* outside : {"..", "../x", "/etc/passwd", "root/etc/passwd"})
    EXPECT_EQ(error(outside, Resolve::beneath), std::errc::cross_device_link) << outside;
}

TEST_F(OpenResolved, InRootTakesTheDirectoryForTheRoot) {
  EXPECT_EQ(error("/inside/file", Resolve::in_root), std::error_code());
  EXPECT_EQ(error("root/inside/file", Resolve::in_root), std::error_code());
  EXPECT_EQ(error("../../inside/file", Resolve::in_root), std::error_code());
  EXPECT_EQ(error("/etc/passwd", Resolve::in_root), std::errc::no_such_file_or_directory);
}

TEST_F(OpenResolved, WithoutLinksFollowsNone) {
  EXPECT_EQ(error("link", Resolve::no_symlinks), std::errc::too_many_symbolic_link_levels);
  EXPECT_EQ(error("inside/file", Resolve::beneath | Resolve::no_symlinks), std::error_code());
}

TEST_F(OpenResolved, WithoutMagicLinksFollowsOthersAlone) {
  const auto error_in = [](const std::string& path, Resolve resolve) {
    return error_of(sysfd::open(cwd(), path, O_RDONLY, resolve));
  };
  const OwnedFd file = must(sysfd::open(directory_, "inside/file", O_RDONLY));
  const std::string magic = "/proc/self/fd/" + std::to_string(file.get());  // /proc/self is none
  EXPECT_EQ(error_in(magic, {}), std::error_code());
  EXPECT_EQ(error_in(magic, Resolve::no_magic_links), std::errc::too_many_symbolic_link_levels);
  EXPECT_EQ(error_in("/proc/self/status", Resolve::no_magic_links), std::error_code());
  EXPECT_EQ(error("link", Resolve::no_magic_links), std::error_code());
}

TEST_F(OpenResolved, WithoutMountPointsStaysInItsMount) {
  const OwnedFd root = must(sysfd::open(cwd(), "/", O_PATH | O_DIRECTORY));
  const auto error_in = [&](const char* path, Resolve resolve) {
    return error_of(sysfd::open(root, path, O_RDONLY, resolve));
  };
  EXPECT_EQ(error_in("proc/self/status", {}), std::error_code());
  EXPECT_EQ(error_in("proc/self/status", Resolve::no_mount_points), std::errc::cross_device_link);
  EXPECT_EQ(error_in("proc", Resolve::no_mount_points), std::errc::cross_device_link);
  EXPECT_EQ(error("link", Resolve::no_mount_points), std::error_code());
  EXPECT_EQ(error("root/proc/self/status", Resolve::no_mount_points), std::errc::cross_device_link);
}

TEST_F(OpenResolved, CreatesOnlyWithAMode) {
  EXPECT_EQ(error("new", Resolve::beneath, O_CREAT | O_WRONLY), std::errc::invalid_argument);
  const auto made = sysfd::open(directory_, "new", O_CREAT | O_WRONLY, 0600, Resolve::beneath);
  ASSERT_TRUE(made);
  EXPECT_EQ(is_close_on_exec(*made), true);
  EXPECT_GE(made->get(), 3);
}

TEST_F(OpenResolved, TakesTheFlagsThatOpenTakes) {
  EXPECT_EQ(error("inside", Resolve::beneath, O_PATH | O_DIRECTORY), std::error_code());
  EXPECT_EQ(error("inside", Resolve::beneath, O_RDONLY | O_DIRECTORY), std::error_code());
}

TEST_F(OpenResolved, IsNotTriedInAnotherWayWhereItIsRefused) {
  run_apart([this] {
    refuse_calls({{SYS_openat2, ENOSYS}});
    EXPECT_EQ(error("inside/file", Resolve::beneath), std::errc::function_not_supported);
  });
}

TEST_F(OpenResolved, TriesAgainWhatIsRenamedMeanwhileButNotForEver) {
  run_apart([this] {
    refuse_calls({{SYS_openat2, EAGAIN}});
    EXPECT_EQ(error("inside/file", Resolve::beneath), std::errc::resource_unavailable_try_again);
  });
}

TEST_F(OpenResolved, TakesNoPathWithANulInIt) {
  const std::string path("inside/file\0x", 13);
  EXPECT_EQ(error_of(sysfd::open(directory_, path, O_RDONLY, Resolve::beneath)),
            std::errc::invalid_argument);
}

TEST(MissingStandardStreams, ThatCannotBeOpenedAreAnError) {
  run_apart([] {
    ::close(STDIN_FILENO);
    refuse_calls({{SYS_openat, EACCES}});
    EXPECT_EQ(error_of(open_missing_standard_streams()), std::errc::permission_denied);
  });
}

// Another thread takes the number of the stream while this one opens a file for it.
TEST(MissingStandardStreams, ThatAnotherThreadOpensTooAreAnError) {
  run_apart([] {
    const OwnedFd file = some_file();
    std::optional<StoppedCalls> calls;
    std::latch is_filtered(1);
    std::jthread opener([&] {
      calls.emplace(SYS_openat);
      ::close(STDIN_FILENO);
      is_filtered.count_down();
      EXPECT_EQ(error_of(open_missing_standard_streams()), std::errc::device_or_resource_busy);
      EXPECT_TRUE(same_file(STDIN_FILENO, file.get()));
    });
    is_filtered.wait();
    ASSERT_TRUE(calls->await());
    EXPECT_EQ(::dup2(file.get(), STDIN_FILENO), STDIN_FILENO);
    calls->let_go();
  });
}

TEST(MissingStandardStreams, AreOpenedAndNoOthers) {
  for (const int missing : {0, 1, 2, 3, 4, 5, 6, 7})  // one bit for each open stream
    run_apart([missing] {
      const OwnedFd null = must(sysfd::open(cwd(), "/dev/null", O_PATH));
      struct stat of_null{}, before[3]{}, after{};
      ASSERT_EQ(::fstat(null.get(), &of_null), 0);
      for (int number = 0; number < 3; ++number) {
        ::fstat(number, &before[number]);
        if ((missing & 1 << number) == 0) ::close(number);
      }
      ASSERT_TRUE(open_missing_standard_streams());
      for (int number = 0; number < 3; ++number) {
        ASSERT_EQ(::fstat(number, &after), 0);
        const bool was_there = (missing & 1 << number) != 0;
        EXPECT_EQ(after.st_ino, was_there ? before[number].st_ino : of_null.st_ino) << number;
        if (was_there) continue;
        EXPECT_EQ(::fcntl(number, F_GETFD), 0);
        EXPECT_EQ(::fcntl(number, F_GETFL) & O_ACCMODE, number == 0 ? O_RDONLY : O_WRONLY);
      }
    });
}

}  // namespace
}  // namespace sysfd_test
