// SPDX-License-Identifier: MIT
//
// Runs every function of this module on a thread with a stack of 16 KiB.
#include <sysfd/pidfd.hpp>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <chrono>
#include <vector>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/refuse_calls.hpp"
#include "support/small_stack.hpp"

namespace sysfd_test {
namespace {

class PidFdSmallStack : public testing::Test {
 protected:
  ForkedChild child_;
  const PidFd process_ = child_.pidfd();
};

TEST_F(PidFdSmallStack, Makers) {
  const auto pair = must(socket_pair(SOCK_STREAM));
  run_on_small_stack([&] {
    EXPECT_TRUE(PidFd::open(child_.pid()));
    EXPECT_TRUE(PidFd::open(child_.pid(), {.nonblocking = true}));
    (void)PidFd::open(child_.pid(), {.thread = true});
    EXPECT_FALSE(PidFd::open(1 << 22));
    EXPECT_TRUE(PidFd::self());
    (void)PidFd::of_peer(pair.first);
    if (const auto id = process_.id()) (void)PidFd::from_id(*id);
    EXPECT_TRUE(PidFd::adopt(must(process_.fd().duplicate())));
    auto unchecked = PidFd::unsafe_adopt(must(process_.fd().duplicate()));
    EXPECT_GE(std::move(unchecked).into_fd().get(), 3);
  });
}

TEST_F(PidFdSmallStack, Questions) {
  run_on_small_stack([&] {
    EXPECT_TRUE(process_.pid());
    EXPECT_TRUE(process_.info());
    (void)process_.id();
    EXPECT_EQ(same_process(process_, process_), true);
    (void)process_.get_fd(ForeignFd{0});
    EXPECT_TRUE(process_.proc_directory());
    (void)process_.namespace_fd(Namespace::uts);
    (void)process_.namespace_for_children(Namespace::pid);
    EXPECT_FALSE(process_.enter_namespaces({}));
    (void)process_.advise_memory({}, MADV_COLD);
    (void)process_.release_memory();
  });
}

// As on the oldest kernels, and under filters that know neither call.
TEST_F(PidFdSmallStack, QuestionsAnsweredByProc) {
  for (const bool also_openat2 : {false, true})
    run_apart([&] {
      run_on_small_stack([&] {
        refuse_calls({{SYS_ioctl, EPERM}, {SYS_name_to_handle_at, EPERM}});
        if (also_openat2) refuse_calls({{SYS_openat2, EPERM}});
        EXPECT_TRUE(process_.pid());
        EXPECT_TRUE(process_.info());
        EXPECT_EQ(same_process(process_, process_), true);
        EXPECT_TRUE(process_.proc_directory());
        (void)process_.namespace_fd(Namespace::uts);
        (void)process_.namespace_for_children(Namespace::pid);
      });
    });
}

TEST_F(PidFdSmallStack, Signals) {
  SYSFD_REQUIRE_ISOLATION();
  run_on_small_stack([&] {
    EXPECT_TRUE(process_.send_signal(0));
    EXPECT_TRUE(process_.send_signal(0, sigval{}));
    (void)process_.send_signal(0, SignalScope::thread);
    EXPECT_FALSE(process_.send_signal(-1, SignalScope::process_group));
  });
}

TEST_F(PidFdSmallStack, Waiting) {
  child_.tell_to_end(3);
  wait_until_ended(process_);
  run_on_small_stack([&] {
    EXPECT_TRUE(process_.try_wait_event({.consume = false}));
    EXPECT_TRUE(process_.wait_event({.consume = false}));
    EXPECT_EQ(process_.wait(), ExitStatus::exited(3));
    (void)process_.wait();
    (void)process_.try_wait();
    (void)process_.wait_for(1ns);
    (void)process_.wait_until(std::chrono::steady_clock::now());
  });
}

TEST_F(PidFdSmallStack, WaitingInVain) {
  const std::vector<const PidFd*> many(100, &process_);
  run_on_small_stack([&] {
    EXPECT_EQ(error_of(process_.try_wait()), std::errc::resource_unavailable_try_again);
    EXPECT_EQ(error_of(process_.wait_for(1ns)), std::errc::timed_out);
    EXPECT_EQ(error_of(process_.wait_until(std::chrono::steady_clock::now())),
              std::errc::timed_out);
    EXPECT_EQ(error_of(process_.try_wait_event()), std::errc::resource_unavailable_try_again);
    EXPECT_EQ(error_of(process_.wait_event_for(1ns)), std::errc::timed_out);
    EXPECT_EQ(error_of(wait_any(std::span(many).first(60), 0ns)), std::errc::timed_out);
    EXPECT_EQ(error_of(wait_any(many, 1ns)), std::errc::timed_out);
  });
}

TEST(PidFdValuesSmallStack, Texts) {
  run_on_small_stack([] {
    EXPECT_EQ(ProcessId::parse("12"), ProcessId(12));
    EXPECT_EQ(to_string(ProcessId(12)), "12");
    EXPECT_FALSE(to_string(ExitStatus::killed(SIGSEGV, true)).empty());
    EXPECT_NE(std::hash<ProcessId>()(ProcessId(12)), std::hash<ProcessId>()(ProcessId(13)));
  });
}

}  // namespace
}  // namespace sysfd_test
