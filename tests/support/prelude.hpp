// SPDX-License-Identifier: MIT
//
// Includes gtest, the helpers that most test files need, and the names of sysfd in the namespace of
// the tests. It is compiled once for all of them. The headers of the standard library are here
// because they take long to parse: a test still includes those that it uses.
#ifndef SYSFD_TESTS_SUPPORT_PRELUDE_HPP
#define SYSFD_TESTS_SUPPORT_PRELUDE_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <expected>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

#include "support/descriptors.hpp"
#include "support/requirements.hpp"
#include "support/results.hpp"
#include "support/run_apart.hpp"

namespace sysfd_test {

// If libc has a function of the same name, the tests name the one that they mean: sysfd::open,
// ::open.
using namespace sysfd;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_PRELUDE_HPP
