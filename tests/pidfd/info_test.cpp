// SPDX-License-Identifier: MIT
//
// Tests PidFd::info() in every state of a process.
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include <sysfd/file_handle.hpp>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

class Info : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_KERNEL("PIDFD_GET_INFO"); }
};

Credentials own_credentials() {
  Credentials own{};
  ::getresuid(&own.user, &own.effective_user, &own.saved_user);
  ::getresgid(&own.group, &own.effective_group, &own.saved_group);
  own.file_system_user = own.effective_user;
  own.file_system_group = own.effective_group;
  return own;
}

TEST_F(Info, OfTheCaller) {
  const auto info = must(PidFd::self()).info();
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->pid, ::getpid());
  EXPECT_EQ(info->process, ::getpid());
  EXPECT_EQ(info->parent, ::getppid());
  EXPECT_EQ(info->credentials, own_credentials());
  EXPECT_EQ(info->exit, std::nullopt);
}

TEST_F(Info, OfAChild) {
  const ForkedChild child;
  const auto info = child.pidfd().info();
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->pid, child.pid());
  EXPECT_EQ(info->process, child.pid());
  EXPECT_EQ(info->parent, ::getpid());
  EXPECT_EQ(info->exit, std::nullopt);
}

TEST_F(Info, HasEachOfTheEightCredentials) {
  SYSFD_REQUIRE_ROOT();
  const Credentials wanted{.user = 1001,
                           .group = 1002,
                           .effective_user = 1003,
                           .effective_group = 1004,
                           .saved_user = 1005,
                           .saved_group = 1006,
                           .file_system_user = 1007,
                           .file_system_group = 1008};
  const Signpost changed;
  const ForkedChild child([&] {
    // Keeps the capabilities, which later changes need.
    if (::prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) != 0 ||
        ::setresgid(wanted.group, wanted.effective_group, wanted.saved_group) != 0 ||
        ::setresuid(wanted.user, wanted.effective_user, wanted.saved_user) != 0)
      std::abort();
    ::setfsgid(wanted.file_system_group);
    ::setfsuid(wanted.file_system_user);
    changed.reached();
  });
  changed.wait();
  EXPECT_EQ(must(child.pidfd().info()).credentials, wanted);
}

TEST_F(Info, IsVisibleToOtherUsers) {
  SYSFD_REQUIRE_ROOT();
  const ForkedChild child;
  const PidFd process = child.pidfd();
  run_apart([&] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    const auto info = process.info();
    ASSERT_TRUE(info) << info.error().message();
    EXPECT_EQ(info->pid, child.pid());
    EXPECT_TRUE(info->credentials);
  });
}

TEST_F(Info, OfAZombieHasNoEndYet) {
  ForkedChild child;
  const PidFd process = child.pidfd();
  child.end(3);
  const auto info = process.info();
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->pid, child.pid());
  EXPECT_EQ(info->process, child.pid());
  EXPECT_EQ(info->parent, ::getpid());
  EXPECT_TRUE(info->credentials);
  EXPECT_EQ(info->exit, std::nullopt);
}

void expect_only_the_end(const PidFd& process, ExitStatus end) {
  const auto info = process.info();
  if (!kernel_has("PIDFD_INFO_EXIT")) {
    EXPECT_EQ(error_of(info), std::errc::no_such_process);
    return;
  }
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->pid, std::nullopt);
  EXPECT_EQ(info->process, std::nullopt);
  EXPECT_EQ(info->parent, std::nullopt);
  EXPECT_EQ(info->credentials, std::nullopt);
  EXPECT_EQ(info->exit, end);
}

TEST_F(Info, OfAReapedProcessIsItsEnd) {
  for (const int code : {0, 1, 255}) {
    ForkedChild child;
    const PidFd process = child.pidfd();
    child.end_and_reap(code);
    expect_only_the_end(process, ExitStatus::exited(code));
  }
}

TEST_F(Info, OfAProcessThatReapedItselfIsItsEnd) {
  run_apart([] {
    ::signal(SIGCHLD, SIG_IGN);
    ForkedChild child;
    const PidFd process = child.pidfd();
    child.end(4);
    wait_until_gone(process);
    expect_only_the_end(process, ExitStatus::exited(4));
  });
}

