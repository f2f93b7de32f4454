// SPDX-License-Identifier: MIT
//
// An overlayfs, the root file system of most containers, to try things on.
#ifndef SYSFD_TESTS_SUPPORT_OVERLAY_HPP
#define SYSFD_TESTS_SUPPORT_OVERLAY_HPP

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "support/requirements.hpp"

#define SYSFD_REQUIRE_OVERLAY() \
  SYSFD_REQUIRE_ROOT();         \
  if (!sysfd_test::has_overlay()) GTEST_SKIP() << "needs overlayfs"

namespace sysfd_test {

// Whether this kernel has overlayfs, and this process may mount it.
bool has_overlay();

// In a forked copy of this process with mounts of its own (see run_apart()): `fill` is given an
// empty directory, which becomes the lower layer, and `body` the overlay.
using OnDirectory = std::function<void(const std::filesystem::path&)>;
void run_on_overlay(const OnDirectory& fill, const OnDirectory& body);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_OVERLAY_HPP
