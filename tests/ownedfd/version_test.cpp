// SPDX-License-Identifier: MIT
#include <sysfd/version.hpp>

#include <string>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

#if SYSFD_VERSION < SYSFD_VERSION_MAJOR * 1'000'000 || SYSFD_VERSION >= 1'000'000'000
#error "the preprocessor cannot compare SYSFD_VERSION"
#endif

TEST(Version, StringIsMadeOfTheNumbers) {
  EXPECT_EQ(SYSFD_VERSION_STRING, std::to_string(SYSFD_VERSION_MAJOR) + "." +
                                      std::to_string(SYSFD_VERSION_MINOR) + "." +
                                      std::to_string(SYSFD_VERSION_PATCH));
}

TEST(Version, NumberKeepsThePartsApart) {
  EXPECT_EQ(SYSFD_VERSION / 1'000'000, SYSFD_VERSION_MAJOR);
  EXPECT_EQ(SYSFD_VERSION / 1'000 % 1'000, SYSFD_VERSION_MINOR);
  EXPECT_EQ(SYSFD_VERSION % 1'000, SYSFD_VERSION_PATCH);
}

}  // namespace
}  // namespace sysfd_test
