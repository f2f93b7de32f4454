// SPDX-License-Identifier: MIT
//
// Allocations that fail: nothing that cannot be undone happens before the memory for its result is
// there. Replaces malloc(3) of the whole program, for the shared library.
#include <cstdlib>

#if defined(SYSFD_TESTS_SHARED_CAPI) && defined(__GLIBC__) && defined(__cpp_exceptions)
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "capi/objects.hpp"
#include "support/scratch_directory.hpp"

namespace {

thread_local int until_failure = 0;  // 0: none fails

}  // namespace

extern "C" {
void* __libc_malloc(
    std::size_t size);  // NOLINT(bugprone-reserved-identifier): of the GNU C library
void* malloc(std::size_t size) noexcept {
  if (until_failure > 0 && --until_failure == 0) return nullptr;
  return __libc_malloc(size);
}
}

namespace sysfd_test {
namespace {

// Has each allocation of `call` fail, one after the other, until none does, and calls `check` after
// each failure. Returns what the last call returns.
template <class Call, class Check>
std::int64_t with_failures(Call call, Check check) {
  for (int n = 1; n < 1000; ++n) {
    until_failure = n;
    const std::int64_t code = call();
    const bool has_failed = until_failure == 0;
    until_failure = 0;
    if (!has_failed) return code;
    EXPECT_EQ(code, -ENOMEM) << "allocation " << n;
    check(n);
  }
  return -ENOMEM;
}

// A program that notes each of its runs.
class CNoMemory : public testing::Test {
 protected:
  CCommand noting() {
    auto it = shell(("echo >>" + path_).c_str());
    // A child that is lost would run to its end.
    EXPECT_EQ(sysfd_command_on_drop(it.get(), SYSFD_DROP_WAIT, nullptr), 0);
    return it;
  }
  // How often it has run.
  std::uintmax_t runs() const {
    return std::filesystem::exists(path_) ? std::filesystem::file_size(path_) : 0;
  }

