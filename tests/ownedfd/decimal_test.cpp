// SPDX-License-Identifier: MIT
#include <sysfd/detail/decimal.hpp>

#include <cstddef>
#include <limits>
#include <string>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using detail::decimal;

constexpr long long numbers[] = {0,
                                 1,
                                 -1,
                                 9,
                                 10,
                                 99,
                                 100,
                                 -2147483648,
                                 4294967296,
                                 std::numeric_limits<long long>::max(),
                                 std::numeric_limits<long long>::min()};

TEST(Decimal, IsWhatTheStandardLibraryWrites) {
  for (const long long number : numbers)
    EXPECT_EQ(decimal(number), std::to_string(number));
  EXPECT_EQ(decimal(std::size_t{4096}), "4096");
  EXPECT_EQ(decimal(-7), "-7");
}

}  // namespace
}  // namespace sysfd_test
