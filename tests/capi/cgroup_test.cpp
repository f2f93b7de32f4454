// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <string>

#include "capi/objects.hpp"

namespace sysfd_test {
namespace {

class CCgroups : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    sysfd_error error = SYSFD_ERROR_INIT;
    sysfd_cgroup* it = nullptr;
    const int found = sysfd_cgroup_own(&it, &error);
    own_.reset(it);
    if (found < 0) GTEST_SKIP() << "needs cgroups of version 2: " << error.text;
    const int made = sysfd_cgroup_create(own(), name(), nullptr, &it, &error);
    if (made < 0) GTEST_SKIP() << "needs to create cgroups: " << error.text;
    sysfd_cgroup_free(it);
  }

  sysfd_cgroup* own() const { return own_.get(); }
  const char* name() const { return name_.c_str(); }
  CCgroup make() const {
    return sysfd_test::made<CCgroup>(
        [&](auto out) { return sysfd_cgroup_create(own(), name(), nullptr, out, nullptr); });
  }
  static CChild start_in(const CCgroup& cgroup) {
    const auto sleeps = command("sleep", {"1000"});
    EXPECT_EQ(sysfd_command_cgroup_borrow(sleeps.get(), sysfd_cgroup_fd_borrow(cgroup.get())), 0);
    return spawned(sleeps);
  }
  static sysfd_cgroup_events events_of(const CCgroup& cgroup) {
    sysfd_cgroup_events events = SYSFD_CGROUP_EVENTS_INIT;
    EXPECT_EQ(sysfd_cgroup_get_events(cgroup.get(), &events, nullptr), 0);
    return events;
  }
  static int processes_in(const CCgroup& cgroup) {
    int pidfds[4] = {-1, -1, -1, -1};
    const int count = sysfd_cgroup_processes(cgroup.get(), 4, pidfds, nullptr);
    for (int i = 0; i < count; ++i)
      EXPECT_EQ(sysfd_close_take(pidfds[i]), 0);
    return count;
  }

 private:
  CCgroup own_;
  std::string name_ = "sysfd-test-" + std::to_string(std::random_device()());
};

TEST_F(CCgroups, HoldProcesses) {
  const auto it = make();
  const auto child = start_in(it);
  EXPECT_EQ(processes_in(it), 1);
  EXPECT_EQ(sysfd_cgroup_processes(it.get(), 0, nullptr, nullptr), -ERANGE);
  EXPECT_EQ(events_of(it).populated, 1U);
  EXPECT_EQ(sysfd_cgroup_freeze(it.get(), nullptr, nullptr), 0);
  EXPECT_EQ(events_of(it).frozen, 1U);
  EXPECT_EQ(sysfd_cgroup_thaw(it.get(), nullptr), 0);
  sysfd_error error = SYSFD_ERROR_INIT;
  const auto now = timeout_of(0);
  EXPECT_EQ(sysfd_cgroup_wait_empty(it.get(), &now, &error), -ETIMEDOUT);
  EXPECT_EQ(error.kind, SYSFD_CGROUP_WAIT);
  EXPECT_EQ(sysfd_cgroup_kill(it.get(), nullptr), 0);
  EXPECT_EQ(sysfd_cgroup_wait_empty(it.get(), nullptr, nullptr), 0);
  EXPECT_EQ(events_of(it).populated, 0U);
  std::int32_t status = 0;
  EXPECT_EQ(sysfd_child_wait(child.get(), &status), 0);
  EXPECT_EQ(sysfd_exit_status_signal(status), SIGKILL);
  EXPECT_EQ(sysfd_cgroup_remove(it.get(), &error), 0);
  EXPECT_EQ(sysfd_cgroup_remove(it.get(), &error), -EINVAL);
  EXPECT_EQ(error.kind, SYSFD_CGROUP_REMOVE);
}

TEST_F(CCgroups, ThatWereCreatedAreKilledAndRemovedWhenFreed) {
  auto it = make();
  const auto child = start_in(it);
  it.reset();
  std::int32_t status = 0;
  EXPECT_EQ(sysfd_child_wait(child.get(), &status), 0);
  EXPECT_EQ(sysfd_exit_status_signal(status), SIGKILL);
  EXPECT_TRUE(make()) << "the name is free again";
}

