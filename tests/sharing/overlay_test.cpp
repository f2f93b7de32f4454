// SPDX-License-Identifier: MIT
//
// Tests files of overlayfs. Their writes go to a file below with the status flags of the one above,
// whatever the flags of the call are; and they become other files when they are opened for writing.
#include <sysfd/positioned_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "support/kernel_features.hpp"
#include "support/overlay.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

void create(const fs::path& path) {
  std::ofstream(path) << digits;
}

OwnedFd open(const fs::path& path, int flags) {
  return must(sysfd::open(cwd(), path, flags));
}

std::string read_all(const fs::path& path) {
  return content_of(open(path, O_RDONLY));
}

void nothing(const fs::path&) {}

void create_in(const fs::path& directory) {
  create(directory / "file");
}

void expect_no_writes_at_a_position(PositionedFile file, const fs::path& path) {
  EXPECT_EQ(error_of(file.write(bytes("X"))).value(), EOPNOTSUPP);
  EXPECT_EQ(error_of(file.write_at(bytes("X"), 1)).value(), EOPNOTSUPP);
  EXPECT_EQ(error_of(file.write_all(bytes("X"))).value(), EOPNOTSUPP);
  EXPECT_EQ(error_of(file.write_all_at(bytes("X"), 1)).value(), EOPNOTSUPP);
  EXPECT_EQ(read_all(path), digits) << "and nothing was written";
  std::string got(2, '\0');
  EXPECT_EQ(file.read_at(std::as_writable_bytes(std::span(got)), 3), 2U);
  EXPECT_EQ(got, "34");
}

TEST(PositionedFileOnOverlayfs, DoesNotWriteToWhatOthersMayHold) {
  SYSFD_REQUIRE_OVERLAY();
  run_on_overlay(nothing, [](const fs::path& directory) {
    const fs::path path = directory / "file";
    create(path);
    const OwnedFd fd = open(path, O_RDWR);
    expect_no_writes_at_a_position(PositionedFile(must(fd.duplicate())), path);
    ASSERT_EQ(::fcntl(fd.get(), F_SETFL, O_APPEND), 0) << "as another holder may do at any moment";
    expect_no_writes_at_a_position(PositionedFile(must(fd.duplicate())), path);
  });
}

TEST(PositionedFileOnOverlayfs, DoesNotWriteToAUniqueDescriptionThatAppends) {
  SYSFD_REQUIRE_OVERLAY();
  run_on_overlay(nothing, [](const fs::path& directory) {
    const fs::path path = directory / "file";
    create(path);
    auto appending = must(UniqueDescription::open(cwd(), path, O_RDWR | O_APPEND));
    expect_no_writes_at_a_position(PositionedFile(std::move(appending)), path);
  });
}

TEST(PositionedFileOnOverlayfs, WritesToAUniqueDescription) {
  SYSFD_REQUIRE_OVERLAY();
  run_on_overlay(create_in, [](const fs::path& directory) {
    const fs::path path = directory / "file";
    PositionedFile file(must(UniqueDescription::open(cwd(), path, O_RDWR)), 2);
    EXPECT_EQ(file.write(bytes("X")), 1U);
    EXPECT_EQ(file.write_at(bytes("Y"), 5), 1U);
    PositionedFile moved = std::move(file);
    EXPECT_TRUE(moved.write_all(bytes("Z")));
    EXPECT_EQ(read_all(path), "01XZ4Y6789");
  });
}

TEST(PositionedFileOnOverlayfs, AppendsWhereTheKernelCan) {
  SYSFD_REQUIRE_OVERLAY();
  run_on_overlay(create_in, [](const fs::path& directory) {
    const fs::path path = directory / "file";
    PositionedFile file(open(path, O_RDWR), 2);
    const auto appended = file.append(bytes("XY"));
    if (kernel_has("RWF_NOAPPEND")) {
      EXPECT_EQ(appended, 2U);
      EXPECT_EQ(read_all(path), "0123456789XY");
    } else {
      EXPECT_EQ(error_of(appended).value(), EOPNOTSUPP);
      EXPECT_EQ(read_all(path), digits);
    }
    EXPECT_EQ(file.position(), 2U);
  });
}

// Before Linux 6.7, overlayfs also ignores RWF_APPEND: the write would go to the offset.
TEST(PositionedFileOnOverlayfs, DoesNotAppendWhereTheKernelIsOld) {
  SYSFD_REQUIRE_OVERLAY();
  run_on_overlay(create_in, [](const fs::path& directory) {
    PositionedFile file(open(directory / "file", O_RDWR), 2);
    refuse_calls({{SYS_pwritev2, EOPNOTSUPP, RefusedCall::Match{5, 0x20, 0x20}}});
    EXPECT_EQ(error_of(file.append(bytes("XY"))).value(), EOPNOTSUPP);
    EXPECT_EQ(read_all(directory / "file"), digits);
  });
}

// A device is not written through the file system in which it is found.
TEST(PositionedFileOnOverlayfs, WritesToADeviceAsElsewhere) {
  SYSFD_REQUIRE_OVERLAY();
  SYSFD_REQUIRE_KERNEL("RWF_NOAPPEND");
  run_on_overlay(nothing, [](const fs::path& directory) {
    const fs::path path = directory / "zero";
    constexpr dev_t zero = 0x105;
    ASSERT_EQ(::mknod(path.c_str(), S_IFCHR | 0600, zero), 0);
    PositionedFile file(open(path, O_RDWR));
    EXPECT_EQ(file.write_at(bytes("X"), 5), 1U);
  });
}

// A lower file with two names becomes another inode when it is opened for writing.
void create_with_two_names(const fs::path& directory) {
  create_in(directory);
  fs::create_hard_link(directory / "file", directory / "other");
}

TEST(ReopenOnOverlayfs, IsRightAtOnceWhereTheFileIsCopiedUp) {
  SYSFD_REQUIRE_OVERLAY();
  run_on_overlay(create_with_two_names, [](const fs::path& directory) {
    const OwnedFd file = open(directory / "file", O_RDONLY);
    const auto writable = reopen(file, O_RDWR);
    ASSERT_TRUE(writable) << writable.error().message();
    EXPECT_EQ(::write(writable->get(), "X", 1), 1);
    EXPECT_EQ(read_all(directory / "file"), "X123456789");
  });
}

TEST(ReopenOnOverlayfs, EmptiesTheFileWhereItSaysSo) {
  SYSFD_REQUIRE_OVERLAY();
  run_on_overlay(create_with_two_names, [](const fs::path& directory) {
    const OwnedFd file = open(directory / "file", O_RDONLY);
    const auto writable = reopen(file, O_WRONLY | O_TRUNC);
    ASSERT_TRUE(writable) << writable.error().message();
    EXPECT_EQ(::write(writable->get(), "X", 1), 1);
    EXPECT_EQ(read_all(directory / "file"), "X");
  });
}

}  // namespace
}  // namespace sysfd_test
