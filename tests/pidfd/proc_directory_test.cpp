// SPDX-License-Identifier: MIT
//
// Opens the directory of a process in /proc.
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

// Returns the number of the process in the file "stat"; 0 if there is none.
pid_t number_in(const OwnedFd& directory) {
  const auto file = sysfd::open(directory, "stat", O_RDONLY);
  std::array<char, 32> text{};
  if (!file || ::read(file->get(), text.data(), text.size() - 1) <= 0) return 0;
  return std::atoi(text.data());
}

// Runs `body` with PIDFD_GET_INFO, and without it.
void run_both_ways(const std::function<void()>& body) {
  run_apart(body);
  run_apart([&] {
    refuse_calls({{SYS_ioctl, ENOTTY}});
    body();
  });
}

TEST(ProcDirectory, IsThatOfTheProcess) {
  run_both_ways([] {
    const ForkedChild child;
    const auto directory = child.pidfd().proc_directory();
    ASSERT_TRUE(directory) << directory.error().message();
    EXPECT_EQ(number_in(*directory), child.pid());
    EXPECT_EQ(is_close_on_exec(*directory), true);
    EXPECT_EQ(number_in(must(must(PidFd::self()).proc_directory())), ::getpid());
  });
}

TEST(ProcDirectory, IsThereForAZombieAndHoldsNothingOnceItWasReaped) {
  run_both_ways([] {
    ForkedChild child;
    const PidFd process = child.pidfd();
    child.end();
    const auto directory = process.proc_directory();
    ASSERT_TRUE(directory) << directory.error().message();
    EXPECT_EQ(number_in(*directory), child.pid());
    child.reap();
    EXPECT_EQ(error_of(sysfd::open(*directory, "stat", O_RDONLY)), std::errc::no_such_process);
    EXPECT_EQ(error_of(process.proc_directory()), std::errc::no_such_process);
  });
}

TEST(ProcDirectory, OfAThreadIsItsOwn) {
  SYSFD_REQUIRE_KERNEL("PIDFD_THREAD");
  run_both_ways([] {
    const OtherThread thread;
    const PidFd opened = must(PidFd::open(thread.number(), {.nonblocking = false, .thread = true}));
    const auto directory = opened.proc_directory();
    ASSERT_TRUE(directory) << directory.error().message();
    EXPECT_EQ(number_in(*directory), thread.number());
  });
}

TEST(ProcDirectory, IsThatOfTheDescriptorOfTheThread) {
  run_both_ways([] {
    const ForkedChild child;
    const ForkedChild other;
    const PidFd process = child.pidfd();
    const PidFd another = other.pidfd();
    std::jthread([&] {
      // In this thread, the numbers of the two are exchanged.
      ASSERT_EQ(::unshare(CLONE_FILES), 0);
      ASSERT_EQ(::dup2(another.fd().get(), process.fd().get()), process.fd().get());
      EXPECT_EQ(number_in(must(process.proc_directory())), other.pid());
    });
  });
}

TEST(ProcDirectory, IsFoundByACallerWithVeryManyGroups) {
  SYSFD_REQUIRE_ROOT();
  run_both_ways([] {
    std::vector<gid_t> groups(1000);
    std::iota(groups.begin(), groups.end(), 1'000'000);
    ASSERT_EQ(::setgroups(groups.size(), groups.data()), 0);
    EXPECT_EQ(number_in(must(must(PidFd::self()).proc_directory())), ::getpid());
  });
}

class OtherProc : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
  }
};

// Process 1 of a new pid namespace sees the /proc of the outer one, where 1 is another process.
TEST_F(OtherProc, OfThePidNamespaceAroundIsAnError) {
  run_both_ways([] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([] {
      ASSERT_EQ(::getpid(), 1);
      EXPECT_EQ(error_of(must(PidFd::self()).proc_directory()).value(), EREMOTE);
    });
  });
}

TEST_F(OtherProc, OfAPidNamespaceBelowIsAnError) {
  run_both_ways([] {
    ASSERT_EQ(::unshare(CLONE_NEWPID | CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const PidFd self = must(PidFd::self());
    const PidFd init = must(PidFd::open(1));
    const Signpost mounted;
    const ForkedChild below([&] {
      if (::getpid() != 1 || ::mount("proc", "/proc", "proc", 0, nullptr) != 0) std::abort();
      mounted.reached();
    });
    mounted.wait();
    for (const PidFd* process : {&self, &init}) {
      const auto directory = process->proc_directory();
      ASSERT_FALSE(directory) << "of number " << number_in(*directory) << " there";
      EXPECT_TRUE(directory.error().value() == ENOENT || directory.error().value() == EREMOTE)
          << directory.error().message();
    }
  });
}

TEST_F(OtherProc, ThatIsNotMountedIsAnError) {
  run_both_ways([] {
    const PidFd self = must(PidFd::self());
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("tmpfs", "/proc", "tmpfs", 0, nullptr), 0);
    EXPECT_EQ(error_of(self.proc_directory()), std::errc::no_such_file_or_directory);

    const std::string impostor = "/proc/" + std::to_string(::getpid());
    ASSERT_EQ(::mkdir(impostor.c_str(), 0755), 0);
    ASSERT_EQ(::mkdir("/proc/self", 0755), 0);
    (std::ofstream("/proc/self/status") << "Name:\timpostor\n").close();
    EXPECT_EQ(error_of(self.proc_directory()), std::errc::no_such_file_or_directory);
  });
}

TEST_F(OtherProc, OfAnotherProcessThatIsMountedThereIsAnError) {
  for (const int refused : {0, ENOSYS})
    run_both_ways([refused] {
      const ForkedChild child;
      const ForkedChild other;
      ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
      ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
      const auto path = [](const ForkedChild& of) { return "/proc/" + std::to_string(of.pid()); };
      ASSERT_EQ(::mount(path(other).c_str(), path(child).c_str(), nullptr, MS_BIND, nullptr), 0);
      if (refused != 0) refuse_calls({{SYS_openat2, refused}});
      EXPECT_EQ(error_of(child.pidfd().proc_directory()).value(), EXDEV);
      EXPECT_EQ(number_in(must(other.pidfd().proc_directory())), other.pid());
    });
}

TEST_F(OtherProc, ThatHidesTheProcessIsAnError) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  run_both_ways([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("proc", "/proc", "proc", 0, "hidepid=2"), 0);
    ASSERT_EQ(::setresgid(65534, 65534, 65534), 0);
    ASSERT_EQ(::setgroups(0, nullptr), 0);
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    // In Linux 5.10, a process can read its own fdinfo only if it is dumpable.
    ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 1), 0);
    EXPECT_EQ(error_of(process.proc_directory()), std::errc::no_such_file_or_directory);
  });
}

TEST_F(OtherProc, OfAProcessOutsideOfThePidNamespaceIsAnError) {
  const ForkedChild child;
  const PidFd outside = child.pidfd();
  run_both_ways([&] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([&] {
      const auto error = error_of(outside.proc_directory());
      EXPECT_TRUE(error.value() == EREMOTE || error.value() == ESRCH) << error.message();
    });
  });
}

}  // namespace
}  // namespace sysfd_test