TEST_F(CCgroups, ThatAreKeptStay) {
  auto it = make();
  EXPECT_EQ(sysfd_cgroup_keep(it.get()), 0);
  it.reset();
  sysfd_cgroup* none = nullptr;
  sysfd_error error = SYSFD_ERROR_INIT;
  EXPECT_EQ(sysfd_cgroup_create(own(), name(), nullptr, &none, &error), -EEXIST);
  EXPECT_EQ(error.kind, SYSFD_CGROUP_CREATE);
  EXPECT_NE(std::string(error.text).find(name()), std::string::npos) << error.text;
  const int directory = sysfd_cgroup_fd_borrow(own());
  const auto path = "/proc/self/fd/" + std::to_string(directory) + "/" + name();
  const auto opened =
      made<CCgroup>([&](auto out) { return sysfd_cgroup_open(path.c_str(), out, &error); });
  EXPECT_EQ(events_of(opened).populated, 0U);
  EXPECT_EQ(::unlinkat(directory, name(), AT_REMOVEDIR), 0);
  EXPECT_EQ(sysfd_cgroup_open("/", &none, &error), -EBADF);
  EXPECT_EQ(error.kind, SYSFD_CGROUP_OPEN);
}

TEST_F(CCgroups, TellWhatIsPossible) {
  sysfd_cgroup_abilities found = SYSFD_CGROUP_ABILITIES_INIT;
  ASSERT_EQ(sysfd_cgroup_get_abilities(own(), &found, nullptr), 0);
  EXPECT_NE(found.flags & SYSFD_ABILITY_CREATE, 0U);
  EXPECT_EQ(found.create_code, 0);
  EXPECT_STREQ(found.create_text, "");
  EXPECT_EQ(found.available & found.in_version_1, 0U);
  EXPECT_EQ(found.enabled & ~found.available, 0U);

  // A limit is enforced, or refused with the controller that is missing.
  sysfd_cgroup_limits limits = SYSFD_CGROUP_LIMITS_INIT;
  limits.flags = SYSFD_LIMIT_PIDS_MAX;
  limits.pids_max = 7;
  sysfd_cgroup* it = nullptr;
  sysfd_error error = SYSFD_ERROR_INIT;
  const int code = sysfd_cgroup_create(own(), name(), &limits, &it, &error);
  const CCgroup limited(it);
  if ((found.available & SYSFD_CONTROLLER_PIDS) == 0) {
    EXPECT_EQ(code, -ENOENT);
    EXPECT_EQ(error.kind, SYSFD_CGROUP_ENABLE);
    EXPECT_NE(std::string(error.text).find("pids"), std::string::npos) << error.text;
    EXPECT_EQ(sysfd_cgroup_enable(own(), SYSFD_CONTROLLER_PIDS, &error), -ENOENT);
  } else {
    ASSERT_EQ(code, 0) << error.text;
    EXPECT_EQ(sysfd_cgroup_enable(own(), SYSFD_CONTROLLER_PIDS, &error), 0) << error.text;
    limits.pids_max = SYSFD_UNLIMITED;
    EXPECT_EQ(sysfd_cgroup_set(it, &limits, &error), 0) << error.text;
    sysfd_cgroup_usage usage = SYSFD_CGROUP_USAGE_INIT;
    EXPECT_EQ(sysfd_cgroup_get_usage(it, &usage, nullptr), 0);
    EXPECT_NE(usage.set & SYSFD_USAGE_PIDS, 0U);
    EXPECT_EQ(usage.pids, 0U);
  }
}

TEST_F(CCgroups, TellWhatHasBeenUsed) {
  const auto it = make();
  sysfd_cgroup_usage usage = SYSFD_CGROUP_USAGE_INIT;
  EXPECT_EQ(sysfd_cgroup_get_usage(it.get(), &usage, nullptr), 0);
  EXPECT_NE(usage.set & SYSFD_USAGE_CPU_USER, 0U);
  EXPECT_EQ(usage.cpu_user_microseconds, 0U);
  const auto works = shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
  EXPECT_EQ(sysfd_command_cgroup_borrow(works.get(), sysfd_cgroup_fd_borrow(it.get())), 0);
  EXPECT_EQ(exit_code_of(spawned(works)), 0);
  EXPECT_EQ(sysfd_cgroup_get_usage(it.get(), &usage, nullptr), 0);
  EXPECT_GT(usage.cpu_user_microseconds + usage.cpu_system_microseconds, 0U);
}

