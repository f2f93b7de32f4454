// SPDX-License-Identifier: MIT
//
// Every function of this module on a thread with a stack of 16 KiB.
#include "support/small_stack.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/proc_file.hpp>

#include "support/descriptors.hpp"
#include "support/results.hpp"

namespace {

using namespace sysfd_test;
using sysfd::OwnedFd;

TEST(OwnedFdSmallStack, Makers) {
  run_on_small_stack([] {
    EXPECT_TRUE(sysfd::open(sysfd::cwd(), std::string("/dev/null"), O_RDONLY));
    EXPECT_TRUE(sysfd::pipe());
    EXPECT_TRUE(sysfd::socket_pair(SOCK_STREAM));
    EXPECT_TRUE(sysfd::memfd("small"));
    EXPECT_TRUE(sysfd::event_fd());
  });
}

TEST(OwnedFdSmallStack, Members) {
  run_on_small_stack([] {
    OwnedFd file = some_file();
    EXPECT_TRUE(file.duplicate());
    EXPECT_TRUE(sysfd::BorrowedFd::unsafe_borrow(file.get()).duplicate());
    OwnedFd other = some_file();
    EXPECT_TRUE(sysfd::replace(other, file));
    other = some_file();
    EXPECT_TRUE(sysfd::set_nonblocking(other, true));
    EXPECT_TRUE(sysfd::is_close_on_exec(other) == true);
    OwnedFd again = must(OwnedFd::adopt_open(std::move(other).release()));
    EXPECT_TRUE(std::move(again).close());
    EXPECT_FALSE(OwnedFd::from_syscall(-1));
  });
}

#if defined(__cpp_exceptions)
TEST(OwnedFdSmallStack, OrThrow) {
  run_on_small_stack([] {
    EXPECT_THROW((void)sysfd::or_throw(sysfd::open(sysfd::cwd(), "", O_RDONLY), "open"),
                 std::system_error);
  });
}
#endif

TEST(OwnedFdSmallStack, Deadlines) {
  run_on_small_stack([] {
    using sysfd::detail::Clock;
    const Clock::time_point deadline = sysfd::detail::deadline_after(std::chrono::nanoseconds(1));
    EXPECT_GE(sysfd::detail::time_until(deadline).tv_nsec, 0);
    EXPECT_TRUE(sysfd::detail::poll_until(nullptr, 0, {deadline}));
    sysfd::detail::Deadline end;
    EXPECT_EQ(sysfd::detail::raw_poll_for(nullptr, 0, std::chrono::nanoseconds(1), end), 0);
  });
}

TEST(OwnedFdSmallStack, ForkMark) {
  run_on_small_stack([] { EXPECT_TRUE(sysfd::detail::fork_mark()); });
}

TEST(OwnedFdSmallStack, ProcFile) {
  run_on_small_stack([] {
    const auto status = must(sysfd::detail::open_proc_file("thread-self/status"));
    char room[16];
    EXPECT_TRUE(sysfd::detail::find_field(status, "Pid:\t", room));
    EXPECT_TRUE(sysfd::detail::open_proc_link("thread-self/ns", "mnt", O_RDONLY));
  });
}

}  // namespace
