// SPDX-License-Identifier: MIT
//
// Tests the position of a PositionedFile, and the size of its file.
#include <sysfd/positioned_file.hpp>

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

constexpr std::uint64_t furthest = std::numeric_limits<std::int64_t>::max();

PositionedFile unique(const ScratchFile& file, std::uint64_t position = 0) {
  return PositionedFile(must(UniqueDescription::open(cwd(), file.path(), O_RDWR)), position);
}

TEST(Seek, CountsFromTheStartThePositionAndTheEnd) {
  const ScratchFile scratch(digits);
  PositionedFile file = unique(scratch);
  EXPECT_EQ(file.seek(4), 4U);
  EXPECT_EQ(file.seek(3, SeekFrom::position), 7U);
  EXPECT_EQ(file.seek(-2, SeekFrom::position), 5U);
  EXPECT_EQ(file.seek(0, SeekFrom::position), 5U);
  EXPECT_EQ(file.seek(-5, SeekFrom::position), 0U);
  EXPECT_EQ(file.seek(0, SeekFrom::end), 10U);
  EXPECT_EQ(file.seek(-10, SeekFrom::end), 0U);
  EXPECT_EQ(file.seek(90, SeekFrom::end), 100U);
  EXPECT_EQ(file.seek(0), 0U);
  EXPECT_EQ(file.position(), 0U);
}

TEST(Seek, BeforeTheStartOrBeyondTheLastOffsetIsAnError) {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  const ScratchFile scratch(digits);
  PositionedFile file = unique(scratch, 4);
  for (const auto& [offset, from] :
       {std::pair(std::int64_t{-1}, SeekFrom::start), std::pair(least, SeekFrom::start),
        std::pair(std::int64_t{-5}, SeekFrom::position), std::pair(least, SeekFrom::position),
        std::pair(most - 3, SeekFrom::position), std::pair(most, SeekFrom::position),
        std::pair(std::int64_t{-11}, SeekFrom::end), std::pair(most - 9, SeekFrom::end)}) {
    EXPECT_EQ(error_of(file.seek(offset, from)).value(), EINVAL) << offset;
    EXPECT_EQ(file.position(), 4U);
  }
  EXPECT_EQ(file.seek(most - 4, SeekFrom::position), furthest);
  EXPECT_EQ(file.seek(-most, SeekFrom::position), 0U);
  EXPECT_EQ(file.seek(most - 10, SeekFrom::end), furthest);
  PositionedFile beyond = unique(scratch, ~std::uint64_t{0});
  EXPECT_EQ(error_of(beyond.seek(1, SeekFrom::position)).value(), EINVAL) << "wrapped around";
}

TEST(Size, IsAskedEachTime) {
  const ScratchFile scratch(digits);
  const PositionedFile file = unique(scratch);
  EXPECT_EQ(file.size(), 10U);
  ASSERT_EQ(::truncate(scratch.path().c_str(), 3), 0);
  EXPECT_EQ(file.size(), 3U);
  const PositionedFile memory(some_file());
  EXPECT_EQ(memory.size(), 0U);
}

// Makes a loop device for the file; it ends when it is closed.
std::optional<OwnedFd> loop_device(const OwnedFd& file) {
  const auto control = sysfd::open(cwd(), "/dev/loop-control", O_RDWR);
  if (!control) return std::nullopt;
  for (int tries = 0; tries < 20; ++tries) {
    const int number = ::ioctl(control->get(), LOOP_CTL_GET_FREE);
    if (number < 0) return std::nullopt;
    auto device = sysfd::open(cwd(), "/dev/loop" + std::to_string(number), O_RDWR);
    if (!device) return std::nullopt;
    loop_config config = {};
    config.fd = static_cast<std::uint32_t>(file.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (::ioctl(device->get(), LOOP_CONFIGURE, &config) == 0) return must(std::move(device));
    if (errno != EBUSY) return std::nullopt;  // otherwise another process was faster
  }
  return std::nullopt;
}

TEST(BlockDevice, HasASizeAndNothingBehind) {
  const std::string content(8192, 'x');
  const ScratchFile scratch(content);
  auto device = loop_device(scratch.open(O_RDWR));
  if (!device) GTEST_SKIP() << "needs loop devices";
  {
    PositionedFile file(*std::move(device));
    EXPECT_EQ(file.size(), content.size());
    EXPECT_EQ(file.seek(-2, SeekFrom::end), 8190U);
    std::array<std::byte, 4> some{};
    EXPECT_EQ(file.read(some), 2U);
    EXPECT_EQ(error_of(file.append(bytes("Y"))).value(), ENOSPC);
    EXPECT_EQ(error_of(file.append(bytes(std::string(8192, 'Y')))).value(), ENOSPC);
    if (kernel_has("RWF_NOAPPEND")) {
      EXPECT_EQ(file.write_at(bytes("Z"), 1), 1U);
      ASSERT_TRUE(file.read_exact_at(some, 0));
      EXPECT_EQ(text(some), "xZxx");
    } else {
      ASSERT_TRUE(file.read_exact_at(some, 0));
      EXPECT_EQ(text(some), "xxxx");
    }
  }
}

}  // namespace
}  // namespace sysfd_test
