// SPDX-License-Identifier: MIT
//
// Cgroups to test with. Their names are random: several test programs may run at once.
#ifndef SYSFD_TESTS_CGROUP_CGROUPS_HPP
#define SYSFD_TESTS_CGROUP_CGROUPS_HPP

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include <sysfd/cgroup.hpp>
#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#define SYSFD_REQUIRE_CGROUP() \
  SYSFD_REQUIRE_ISOLATION();   \
  if (const auto why = sysfd_test::try_create_cgroup(); !why.empty()) GTEST_SKIP() << why

// Kernels where cgroups of version 1 use the controller do not have it.
#define SYSFD_REQUIRE_CONTROLLER(controller)                                 \
  SYSFD_REQUIRE_CGROUP();                                                    \
  if (!must(must(Cgroup::own()).abilities()).available.contains(controller)) \
  GTEST_SKIP() << "needs the " << ControllerSet(controller).text() << " controller"

namespace sysfd_test {

// Why no cgroup can be created here, or nothing.
std::string try_create_cgroup();

// The name of those that make_cgroup() makes in the cgroup of this process.
const std::string& cgroup_name();
Cgroup make_cgroup(const CgroupLimits& limits = {});
Cgroup make_cgroup_in(const Cgroup& parent, CStr name, const CgroupLimits& limits = {});
bool is_there(const Cgroup& parent, CStr name);

// The whole file; empty, if it cannot be read.
std::string content_of(const Cgroup& cgroup, CStr file);
void write_to(const Cgroup& cgroup, CStr file, std::string_view text);

Child start_in(const Cgroup& cgroup, const std::string& line = "exec sleep 1000");
// A line of a shell that runs `line` in a child, and then exits with 5. The OOM killer may kill the
// child, but not the shell, which could be next before the child's memory is free.
std::string outlive(const std::string& line);
// Those in it and below.
std::set<pid_t> numbers_of(const Cgroup& cgroup);
// Waits until the cgroup has at least that many processes.
bool await_processes(const Cgroup& cgroup, std::size_t count);
// Waits until it is true, for up to twenty seconds.
bool await(const std::function<bool()>& is_true);

template <class T>
void expect_error(const Result<T, CgroupError>& result, CgroupStep step, int code) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().step, step) << result.error();
  EXPECT_EQ(result.error().code.value(), code) << result.error();
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_CGROUP_CGROUPS_HPP
