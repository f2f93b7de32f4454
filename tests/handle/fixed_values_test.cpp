// SPDX-License-Identifier: MIT
//
// Values of enumerators that programs store and send: none may ever change. One that is new makes
// the compiler ask for its value here.
#include <gtest/gtest.h>

#include <sysfd/fanotify.hpp>

namespace sysfd_test {
namespace {

constexpr int fixed_value(sysfd::FanotifyFidKind value) {
  switch (value) {
    case sysfd::FanotifyFidKind::fid: return 0;
    case sysfd::FanotifyFidKind::dfid: return 1;
    case sysfd::FanotifyFidKind::dfid_name: return 2;
    case sysfd::FanotifyFidKind::old_dfid_name: return 3;
    case sysfd::FanotifyFidKind::new_dfid_name: return 4;
  }
  return -1;
}

TEST(FixedValues, OfAFanotifyFidKindStayWhatTheyAre) {
  for (int value = 0; value < 5; ++value)
    EXPECT_EQ(fixed_value(static_cast<sysfd::FanotifyFidKind>(value)), value);
}

}  // namespace
}  // namespace sysfd_test
