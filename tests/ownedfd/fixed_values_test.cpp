// SPDX-License-Identifier: MIT
//
// Checks the values of enumerators that programs store and send: they must never change. A new
// enumerator makes the compiler demand its value here.
#include <linux/openat2.h>

#include <cstdint>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

constexpr std::uint64_t fixed_value(Resolve value) {
  switch (value) {
    case Resolve::no_mount_points: return RESOLVE_NO_XDEV;
    case Resolve::no_magic_links: return RESOLVE_NO_MAGICLINKS;
    case Resolve::no_symlinks: return RESOLVE_NO_SYMLINKS;
    case Resolve::beneath: return RESOLVE_BENEATH;
    case Resolve::in_root: return RESOLVE_IN_ROOT;
  }
  return 0;
}

TEST(FixedValues, OfResolveStayThoseOfTheKernel) {
  for (const std::uint64_t value : {1U, 2U, 4U, 8U, 16U})
    EXPECT_EQ(fixed_value(static_cast<Resolve>(value)), value);
}

}  // namespace
}  // namespace sysfd_test
