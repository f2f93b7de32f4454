// SPDX-License-Identifier: MIT
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/refuse_calls.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

void expect_the_number_until_it_is_reaped() {
  ForkedChild child;
  const PidFd process = child.pidfd();
  EXPECT_EQ(process.pid(), child.pid());
  child.end();
  EXPECT_EQ(process.pid(), child.pid()) << "of a zombie";
  child.reap();
  EXPECT_EQ(error_of(process.pid()), std::errc::no_such_process);
  EXPECT_EQ(must(PidFd::self()).pid(), ::getpid());
}

TEST(Pid, IsTheNumberUntilTheProcessIsReaped) {
  expect_the_number_until_it_is_reaped();
}

// unsafe_adopt() does not look.
TEST(Pid, OfWhatIsNoPidfdIsAnError) {
  std::vector<PidFd> others;
  others.push_back(PidFd::unsafe_adopt(must(sysfd::open(cwd(), "/dev/null", O_RDWR))));
  others.push_back(PidFd::unsafe_adopt(must(sysfd::open(cwd(), "/proc/self", O_RDONLY))));
  others.push_back(PidFd::unsafe_adopt(must(sysfd::open(cwd(), "/proc/self", O_PATH))));
  others.push_back(PidFd::unsafe_adopt(must(sysfd::pipe()).read));
  for (const PidFd& other : others)
    EXPECT_TRUE(error_of(other.pid()) == std::errc::operation_not_supported ||
                error_of(other.pid()) == std::errc::bad_file_descriptor)
        << error_of(other.pid()).message();
}

// As in kernels before 6.13. ENOTTY and EINVAL are the errors of a kernel that does not know the
// ioctl; the others are those of filters that refuse it.
TEST(PidWithoutGetInfo, IsTheNumberUntilTheProcessIsReaped) {
  for (const int error : {ENOTTY, EINVAL, EPERM, EACCES, ENOSYS})
    run_apart([error] {
      refuse_calls({{SYS_ioctl, error}});
      expect_the_number_until_it_is_reaped();
    });
}

TEST(PidWithoutGetInfo, IsOfTheDescriptorOfTheThread) {
  run_apart([] {
    const ForkedChild child;
    const ForkedChild other;
    const PidFd process = child.pidfd();
    const PidFd another = other.pidfd();
    std::jthread([&] {
      // In this thread, the numbers of the two are exchanged.
      ASSERT_EQ(::unshare(CLONE_FILES), 0);
      const auto kept = must(process.fd().duplicate());
      ASSERT_EQ(::dup2(another.fd().get(), process.fd().get()), process.fd().get());
      ASSERT_EQ(::dup2(kept.get(), another.fd().get()), another.fd().get());
      refuse_calls({{SYS_ioctl, ENOTTY}});
      EXPECT_EQ(process.pid(), other.pid());
      EXPECT_EQ(another.pid(), child.pid());
    });
  });
}

TEST(PidWithoutGetInfo, IsAnErrorWhereSomethingIsMountedOverProc) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const ForkedChild child;
    const ForkedChild other;
    const PidFd process = child.pidfd();
    const PidFd another = other.pidfd();
    const auto fdinfo = [](const PidFd& of) {
      return "/proc/thread-self/fdinfo/" + std::to_string(of.fd().get());
    };
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    if (::mount(fdinfo(another).c_str(), fdinfo(process).c_str(), nullptr, MS_BIND, nullptr) != 0) {
      ASSERT_EQ(errno, ENOENT) << "Linux 6.12 and later allow no mounts there";
      const std::string own = "/proc/" + std::to_string(::getpid());
      ASSERT_EQ(::mount("/proc/1", own.c_str(), nullptr, MS_BIND, nullptr), 0);
    }
    refuse_calls({{SYS_ioctl, ENOTTY}});
    EXPECT_EQ(error_of(process.pid()).value(), EXDEV);
    EXPECT_EQ(error_of(process.info()).value(), EXDEV);
  });
}

TEST(PidWithoutGetInfo, IsAnErrorWhereFdinfoCannotBeRead) {
  run_apart([] {
    const auto self = must(PidFd::self());
    refuse_calls({{SYS_ioctl, ENOTTY}, {SYS_read, EIO}});
    EXPECT_EQ(error_of(self.pid()).value(), EIO);
  });
}

