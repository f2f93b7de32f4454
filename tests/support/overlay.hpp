// SPDX-License-Identifier: MIT
//
// Mounts overlayfs, the root file system of most containers, for tests on it.
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

// True if this kernel has overlayfs and this process may mount it.
bool has_overlay();

// Runs in a forked copy of this process with its own mounts (see run_apart()): passes an empty
// directory to `fill`, which becomes the lower layer, and the overlay to `body`.
using OnDirectory = std::function<void(const std::filesystem::path&)>;
void run_on_overlay(const OnDirectory& fill, const OnDirectory& body);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_OVERLAY_HPP