TEST_F(Info, OfAThreadHasItsNumberAndThatOfItsProcess) {
  SYSFD_REQUIRE_KERNEL("PIDFD_THREAD");
  OtherThread thread;
  const PidFd opened = must(PidFd::open(thread.number(), {.nonblocking = false, .thread = true}));
  const auto info = opened.info();
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->pid, thread.number());
  EXPECT_EQ(info->process, ::getpid());
  EXPECT_EQ(info->parent, ::getppid());
  thread.end();
  wait_until_gone(opened);
  expect_only_the_end(opened, ExitStatus::exited(0));
}

// The test makes process 1 of a pid namespace, and another process there whose parent is outside.
TEST_F(Info, OfAProcessWhoseParentIsOutsideOfThePidNamespaceHasNoParent) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    const ForkedChild first;
    run_apart([] {
      ASSERT_EQ(::getppid(), 0);
      for (const pid_t pid : {1, ::getpid()}) {
        const auto info = must(PidFd::open(pid)).info();
        ASSERT_TRUE(info) << info.error().message();
        EXPECT_EQ(info->pid, pid);
        EXPECT_EQ(info->parent, std::nullopt);
      }
    });
  });
}

TEST_F(Info, OfAProcessOutsideOfThePidNamespaceIsAnError) {
  SYSFD_REQUIRE_ROOT();
  const ForkedChild child;
  const PidFd outside = child.pidfd();
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([&] {
      const auto error = error_of(outside.info());
      EXPECT_TRUE(error.value() == EREMOTE || error.value() == ESRCH) << error.message();
      EXPECT_EQ(error_of(outside.pid()), error);
    });
  });
}

TEST_F(Info, OtherErrorsArePassedOn) {
  run_apart([] {
    const PidFd self = must(PidFd::self());
    refuse_calls({{SYS_ioctl, ENOTNAM}});
    EXPECT_EQ(error_of(self.info()).value(), ENOTNAM);
  });
}

void expect_the_number_alone(const PidFd& process, pid_t pid) {
  const auto info = process.info();
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->pid, pid);
  EXPECT_EQ(info->process, std::nullopt);
  EXPECT_EQ(info->parent, std::nullopt);
  EXPECT_EQ(info->credentials, std::nullopt);
  EXPECT_EQ(info->cgroup_id, std::nullopt);
  EXPECT_EQ(info->exit, std::nullopt);
  EXPECT_EQ(info->core_dump, std::nullopt);
}

TEST(InfoWithoutGetInfo, IsTheNumberAlone) {
  for (const int error : {ENOTTY, EINVAL, EPERM, EACCES, ENOSYS})
    run_apart([error] {
      refuse_calls({{SYS_ioctl, error}});
      ForkedChild child;
      const PidFd process = child.pidfd();
      expect_the_number_alone(process, child.pid());
      child.end(3);
      expect_the_number_alone(process, child.pid());
      child.reap();
      EXPECT_EQ(error_of(process.info()), std::errc::no_such_process);
    });
}

TEST(InfoWithoutGetInfo, NeedsProc) {
  run_apart([] {
    const PidFd self = must(PidFd::self());
    refuse_calls({{SYS_ioctl, ENOTTY}, {SYS_openat, ENOENT}});
    EXPECT_EQ(error_of(self.info()), std::errc::no_such_file_or_directory);
  });
}

TEST(InfoWithoutGetInfo, OfAProcessOutsideOfThePidNamespaceIsAnError) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const ForkedChild child;
  const PidFd outside = child.pidfd();
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    run_apart([&] {
      refuse_calls({{SYS_ioctl, ENOTTY}});
      EXPECT_EQ(error_of(outside.info()).value(), EREMOTE);
    });
  });
}

// A child in its own cgroup, in a cgroup2 file system that is mounted for this test.
class CgroupInfo : public Info {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
    Info::SetUp();
    if (IsSkipped()) return;
    const std::string root = scratch_.path();
    if (::mount("cgroup2", root.c_str(), "cgroup2", 0, nullptr) != 0)
      GTEST_SKIP() << "needs to mount cgroup2";
    mounted_ = true;
    cgroup_ = root + "/XXXXXX";
    ASSERT_NE(::mkdtemp(cgroup_.data()), nullptr) << std::strerror(errno);
    (std::ofstream(cgroup_ + "/cgroup.procs") << child_.pid()).close();
  }
  void TearDown() override {
    child_.end();
    child_.reap();
    if (!cgroup_.empty()) ::rmdir(cgroup_.c_str());
    if (mounted_) ::umount(scratch_.path().c_str());
  }

  const ScratchDirectory scratch_;
  std::string cgroup_;
  bool mounted_ = false;
  ForkedChild child_;
  const PidFd process_ = child_.pidfd();
};