// It could be that of another pid namespace than the caller's.
TEST(PidWithoutGetInfo, IsAnErrorWhereTheNamespaceOfProcIsNotTold) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const auto self = must(PidFd::self());
    const std::string status =
        "/proc/" + std::to_string(::getpid()) + "/task/" + std::to_string(::getpid()) + "/status";
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("/proc/1/status", status.c_str(), nullptr, MS_BIND, nullptr), 0);
    refuse_calls({{SYS_ioctl, ENOTTY}});
    EXPECT_EQ(error_of(self.pid()).value(), EXDEV);
  });
}

TEST(PidWithoutGetInfo, IsTheNumberOfACallerWithVeryManyGroups) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    std::vector<gid_t> groups(1000);
    std::iota(groups.begin(), groups.end(), 1'000'000);
    ASSERT_EQ(::setgroups(groups.size(), groups.data()), 0);
    refuse_calls({{SYS_ioctl, ENOTTY}});
    expect_the_number_until_it_is_reaped();
  });
}

// As for a pidfd that was made in the middle of the reaping: PIDFD_GET_INFO succeeds, but returns
// nothing.
TEST(Pid, IsAnErrorWhereTheKernelGoesOnSayingNothing) {
  run_apart([] {
    const PidFd self = must(PidFd::self());
    constexpr int enough = 100;
    std::optional<StoppedCalls> stopped;
    std::binary_semaphore has_filter{0};
    std::jthread asking([&] {
      stopped.emplace(SYS_ioctl);
      has_filter.release();
      EXPECT_EQ(error_of(self.pid()), std::errc::no_such_process);
      EXPECT_EQ(error_of(self.info()), std::errc::no_such_process);
      EXPECT_EQ(error_of(self.wait_for(std::chrono::nanoseconds(0))), std::errc::no_child_process);
    });
    has_filter.acquire();
    for (int asked = 1; stopped->await(); ++asked) {
      *reinterpret_cast<std::uint64_t*>(stopped->argument(2)) = 0;  // the mask
      asked < enough ? stopped->pretend() : stopped->fail(ENOTNAM);
    }
  });
}

TEST(PidWithoutGetInfo, NeedsProc) {
  run_apart([] {
    const auto self = PidFd::self();
    ASSERT_TRUE(self);
    refuse_calls({{SYS_ioctl, ENOTTY}, {SYS_openat, ENOENT}});
    EXPECT_EQ(error_of(self->pid()), std::errc::no_such_file_or_directory);
  });
}

TEST(Pid, OtherErrorsArePassedOn) {
  run_apart([] {
    const auto self = PidFd::self();
    ASSERT_TRUE(self);
    refuse_calls({{SYS_ioctl, ENOTNAM}});
    EXPECT_EQ(error_of(self->pid()).value(), ENOTNAM);
  });
}

// Runs `body` in process 1 of a new pid namespace, with the /proc of the old one.
void run_in_new_pid_namespace(const std::function<void()>& body) {
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([&] {
      ASSERT_EQ(::getpid(), 1);
      body();
    });
  });
}

TEST(PidOutsideOfTheNamespace, IsAnError) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const auto outside = PidFd::self();
  ASSERT_TRUE(outside);
  run_in_new_pid_namespace([&] {
    const auto error = error_of(outside->pid());
    EXPECT_TRUE(error.value() == EREMOTE || error.value() == ESRCH) << error.message();
    EXPECT_EQ(error_of(outside->send_signal(0)), std::errc::invalid_argument);
  });
}

TEST(PidOutsideOfTheNamespace, IsAnErrorWithoutGetInfo) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const auto outside = PidFd::self();
  ASSERT_TRUE(outside);
  run_in_new_pid_namespace([&] {
    refuse_calls({{SYS_ioctl, ENOTTY}});
    const auto number = outside->pid();
    EXPECT_FALSE(number) << "a number of another pid namespace: " << *number;
  });
}

TEST(PidOutsideOfTheNamespace, IsNoneInTheProcOfTheNamespace) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const auto outside = must(PidFd::self());
  run_in_new_pid_namespace([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("proc", "/proc", "proc", 0, nullptr), 0);
    refuse_calls({{SYS_ioctl, ENOTTY}});
    EXPECT_EQ(error_of(outside.pid()).value(), EREMOTE);
    EXPECT_EQ(must(PidFd::self()).pid(), 1);
  });
}

}  // namespace
}  // namespace sysfd_test