TEST_F(CCgroups, HaveDescriptorsToPoll) {
  const auto it = make();
  const auto child = start_in(it);
  sysfd_error error = SYSFD_ERROR_INIT;
  const int events = sysfd_cgroup_open_events(it.get(), &error);
  ASSERT_GE(events, 3) << error.text;
  const auto has_changed = [&](int milliseconds) {
    pollfd entry{events, POLLPRI, 0};
    EXPECT_GE(::poll(&entry, 1, milliseconds), 0);
    return (entry.revents & POLLPRI) != 0;
  };
  EXPECT_EQ(sysfd_cgroup_rearm(events, &error), 0) << error.text;
  EXPECT_FALSE(has_changed(0));
  EXPECT_EQ(sysfd_cgroup_kill(it.get(), nullptr), 0);
  EXPECT_TRUE(has_changed(20'000));
  EXPECT_EQ(sysfd_cgroup_wait_empty(it.get(), nullptr, nullptr), 0);
  EXPECT_EQ(sysfd_cgroup_rearm(events, &error), 0) << error.text;
  EXPECT_EQ(events_of(it).populated, 0U);
  EXPECT_EQ(sysfd_close_take(events), 0);
  const int of_memory = sysfd_cgroup_open_memory_events(it.get(), &error);
  if (of_memory >= 0) {
    EXPECT_EQ(sysfd_close_take(of_memory), 0);
  } else {
    EXPECT_EQ(of_memory, -ENOENT) << "without the memory controller";
    EXPECT_EQ(error.kind, SYSFD_CGROUP_READ);
  }
}

TEST_F(CCgroups, MoveTheirProcessesIntoALeaf) {
  const auto it = make();
  const auto child = start_in(it);
  const auto leaf = made<CCgroup>([&](auto out) {
    return sysfd_cgroup_make_leaf_and_enable(it.get(), "leaf", 0, out, nullptr);
  });
  EXPECT_EQ(processes_in(leaf), 1);
  EXPECT_EQ(sysfd_cgroup_kill(it.get(), nullptr), 0);
  EXPECT_EQ(sysfd_cgroup_wait_empty(it.get(), nullptr, nullptr), 0);
}

TEST(CCgroupsOfMistakes, AreErrors) {
  sysfd_cgroup* none = nullptr;
  EXPECT_EQ(sysfd_cgroup_own(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_open(nullptr, &none, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_create(nullptr, "x", nullptr, &none, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_get_abilities(nullptr, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_enable(nullptr, 0, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_make_leaf_and_enable(nullptr, "x", 0, &none, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_set(nullptr, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_kill(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_freeze(nullptr, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_thaw(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_processes(nullptr, 0, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_get_usage(nullptr, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_get_events(nullptr, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_open_events(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_open_memory_events(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_rearm(-1, nullptr), -EBADF);
  EXPECT_EQ(sysfd_cgroup_wait_empty(nullptr, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_remove(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_keep(nullptr), -EINVAL);
  EXPECT_EQ(sysfd_cgroup_fd_borrow(nullptr), -EINVAL);
  sysfd_cgroup_free(nullptr);
}

TEST_F(CCgroups, RefuseLimitsWithMistakes) {
  const auto refused = [&](sysfd_cgroup_limits limits) {
    sysfd_cgroup* none = nullptr;
    return sysfd_cgroup_create(own(), name(), &limits, &none, nullptr) == -EINVAL;
  };
  sysfd_cgroup_limits limits = SYSFD_CGROUP_LIMITS_INIT;
  limits.flags = 0x80;
  EXPECT_TRUE(refused(limits));
  limits = SYSFD_CGROUP_LIMITS_INIT;
  limits.kills_all = 2;
  EXPECT_TRUE(refused(limits));
  limits = SYSFD_CGROUP_LIMITS_INIT;
  limits.io_max_count = 1;
  EXPECT_TRUE(refused(limits));
  sysfd_io_limit io = {8, 0, SYSFD_IO_LIMIT_READ_BYTES, 1, 0, 0, 0, 0};
  limits.io_max = &io;
  EXPECT_TRUE(refused(limits));
  io.reserved = 0;
  io.flags = 0x10;
  EXPECT_TRUE(refused(limits));
  EXPECT_EQ(sysfd_cgroup_enable(own(), 0x40, nullptr), -EINVAL);
}

}  // namespace
}  // namespace sysfd_test
