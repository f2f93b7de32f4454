// SPDX-License-Identifier: MIT
//
// Formats and parses identities.
#include <sysfd/process_id.hpp>

#include <limits>
#include <string>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

TEST(ProcessIdText, IsADecimalNumber) {
  EXPECT_EQ(to_string(ProcessId(0)), "0");
  EXPECT_EQ(to_string(ProcessId(4711)), "4711");
  EXPECT_EQ(to_string(ProcessId(9223372036854776000U)), "9223372036854776000");
  EXPECT_EQ(to_string(ProcessId(largest)), "18446744073709551615");
}

TEST(ProcessIdText, IsReadAsItWasWritten) {
  for (int bit = 0; bit < 64; ++bit)
    for (const std::uint64_t near : {std::uint64_t{0}, largest, std::uint64_t{1}}) {
      const ProcessId id((std::uint64_t{1} << bit) + near);
      EXPECT_EQ(ProcessId::parse(to_string(id)), id) << id.value();
    }
  EXPECT_EQ(ProcessId::parse("0"), ProcessId(0));
}

TEST(ProcessIdText, NeedsNoTerminator) {
  const std::string text = "12345";
  EXPECT_EQ(ProcessId::parse(std::string_view(text).substr(1, 3)), ProcessId(234));
}

TEST(ProcessIdText, EverythingElseIsAnError) {
  for (const auto text : {std::string_view(),
                          ""sv,
                          " "sv,
                          "-1"sv,
                          "-0"sv,
                          "00"sv,
                          "007"sv,
                          "018446744073709551615"sv,
                          "+1"sv,
                          " 1"sv,
                          "1 "sv,
                          "1\n"sv,
                          "\t1"sv,
                          "0x1f"sv,
                          "1e3"sv,
                          "1.0"sv,
                          "1,000"sv,
                          "1'000"sv,
                          "a"sv,
                          "1a"sv,
                          "1\0"sv,
                          "\0"sv,
                          "1\0002"sv,
                          "\u0661"sv,
                          "18446744073709551616 "sv,
                          "99999999999999999999999999x"sv})
    EXPECT_EQ(error_of(ProcessId::parse(text)), std::errc::invalid_argument) << text;
}

TEST(ProcessIdText, ANumberOfMoreThan64BitsIsAnError) {
  for (const auto& text : {std::string("18446744073709551616"), std::string("99999999999999999999"),
                           std::string(1000, '9')})
    EXPECT_EQ(error_of(ProcessId::parse(text)), std::errc::result_out_of_range) << text;
}

TEST(ProcessIdText, IsOrderedAndHashedByItsNumber) {
  static_assert(ProcessId(2) < ProcessId(10));
  static_assert(ProcessId(largest) > ProcessId(largest - 1));
  EXPECT_EQ(std::hash<ProcessId>()(ProcessId(7)), std::hash<ProcessId>()(ProcessId(7)));
  EXPECT_NE(std::hash<ProcessId>()(ProcessId(7)), std::hash<ProcessId>()(ProcessId(8)));
}

}  // namespace
}  // namespace sysfd_test
