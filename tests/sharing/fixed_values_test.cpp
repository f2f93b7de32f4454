// SPDX-License-Identifier: MIT
//
// Checks the values of enumerators that programs store and send: they must never change. A new
// enumerator makes the compiler demand its value here.
#include <unistd.h>

#include <utility>

#include <sysfd/lock_mode.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

constexpr int fixed_value(LockMode value) {
  switch (value) {
    case LockMode::shared: return 0;
    case LockMode::exclusive: return 1;
  }
  return -1;
}

TEST(FixedValues, OfALockModeStayWhatTheyAre) {
  for (int value = 0; value < 2; ++value)
    EXPECT_EQ(fixed_value(static_cast<LockMode>(value)), value);
}

constexpr int fixed_value(SeekFrom value) {
  switch (value) {
    case SeekFrom::start: return 0;
    case SeekFrom::position: return 1;
    case SeekFrom::end: return 2;
  }
  return -1;
}

TEST(FixedValues, OfASeekFromStayWhatTheyAre) {
  for (int value = 0; value < 3; ++value)
    EXPECT_EQ(fixed_value(static_cast<SeekFrom>(value)), value);
  EXPECT_EQ(std::to_underlying(SeekFrom::start), SEEK_SET);
  EXPECT_EQ(std::to_underlying(SeekFrom::position), SEEK_CUR);
  EXPECT_EQ(std::to_underlying(SeekFrom::end), SEEK_END);
}

constexpr int fixed_value(SealError value) {
  switch (value) {
    case SealError::may_shrink: return 1;
    case SealError::may_change: return 2;
  }
  return -1;
}

TEST(FixedValues, OfASealErrorStayWhatTheyAre) {
  for (int value = 1; value < 3; ++value)
    EXPECT_EQ(fixed_value(static_cast<SealError>(value)), value);
}

}  // namespace
}  // namespace sysfd_test
