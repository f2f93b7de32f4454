// SPDX-License-Identifier: MIT
//
// Tests sets of rights, which make no system call.
#include <sysfd/landlock_rights.hpp>

#include <bit>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

TEST(LandlockRights, AreSets) {
  constexpr FileRights set = FileRight::read_file | FileRight::refer;
  static_assert(set.contains(FileRight::refer) && !set.contains(FileRight::execute));
  static_assert(!set.contains(FileRight::refer | FileRight::execute));
  static_assert((set - FileRight::refer) == FileRights(FileRight::read_file));
  static_assert(FileRights().empty() && set.contains({}));
  static_assert(rights::run.contains(FileRight::execute | FileRight::read_file));
  static_assert(!rights::read_write.contains(FileRight::execute));
  static_assert(!rights::read_write.contains(FileRight::make_char));
}

TEST(LandlockRights, OfAnAbiAreThoseOfAllOlderOnesAndMore) {
  EXPECT_TRUE(rights::of_abi(0).empty());
  EXPECT_TRUE(rights::of_abi(-1).empty());
  for (int abi = 1; abi < 12; ++abi) {
    EXPECT_TRUE((rights::of_abi(abi - 1) - rights::of_abi(abi)).empty()) << abi;
  }
  const auto counts = [](int abi) {
    const Rights known = rights::of_abi(abi);
    return std::vector{std::popcount(known.files.bits()), std::popcount(known.ports.bits()),
                       std::popcount(known.scopes.bits())};
  };
  EXPECT_EQ(counts(1), (std::vector{13, 0, 0}));
  EXPECT_EQ(counts(2), (std::vector{14, 0, 0}));
  EXPECT_EQ(counts(3), (std::vector{15, 0, 0}));
  EXPECT_EQ(counts(4), (std::vector{15, 2, 0}));
  EXPECT_EQ(counts(5), (std::vector{16, 2, 0}));
  EXPECT_EQ(counts(6), (std::vector{16, 2, 2}));
  EXPECT_EQ(counts(8), (std::vector{16, 2, 2}));
  EXPECT_EQ(counts(9), (std::vector{17, 2, 2}));
  EXPECT_EQ(counts(10), (std::vector{17, 4, 2}));
  EXPECT_EQ(rights::of_abi(11), (Rights{rights::all_files, rights::all_ports, rights::all_scopes}));
}

TEST(LandlockRights, AreNamed) {
  EXPECT_EQ(Rights().text(), "");
  EXPECT_TRUE(Rights().empty());
  EXPECT_FALSE(Rights{.scopes = Scope::signal}.empty());
  EXPECT_EQ(
      (Rights{FileRight::refer | FileRight::execute, PortRight::bind_udp, Scope::signal}).text(),
      "execute, refer, bind_udp, signal");
  EXPECT_EQ(Rights{.files = FileRights::from_bits(1ULL << 40)}.text(), "unknown bits");
  EXPECT_EQ((Rights{.files = FileRights::from_bits(1 | 1ULL << 40)}.text()),
            "execute, unknown bits");
}

}  // namespace
}  // namespace sysfd_test