 private:
  ScratchDirectory directory_;
  std::string path_ = directory_.path() / "runs";
};

TEST_F(CNoMemory, IsFoundBeforeACommandIsStarted) {
  const auto it = noting();
  sysfd_child* child = nullptr;
  EXPECT_EQ(with_failures([&] { return sysfd_command_spawn(it.get(), &child, nullptr); },
                          [&](int n) { EXPECT_EQ(runs(), 0U) << n; }),
            0);
  EXPECT_EQ(exit_code_of(CChild(child)), 0);
  EXPECT_EQ(runs(), 1U);
}

TEST_F(CNoMemory, IsFoundBeforeSeveralAreStarted) {
  const auto left = noting(), right = noting();
  const std::array<sysfd_command*, 2> both = {left.get(), right.get()};
  std::array<sysfd_child*, 2> children{};
  EXPECT_EQ(with_failures([&] { return sysfd_spawn_all(both.data(), 2, children.data(), nullptr); },
                          [&](int n) { EXPECT_EQ(runs(), 0U) << n; }),
            2);
  for (auto* child : children)
    EXPECT_EQ(exit_code_of(CChild(child)), 0);
}

TEST_F(CNoMemory, IsFoundBeforeAPipelineIsStarted) {
  const auto left = noting(), right = noting();
  const auto line = pipeline_of(left, right);
  std::array<sysfd_child*, 2> children{};
  EXPECT_EQ(
      with_failures([&] { return sysfd_pipeline_spawn(line.get(), 2, children.data(), nullptr); },
                    [&](int n) { EXPECT_EQ(runs(), 0U) << n; }),
      2);
  for (auto* child : children)
    sysfd_child_free(child);
}

TEST_F(CNoMemory, IsFoundBeforeTheOutputIsCollected) {
  const auto it = noting();
  sysfd_output* output = nullptr;
  until_failure = 1;  // later ones are of what the program writes
  EXPECT_EQ(sysfd_command_output(it.get(), nullptr, &output, nullptr), -ENOMEM);
  EXPECT_EQ(runs(), 0U);
  EXPECT_EQ(sysfd_command_output(it.get(), nullptr, &output, nullptr), 0);
  sysfd_output_free(output);
  EXPECT_EQ(runs(), 1U);
}

TEST_F(CNoMemory, DoesNotEmptyTheCommand) {
  auto it = noting();
  sysfd_prepared_command* prepared = nullptr;
  EXPECT_EQ(
      with_failures([&] { return sysfd_command_prepare(it.get(), &prepared, nullptr); },
                    [&](int n) { EXPECT_EQ(sysfd_command_argument0(it.get(), "sh"), 0) << n; }),
      0);
  sysfd_prepared_command_free(prepared);
  it = noting();
  sysfd_pending_child* pending = nullptr;
  sysfd_child* child = nullptr;
  until_failure = 1;
  EXPECT_EQ(sysfd_command_spawn_async(it.get(), SYSFD_CONFIRM_BY_FINISH, &pending, nullptr),
            -ENOMEM);
  EXPECT_EQ(sysfd_command_spawn_async(it.get(), SYSFD_CONFIRM_BY_FINISH, &pending, nullptr), 0);
  until_failure = 1;
  EXPECT_EQ(sysfd_pending_child_finish(pending, &child, nullptr), -ENOMEM);
  EXPECT_EQ(sysfd_pending_child_finish(pending, &child, nullptr), 0);
  EXPECT_EQ(exit_code_of(CChild(child)), 0);
  sysfd_pending_child_free(pending);
  EXPECT_EQ(runs(), 1U);
}

TEST_F(CNoMemory, DoesNotEmptyTheCommandsOfAPipeline) {
  const auto first = noting(), second = noting(), third = noting();
  // Those that are empty are refused.
  const auto is_there = [](const CCommand& it) {
    return sysfd_command_argument0(it.get(), "sh") == 0;
  };
  sysfd_pipeline* made = nullptr;
  EXPECT_EQ(
      with_failures([&] { return sysfd_pipeline_new(first.get(), second.get(), &made, nullptr); },
                    [&](int n) { EXPECT_TRUE(is_there(first) && is_there(second)) << n; }),
      0);
  const CPipeline line(made);
  std::array<sysfd_child*, 3> children{};
  EXPECT_EQ(with_failures([&] { return sysfd_pipeline_append(line.get(), third.get(), nullptr); },
                          [&](int n) { EXPECT_TRUE(is_there(third)) << n; }),
            0);
  EXPECT_FALSE(is_there(first) || is_there(second) || is_there(third));
  ASSERT_EQ(sysfd_pipeline_spawn(line.get(), 3, children.data(), nullptr), 3);
  for (sysfd_child* child : children)
    EXPECT_EQ(exit_code_of(CChild(child)), 0);
  EXPECT_EQ(runs(), 3U);
}

TEST(CNoMemoryOfACgroup, LeavesNoneBehind) {
  SYSFD_REQUIRE_ISOLATION();
  sysfd_cgroup* found = nullptr;
  if (sysfd_cgroup_own(&found, nullptr) < 0) GTEST_SKIP() << "needs cgroups of version 2";
  const CCgroup own(found);
  const auto name = "sysfd-test-memory-" + std::to_string(std::random_device()());
  sysfd_cgroup* made = nullptr;
  if (sysfd_cgroup_create(own.get(), name.c_str(), nullptr, &made, nullptr) < 0)
    GTEST_SKIP() << "needs to create cgroups";
  sysfd_cgroup_free(std::exchange(made, nullptr));
  EXPECT_EQ(
      with_failures(
          [&] { return sysfd_cgroup_create(own.get(), name.c_str(), nullptr, &made, nullptr); },
          [&](int n) {
            const int left = sysfd_cgroup_fd_borrow(own.get());
            EXPECT_NE(::faccessat(left, name.c_str(), F_OK, 0), 0) << n;
          }),
      0);
  sysfd_cgroup_free(made);
}

TEST(CNoMemoryOfAWait, DoesNotCloseThePidFds) {
  const int self = sysfd_pidfd_self();
  const std::vector<int> many(100, self);
  const auto now = timeout_of(0);
  EXPECT_EQ(with_failures([&] { return sysfd_pidfd_wait_any(many.data(), many.size(), &now); },
                          [&](int n) { EXPECT_EQ(sysfd_is_open(self), 1) << n; }),
            -ETIMEDOUT);
  EXPECT_EQ(sysfd_close_take(self), 0);
}

TEST(CNoMemoryOfListenFds, DoesNotCloseThem) {
  for (int n = 1; n < 20; ++n) {
    run_apart([n] {
      EXPECT_EQ(::memfd_create("given", 0), 3);
      ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
      ::setenv("LISTEN_FDS", "1", 1);
      ::unsetenv("LISTEN_FDNAMES");
      ::unsetenv("LISTEN_PIDFDID");
      sysfd_listen_fds* fds = nullptr;
      until_failure = n;
      const int code = sysfd_listen_fds_take(0, &fds, nullptr);
      until_failure = 0;
      EXPECT_EQ(code, fds ? 0 : -ENOMEM) << n;
      EXPECT_EQ(sysfd_is_open(3), 1) << n;
      EXPECT_EQ(sysfd_listen_fds_count(fds), fds ? 1 : -EINVAL);
      if (fds)
        sysfd_listen_fds_free(fds);
      else
        EXPECT_EQ(sysfd_close_take(3), 0);
    });
  }
}

}  // namespace
}  // namespace sysfd_test
#endif
