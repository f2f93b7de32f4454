// SPDX-License-Identifier: MIT
//
// Counts the system calls that the headers promise.
#include <sysfd/notify.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "listen/activated.hpp"
#include "listen/manager.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/system_calls.hpp"

namespace sysfd_test {
namespace {

using Calls = std::vector<long>;

// Keeps the descriptors open until the process ends: closing them does not count.
std::optional<Taken> kept;

// Counts the calls of `body` without those of the allocator.
std::optional<Calls> calls_of(const std::function<void()>& body,
                              const std::function<void()>& prepare = {}) {
  auto calls = system_calls_of(body, {}, prepare);
  const auto is_for_memory = [](long number) {
    return number == SYS_mmap || number == SYS_munmap || number == SYS_brk ||
           number == SYS_madvise || number == SYS_futex;
  };
  if (calls) std::erase_if(*calls, is_for_memory);
  return calls;
}

#define SYSFD_EXPECT_CALLS(calls, ...)         \
  {                                            \
    const auto made = calls;                   \
    if (!made) GTEST_SKIP() << "needs ptrace"; \
    EXPECT_EQ(*made, (Calls{__VA_ARGS__}));    \
  }

TEST(TakeCost, IsOneSystemCallAndTwoForEachDescriptor) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_EXPECT_CALLS(calls_of([] { kept = ListenFds::take(); },
                              [] {
                                open_files(2);
                                activation_for_us(2).set_environment();
                              }),
                     SYS_getpid, SYS_fcntl, SYS_fcntl, SYS_fcntl, SYS_fcntl);
}

TEST(TakeCost, OfAnIdentityIsFourMore) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_KERNEL("file handles of pidfds");
  SYSFD_EXPECT_CALLS(calls_of([] { kept = ListenFds::take(); },
                              [] {
                                open_files(1);
                                Activation activation = activation_for_us(1);
                                activation.identity = own_identity();
                                activation.set_environment();
                              }),
                     SYS_getpid, SYS_getpid, SYS_pidfd_open, SYS_name_to_handle_at, SYS_close,
                     SYS_fcntl, SYS_fcntl);
}

// As before Linux 6.14.
TEST(TakeCost, OfAnIdentityWithoutHandlesIsSixMore) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
  const auto calls = calls_of([] { kept = ListenFds::take(); },
                              [] {
                                open_files(1);
                                Activation activation = activation_for_us(1);
                                activation.identity = own_identity();
                                activation.set_environment();
                                refuse_calls({{SYS_name_to_handle_at, EOPNOTSUPP}});
                              });
  if (!calls) GTEST_SKIP() << "needs ptrace";
  EXPECT_EQ(calls->size(), 9U);
}

TEST(TakeCost, OfNothingIsOneSystemCall) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_EXPECT_CALLS(calls_of([] { kept = ListenFds::take(); },
                              [] { Activation{.pid = std::nullopt}.set_environment(); }),
                     SYS_getpid);
}

TEST(NotifyCost, WithoutAManagerIsNothing) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_EXPECT_CALLS(calls_of([] { EXPECT_EQ(notify({.ready = true}), NotifyResult::no_manager); },
                              [] { ::unsetenv("NOTIFY_SOCKET"); }));
}

TEST(NotifyCost, OfARefusedMessageIsNothing) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_EXPECT_CALLS(calls_of([] { EXPECT_FALSE(notify("@x", {})); }));
}

TEST(NotifyCost, OfAMessageIsFourSystemCalls) {
  SYSFD_REQUIRE_ISOLATION();
  const Manager manager;
  const std::string address = manager.address();
  SYSFD_EXPECT_CALLS(
      calls_of([&] { EXPECT_TRUE(notify(address, {.ready = true, .status = "x"})); }), SYS_socket,
      SYS_connect, SYS_sendmsg, SYS_close);
  manager.receive();
}

TEST(NotifyCost, OfAMessageOfANotifierIsOneSystemCall) {
  SYSFD_REQUIRE_ISOLATION();
  const Manager manager;
  const auto notifier = must(Notifier::connect(manager.address()));
  SYSFD_EXPECT_CALLS(calls_of([&] { EXPECT_TRUE(notifier.notify({.ready = true})); }), SYS_sendmsg);
  manager.receive();
}

TEST(WatchdogCost, IsAtMostOneSystemCall) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_EXPECT_CALLS(calls_of([] { EXPECT_TRUE(watchdog_interval()); },
                              [] {
                                ::setenv("WATCHDOG_USEC", "1", 1);
                                ::setenv("WATCHDOG_PID", own_pid().c_str(), 1);
                              }),
                     SYS_getpid);
}

TEST(FdTypeCost, IsAtMostFourSystemCalls) {
  SYSFD_REQUIRE_ISOLATION();
  const auto pair = must(socket_pair(SOCK_STREAM));
  const auto calls =
      calls_of([&] { EXPECT_EQ(FdType::stream().inet().matches(pair.first), false); });
  if (!calls) GTEST_SKIP() << "needs ptrace";
  ASSERT_EQ(calls->size(), 4U);  // the first is fstat(2), whose number depends on the library
  EXPECT_EQ(Calls(calls->begin() + 1, calls->end()),
            (Calls{SYS_getsockopt, SYS_getsockopt, SYS_getsockname}));
}

}  // namespace
}  // namespace sysfd_test
