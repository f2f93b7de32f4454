// SPDX-License-Identifier: MIT
//
// Tests how often the manager wants a message from this service.
#include <sysfd/notify.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using Text = std::optional<std::string>;

Result<std::chrono::microseconds> interval_of(const Text& interval, const Text& pid) {
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
  if (interval) ::setenv("WATCHDOG_USEC", interval->c_str(), 1);
  if (pid) ::setenv("WATCHDOG_PID", pid->c_str(), 1);
  return watchdog_interval();
}

constexpr auto none = std::errc::no_message_available;

TEST(WatchdogInterval, IsWhatTheVariableSays) {
  run_apart([] {
    const std::string own = std::to_string(::getpid());
    for (const Text& pid : {Text(), Text(own)}) {
      EXPECT_EQ(must(interval_of("20000000", pid)), std::chrono::seconds(20));
      EXPECT_EQ(must(interval_of("1", pid)), std::chrono::microseconds(1));
      EXPECT_EQ(must(interval_of("9223372036854775807", pid)), std::chrono::microseconds::max());
    }
    EXPECT_STREQ(std::getenv("WATCHDOG_USEC"), "9223372036854775807") << "it is kept";
  });
}

TEST(WatchdogInterval, IsNoneIfTheManagerDoesNotWatchThisProcess) {
  run_apart([] {
    EXPECT_EQ(error_of(interval_of(std::nullopt, std::nullopt)), none);
    EXPECT_EQ(error_of(interval_of(std::nullopt, "x")), none);
    EXPECT_EQ(error_of(interval_of("1", "1")), none);
    EXPECT_EQ(error_of(interval_of("1", "2147483647")), none);
  });
}

TEST(WatchdogInterval, IsAnErrorWhereTheVariablesAreNoNumbers) {
  run_apart([] {
    const std::string own = std::to_string(::getpid());
    for (const char* wrong :
         {"", "0", "-1", "+1", " 1", "1 ", "1a", "01", "0x1", "x", "1\n", "1.5",
          "9223372036854775808", "18446744073709551615", "99999999999999999999999"})
      EXPECT_EQ(error_of(interval_of(wrong, std::nullopt)), std::errc::invalid_argument) << wrong;
    for (const char* wrong : {"", "0", "-1", "+1", " 1", "1 ", "1a", "01", "0x1", "x", "2147483648",
                              "4294967297", "99999999999999999999999"})
      EXPECT_EQ(error_of(interval_of("1", wrong)), std::errc::invalid_argument) << wrong;
    EXPECT_EQ(error_of(interval_of("x", "1")), std::errc::invalid_argument);
  });
}

}  // namespace
}  // namespace sysfd_test
