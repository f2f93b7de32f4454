// SPDX-License-Identifier: MIT
//
// Runs every function of this module on a thread with a stack of 16 KiB.
#include <fcntl.h>
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

#include "support/prelude.hpp"

#include "support/small_stack.hpp"

namespace sysfd_test {
namespace {

TEST(OwnedFdSmallStack, Makers) {
  run_on_small_stack([] {
    EXPECT_TRUE(sysfd::open(cwd(), std::string("/dev/null"), O_RDONLY));
    EXPECT_TRUE(sysfd::pipe());
    EXPECT_TRUE(socket_pair(SOCK_STREAM));
    EXPECT_TRUE(memfd("small"));
    EXPECT_TRUE(event_fd());
  });
}

TEST(OwnedFdSmallStack, Members) {
  run_on_small_stack([] {
    OwnedFd file = some_file();
    EXPECT_TRUE(file.duplicate());
    EXPECT_TRUE(BorrowedFd::unsafe_borrow(file.get()).duplicate());
    OwnedFd other = some_file();
    EXPECT_TRUE(replace(other, file));
    other = some_file();
    EXPECT_TRUE(set_nonblocking(other, true));
    EXPECT_TRUE(is_close_on_exec(other) == true);
    OwnedFd again = must(OwnedFd::adopt_open(std::move(other).release()));
    EXPECT_TRUE(std::move(again).close());
    EXPECT_FALSE(OwnedFd::from_syscall(-1));
  });
}

#if defined(__cpp_exceptions)
TEST(OwnedFdSmallStack, OrThrow) {
  run_on_small_stack([] {
    EXPECT_THROW((void)or_throw(sysfd::open(cwd(), "", O_RDONLY), "open"), std::system_error);
  });
}
#endif

TEST(OwnedFdSmallStack, Deadlines) {
  run_on_small_stack([] {
    using detail::Clock;
    const Clock::time_point deadline = detail::deadline_after(std::chrono::nanoseconds(1));
    EXPECT_GE(detail::time_until(deadline).tv_nsec, 0);
    EXPECT_TRUE(detail::poll_until(nullptr, 0, {deadline}));
    detail::Deadline end;
    EXPECT_EQ(detail::raw_poll_for(nullptr, 0, std::chrono::nanoseconds(1), end), 0);
  });
}

TEST(OwnedFdSmallStack, ForkMark) {
  run_on_small_stack([] { EXPECT_TRUE(detail::fork_mark()); });
}

TEST(OwnedFdSmallStack, ProcFile) {
  run_on_small_stack([] {
    const auto status = must(detail::open_proc_file("thread-self/status"));
    char room[16];
    EXPECT_TRUE(detail::find_field(status, "Pid:\t", room));
    EXPECT_TRUE(detail::open_proc_link("thread-self/ns", "mnt", O_RDONLY));
  });
}

}  // namespace
}  // namespace sysfd_test
