// SPDX-License-Identifier: MIT
//
// Truncates and syncs a PositionedFile.
#include <sysfd/positioned_file.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "support/refuse_calls.hpp"
#include "support/system_calls.hpp"

namespace sysfd_test {
namespace {

TEST(PositionedTruncate, MakesTheFileShorterOrLongerAndLeavesThePosition) {
  const ScratchFile scratch(digits);
  PositionedFile file(scratch.open(O_RDWR), 7);
  EXPECT_TRUE(file.truncate(4));
  EXPECT_EQ(scratch.content(), "0123");
  EXPECT_TRUE(file.truncate(6));
  EXPECT_EQ(scratch.content(), std::string("0123\0\0", 6));
  EXPECT_TRUE(file.truncate(0));
  EXPECT_EQ(file.size(), 0U);
  EXPECT_EQ(file.position(), 7U);
}

TEST(PositionedTruncate, LeavesTheDescriptionAsItWas) {
  const ScratchFile scratch(digits);
  const OwnedFd shared = scratch.open(O_RDWR | O_APPEND);
  const OwnedFd other = scratch.open(O_RDWR);
  ASSERT_EQ(::lseek(shared.get(), 3, SEEK_SET), 3);
  const auto before = state_of(shared.get(), other.get());
  const PositionedFile file(must(shared.duplicate()));
  EXPECT_TRUE(file.truncate(5));
  EXPECT_TRUE(file.sync());
  EXPECT_EQ(state_of(shared.get(), other.get()), before);
}

TEST(PositionedTruncate, OfWhatCannotBeTruncatedIsAnError) {
  const ScratchFile scratch(digits);
  constexpr std::uint64_t furthest = std::numeric_limits<std::int64_t>::max();
  const PositionedFile file(scratch.open(O_RDWR));
  EXPECT_EQ(error_of(file.truncate(furthest + 1)).value(), EINVAL);
  EXPECT_EQ(error_of(file.truncate(~std::uint64_t{0})).value(), EINVAL);
  EXPECT_EQ(error_of(PositionedFile(scratch.open(O_RDONLY)).truncate(1)).value(), EINVAL);
  EXPECT_EQ(error_of(PositionedFile(must(sysfd::pipe()).write).truncate(1)).value(), EINVAL);
  EXPECT_EQ(error_of(PositionedFile(scratch.open(O_PATH)).truncate(1)).value(), EBADF);
  OwnedFd sealed = must(memfd("sealed", MFD_ALLOW_SEALING));
  ASSERT_EQ(::fcntl(sealed.get(), F_ADD_SEALS, F_SEAL_GROW), 0);
  EXPECT_EQ(error_of(PositionedFile(std::move(sealed)).truncate(1)).value(), EPERM);
  EXPECT_EQ(scratch.content(), digits);
}

TEST(PositionedSync, IsThatOfDataAndMetadataOrOfDataAlone) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchFile scratch(digits);
  const PositionedFile file(scratch.open(O_RDWR));
  const auto whole = system_calls_of([&] { EXPECT_TRUE(file.sync()); });
  if (!whole) GTEST_SKIP() << "needs ptrace";
  EXPECT_EQ(*whole, std::vector<long>{SYS_fsync});
  const auto data = system_calls_of([&] { EXPECT_TRUE(file.sync({.data_only = true})); });
  EXPECT_EQ(data, std::vector<long>{SYS_fdatasync});
}

TEST(PositionedSync, OfWhatCannotBeSyncedIsAnError) {
  EXPECT_EQ(error_of(PositionedFile(must(sysfd::pipe()).write).sync()).value(), EINVAL);
  const ScratchFile scratch(digits);
  const PositionedFile path(scratch.open(O_PATH));
  EXPECT_EQ(error_of(path.sync({.data_only = true})).value(), EBADF);
}

TEST(PositionedSync, TellsThatDataWereLost) {
  const ScratchFile scratch(digits);
  const PositionedFile file(scratch.open(O_RDWR));
  run_apart([&] {
    refuse_calls({{SYS_fsync, EIO}, {SYS_fdatasync, ENOSPC}});
    EXPECT_EQ(error_of(file.sync()).value(), EIO);
    EXPECT_EQ(error_of(file.sync({.data_only = true})).value(), ENOSPC);
  });
}

}  // namespace
}  // namespace sysfd_test