TEST_F(CgroupInfo, IsTheInodeOfItsDirectoryAndTheContentOfItsHandle) {
  struct stat directory;
  ASSERT_EQ(::stat(cgroup_.c_str(), &directory), 0);
  const auto info = process_.info();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->cgroup_id, directory.st_ino);
  EXPECT_NE(info->cgroup_id, must(must(PidFd::self()).info()).cgroup_id);

  const auto named = name_to_handle(cwd(), cgroup_.c_str());
  ASSERT_TRUE(named) << named.error().message();
  std::uint64_t content = 0;
  ASSERT_EQ(named->handle.bytes().size(), sizeof content);
  std::memcpy(&content, named->handle.bytes().data(), sizeof content);
  EXPECT_EQ(info->cgroup_id, content);
}

TEST_F(CgroupInfo, IsKnownOfAZombieAndOfAReapedProcess) {
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  struct stat directory;
  ASSERT_EQ(::stat(cgroup_.c_str(), &directory), 0);
  child_.end();
  EXPECT_EQ(must(process_.info()).cgroup_id, directory.st_ino);
  child_.reap();
  EXPECT_EQ(must(process_.info()).cgroup_id, directory.st_ino);
}

class CoreDumpInfo : public Info {
 protected:
  void SetUp() override {
    Info::SetUp();
    if (IsSkipped()) return;
    if (!must(must(PidFd::self()).info()).core_dump)
      GTEST_SKIP() << "needs PIDFD_INFO_COREDUMP (Linux 6.16)";
  }
};

TEST_F(CoreDumpInfo, OfALivingProcessTellsWhoWouldOwnTheDump) {
  const struct {
    unsigned long dumpable;
    CoreDump expected;
  } cases[] = {{1, {.as_user = true}}, {0, {.skipped = true}}};
  for (const auto& [dumpable, expected] : cases) {
    const Signpost changed;
    const ForkedChild child([&, set = dumpable] {
      ::prctl(PR_SET_DUMPABLE, set);
      changed.reached();
    });
    changed.wait();
    const auto dump = must(child.pidfd().info()).core_dump;
    ASSERT_TRUE(dump);
    EXPECT_EQ(dump->dumped, expected.dumped);
    EXPECT_EQ(dump->skipped, expected.skipped);
    EXPECT_EQ(dump->as_user, expected.as_user);
    EXPECT_EQ(dump->as_root, expected.as_root);
  }
}

// The way in which the process ended tells if there is a core file; the other fields are about dump
// servers.
TEST_F(Info, OfACrashedProcessIsItsSignalAndWhetherACoreWasDumped) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  const ScratchDirectory scratch;
  for (const int signo : {SIGSEGV, SIGABRT})
    for (const bool may_dump : {false, true}) {
      ForkedChild child([&] {
        rlimit limit;
        if (::chdir(scratch.path().c_str()) != 0 || ::getrlimit(RLIMIT_CORE, &limit) != 0)
          ::_exit(1);
        limit.rlim_cur = may_dump ? limit.rlim_max : 0;
        if (::setrlimit(RLIMIT_CORE, &limit) != 0) ::_exit(1);
        ::signal(signo, SIG_DFL);
        ::raise(signo);
      });
      const PidFd process = child.pidfd();
      const int status = child.reap();
      ASSERT_TRUE(WIFSIGNALED(status));
      EXPECT_FALSE(!may_dump && WCOREDUMP(status));
      const auto info = process.info();
      ASSERT_TRUE(info) << info.error().message();
      EXPECT_EQ(info->exit, ExitStatus::killed(signo, WCOREDUMP(status) != 0));
      if (!info->core_dump) continue;
      EXPECT_FALSE(info->core_dump->dumped && !WCOREDUMP(status));
      EXPECT_TRUE(!info->core_dump->signal || info->core_dump->signal == signo);
    }
}

}  // namespace
}  // namespace sysfd_test
