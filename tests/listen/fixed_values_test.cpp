// SPDX-License-Identifier: MIT
//
// Values of enumerators that programs store and send: none may ever change. One that is new makes
// the compiler ask for its value here.
#include <gtest/gtest.h>

#include <sysfd/listen_error.hpp>
#include <sysfd/notify.hpp>

namespace sysfd_test {
namespace {

constexpr int fixed_value(sysfd::ListenErrorKind value) {
  switch (value) {
    case sysfd::ListenErrorKind::not_activated: return 0;
    case sysfd::ListenErrorKind::other_process: return 1;
    case sysfd::ListenErrorKind::malformed: return 2;
    case sysfd::ListenErrorKind::already_taken: return 3;
    case sysfd::ListenErrorKind::unavailable: return 4;
    case sysfd::ListenErrorKind::not_found: return 5;
    case sysfd::ListenErrorKind::ambiguous: return 6;
    case sysfd::ListenErrorKind::wrong_type: return 7;
  }
  return -1;
}

TEST(FixedValues, OfAListenErrorKindStayWhatTheyAre) {
  for (int value = 0; value < 8; ++value)
    EXPECT_EQ(fixed_value(static_cast<sysfd::ListenErrorKind>(value)), value);
}

constexpr int fixed_value(sysfd::NotifyResult value) {
  switch (value) {
    case sysfd::NotifyResult::no_manager: return 0;
    case sysfd::NotifyResult::sent: return 1;
  }
  return -1;
}

TEST(FixedValues, OfANotifyResultStayWhatTheyAre) {
  for (int value = 0; value < 2; ++value)
    EXPECT_EQ(fixed_value(static_cast<sysfd::NotifyResult>(value)), value);
}

}  // namespace
}  // namespace sysfd_test
