// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile, each with the correct form: see check.cmake.
#include <utility>

#include <sysfd/cgroup.hpp>

using namespace sysfd;

#ifdef CASE_limit_of_memory_without_a_unit
CgroupLimits test() {
#ifdef EXPECT_ERROR
  return {.memory_max = 64};  // error
#else
  return {.memory_max = mebibytes(64)};
#endif
}
#endif

#ifdef CASE_share_of_the_processor_without_a_unit
CgroupLimits test() {
#ifdef EXPECT_ERROR
  return {.cpu_max = CpuLimit{50'000}};  // error
#else
  return {.cpu_max = CpuLimit{std::chrono::milliseconds(50)}};
#endif
}
#endif

#ifdef CASE_result_of_a_limit_that_is_dropped
void test(const Cgroup& cgroup) {
#ifdef EXPECT_ERROR
  cgroup.set({.pids_max = 10});  // error
#else
  if (!cgroup.set({.pids_max = 10})) return;
#endif
}
#endif

#ifdef CASE_result_of_a_kill_that_is_dropped
void test(const Cgroup& cgroup) {
#ifdef EXPECT_ERROR
  cgroup.kill();  // error
#else
  if (!cgroup.kill()) return;
#endif
}
#endif

#ifdef CASE_copy_of_an_owner
Cgroup test(Cgroup& cgroup) {
#ifdef EXPECT_ERROR
  return cgroup;  // error
#else
  return std::move(cgroup);
#endif
}
#endif

#ifdef CASE_path_of_a_parent
void test(const Cgroup& parent) {
#ifdef EXPECT_ERROR
  if (!Cgroup::create("/sys/fs/cgroup", "job")) return;  // error
#else
  if (!Cgroup::create(parent, "job")) return;
#endif
}
#endif
