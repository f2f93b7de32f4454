// SPDX-License-Identifier: MIT
//
// Runs every function of this module on a thread with a stack of 16 KiB.
#include <sysfd/cgroup.hpp>

#include <sysfd/detail/memory_limit.hpp>

#include "support/prelude.hpp"

#include "cgroup/cgroups.hpp"
#include "support/small_stack.hpp"

namespace sysfd_test {
namespace {

TEST(CgroupSmallStack, Suffices) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  std::optional<Cgroup> cgroup = make_cgroup();
  Child child = start_in(*cgroup);
  const std::string path = "/proc/self/fd/" + std::to_string(own.fd().get());
  const std::string name = cgroup_name() + "-2";
  run_on_small_stack([&] {
    EXPECT_TRUE(Cgroup::own());
    EXPECT_TRUE(Cgroup::open(path));
    EXPECT_FALSE(Cgroup::create(own, "a/b"));
    auto made = Cgroup::create(own, name);
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->abilities());
    EXPECT_TRUE(made->enable({}));
    auto leaf = made->make_leaf_and_enable("leaf", {});
    ASSERT_TRUE(leaf);
    Cgroup moved = std::move(*leaf);
    moved = std::move(*made);
    EXPECT_TRUE(moved.is_removed_when_dropped());
    EXPECT_TRUE(moved.remove());

    (void)cgroup->set({.memory_max = mebibytes(64),
                       .cpu_max = CpuLimit{10ms},
                       .io_max = {{.major = 8, .minor = 0, .read_operations = 1}}});
    EXPECT_FALSE(cgroup->set({.cpu_weight = 0}));
    EXPECT_TRUE(cgroup->freeze());
    EXPECT_TRUE(cgroup->thaw());
    EXPECT_EQ(must(cgroup->processes()).size(), 1U);
    EXPECT_TRUE(cgroup->usage());
    EXPECT_TRUE(cgroup->events());
    const auto events = cgroup->open_events();
    ASSERT_TRUE(events);
    EXPECT_TRUE(Cgroup::rearm(*events));
    (void)cgroup->open_memory_events();
    (void)detail::has_memory_limit_without_caller(cgroup->fd());
    EXPECT_FALSE(cgroup->wait_empty(1ms));
    EXPECT_TRUE(cgroup->kill());
    cgroup.reset();
    EXPECT_FALSE(CgroupLimits{.pids_max = 1}.controllers().text().empty());
    EXPECT_FALSE((CgroupError{CgroupStep::create, {}, "name"}).describe().empty());
  });
}

}  // namespace
}  // namespace sysfd_test
