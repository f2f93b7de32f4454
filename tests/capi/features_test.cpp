// SPDX-License-Identifier: MIT
#include <sys/syscall.h>

#include "capi/objects.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

bool has(int feature) {
  return (sysfd_features() >> feature & 1) != 0;
}

// The names are those that the tests of the kernel have.
TEST(CFeatures, AreThoseOfTheKernel) {
  SYSFD_REQUIRE_ROOT();
  const std::uint64_t found = sysfd_features();
  int compared = 0;
  for (int i = 0; i < SYSFD_FEATURE_COUNT; ++i) {
    const auto name =
        text_of([&](char* to, std::size_t n) { return sysfd_feature_name(i, to, n); });
    for (const auto& feature : kernel_features()) {
      if (name != feature.name) continue;
      ++compared;
      EXPECT_EQ((found >> i & 1) != 0, feature.is_there()) << name;
    }
  }
  EXPECT_GE(compared, 25);
}

TEST(CFeatures, AreThoseThatTheFilterOfTheThreadAllows) {
  run_apart([] {
    const bool before = has(SYSFD_FEATURE_PIDFD_GETFD);
    refuse_calls({{SYS_pidfd_getfd, ENOSYS},
                  {SYS_clone3, ENOSYS},
                  {SYS_openat2, EPERM},
                  {SYS_process_madvise, EACCES}});
    EXPECT_TRUE(before);
    EXPECT_FALSE(has(SYSFD_FEATURE_PIDFD_GETFD));
    EXPECT_FALSE(has(SYSFD_FEATURE_CLONE3));
    EXPECT_FALSE(has(SYSFD_FEATURE_OPENAT2));
    EXPECT_FALSE(has(SYSFD_FEATURE_PROCESS_MADVISE));
    EXPECT_TRUE(has(SYSFD_FEATURE_PIDFD_OPEN));
  });
}

TEST(CVersion, IsThatOfTheHeader) {
  EXPECT_EQ(sysfd_version(), SYSFD_C_VERSION);
}

}  // namespace
}  // namespace sysfd_test
