// SPDX-License-Identifier: MIT
#include "support/prelude.hpp"

#include "capi/spawn_cases.hpp"

namespace sysfd_test {
namespace {

class SpawnCases : public testing::TestWithParam<SpawnCase> {};

TEST_P(SpawnCases, AreTheSameInCAndCpp) {
  const SpawnOutcome cpp = run_in_cpp(GetParam());
  const SpawnOutcome c = run_in_c(GetParam());
  EXPECT_EQ(c.step, cpp.step);
  EXPECT_EQ(c.code, cpp.code);
  EXPECT_EQ(c.index, cpp.index);
  EXPECT_EQ(c.text, cpp.text);
  EXPECT_EQ(c.wait_status, cpp.wait_status);
  EXPECT_EQ(c.out, cpp.out);
  EXPECT_EQ(c.err, cpp.err);
  EXPECT_TRUE(cpp.wait_status || cpp.code != 0);
}

INSTANTIATE_TEST_SUITE_P(Of, SpawnCases, testing::ValuesIn(spawn_cases()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace sysfd_test
