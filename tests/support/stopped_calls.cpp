// SPDX-License-Identifier: MIT
#include "support/stopped_calls.hpp"

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <latch>
#include <thread>

#include "support/run_apart.hpp"

namespace sysfd_test {
namespace {

sysfd::OwnedFd add_filter(int call, const std::optional<RefusedCall::Match>& only) {
  scmp_filter_ctx context = ::seccomp_init(SCMP_ACT_ALLOW);
  scmp_arg_cmp condition{};
  if (only) condition = {only->argument, SCMP_CMP_MASKED_EQ, only->mask, only->value};
  EXPECT_EQ(
      ::seccomp_rule_add_exact_array(context, SCMP_ACT_NOTIFY, call, only ? 1 : 0, &condition), 0);
  EXPECT_EQ(::seccomp_load(context), 0);
  auto listener = sysfd::BorrowedFd::unsafe_borrow(::seccomp_notify_fd(context)).duplicate();
  ::seccomp_release(context);
  return *std::move(listener);
}

}  // namespace

StoppedCalls::StoppedCalls(int call, std::optional<RefusedCall::Match> only)
    : listener_(add_filter(call, only)) {}

bool StoppedCalls::await(pid_t child) {
  const long pidfd = child > 0 ? ::syscall(SYS_pidfd_open, child, 0) : -1;
  std::array<pollfd, 2> entries{
      {{listener_.get(), POLLIN, 0}, {static_cast<int>(pidfd), POLLIN, 0}}};
  EXPECT_GT(::poll(entries.data(), entries.size(), -1), 0);
  if (pidfd >= 0) ::close(entries[1].fd);
  if ((entries[0].revents & POLLIN) == 0) return false;
  seccomp_notif notification{};
  EXPECT_EQ(::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &notification), 0);
  stopped_ = notification.id;
  std::ranges::copy(notification.data.args, arguments_.begin());
  return true;
}

void StoppedCalls::respond(int error, bool make_the_call) {
  seccomp_notif_resp respond{};
  respond.id = stopped_;
  respond.error = -error;
  if (make_the_call) respond.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  EXPECT_EQ(::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &respond), 0);
}

void run_with_failing_opens(const std::function<int(std::string_view path, int flags)>& error_of,
                            const std::function<void()>& body) {
  run_apart([&] {
    std::optional<StoppedCalls> opens;
    std::latch is_filtered(1);
    std::jthread thread([&] {
      opens.emplace(SYS_openat);
      is_filtered.count_down();
      body();
    });
    is_filtered.wait();
    while (opens->await()) {
      const auto* const path = reinterpret_cast<const char*>(opens->argument(1));
      const int error = error_of(path, static_cast<int>(opens->argument(2)));
      if (error == 0)
        opens->let_go();
      else
        opens->fail(error);
    }
  });
}

}  // namespace sysfd_test
