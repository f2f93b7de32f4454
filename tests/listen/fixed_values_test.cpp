// SPDX-License-Identifier: MIT
//
// Checks the values of enumerators that programs store and send: they must never change. A new
// enumerator makes the compiler demand its value here.
#include <sysfd/listen_error.hpp>
#include <sysfd/notify.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

constexpr int fixed_value(ListenErrorKind value) {
  switch (value) {
    case ListenErrorKind::not_activated: return 0;
    case ListenErrorKind::other_process: return 1;
    case ListenErrorKind::malformed: return 2;
    case ListenErrorKind::already_taken: return 3;
    case ListenErrorKind::unavailable: return 4;
    case ListenErrorKind::not_found: return 5;
    case ListenErrorKind::ambiguous: return 6;
    case ListenErrorKind::wrong_type: return 7;
  }
  return -1;
}

TEST(FixedValues, OfAListenErrorKindStayWhatTheyAre) {
  for (int value = 0; value < 8; ++value)
    EXPECT_EQ(fixed_value(static_cast<ListenErrorKind>(value)), value);
}

constexpr int fixed_value(NotifyResult value) {
  switch (value) {
    case NotifyResult::no_manager: return 0;
    case NotifyResult::sent: return 1;
  }
  return -1;
}

TEST(FixedValues, OfANotifyResultStayWhatTheyAre) {
  for (int value = 0; value < 2; ++value)
    EXPECT_EQ(fixed_value(static_cast<NotifyResult>(value)), value);
}

}  // namespace
}  // namespace sysfd_test
