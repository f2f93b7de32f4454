// SPDX-License-Identifier: MIT
//
// Checks the values of enumerators that programs store and send: they must never change. A new
// enumerator makes the compiler demand its value here.
#include <sysfd/fanotify.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

constexpr int fixed_value(FanotifyFidKind value) {
  switch (value) {
    case FanotifyFidKind::fid: return 0;
    case FanotifyFidKind::dfid: return 1;
    case FanotifyFidKind::dfid_name: return 2;
    case FanotifyFidKind::old_dfid_name: return 3;
    case FanotifyFidKind::new_dfid_name: return 4;
  }
  return -1;
}

TEST(FixedValues, OfAFanotifyFidKindStayWhatTheyAre) {
  for (int value = 0; value < 5; ++value)
    EXPECT_EQ(fixed_value(static_cast<FanotifyFidKind>(value)), value);
}

}  // namespace
}  // namespace sysfd_test
