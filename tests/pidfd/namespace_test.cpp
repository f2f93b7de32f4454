// SPDX-License-Identifier: MIT
//
// Opens and enters the namespaces of a process.
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

constexpr struct {
  Namespace kind;
  const char* name;
} all_kinds[] = {{Namespace::cgroup, "cgroup"}, {Namespace::ipc, "ipc"}, {Namespace::mount, "mnt"},
                 {Namespace::net, "net"},       {Namespace::pid, "pid"}, {Namespace::time, "time"},
                 {Namespace::user, "user"},     {Namespace::uts, "uts"}};

constexpr NamespaceSet unshared = Namespace::cgroup | Namespace::ipc | Namespace::mount |
                                  Namespace::net | Namespace::uts | Namespace::pid |
                                  Namespace::time;
constexpr const char* host_name = "elsewhere";

// Returns 0 if this kernel has no namespace of that kind.
ino_t inode(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

std::string path_of(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/ns/" + name;
}

void expect_namespace(const Result<OwnedFd>& fd, const std::string& path) {
  const ino_t expected = inode(path);
  if (expected == 0) {
    EXPECT_EQ(error_of(fd), std::errc::operation_not_supported) << path;
    return;
  }
  ASSERT_TRUE(fd) << path << ": " << fd.error().message();
  struct stat status;
  ASSERT_EQ(::fstat(fd->get(), &status), 0);
  EXPECT_EQ(status.st_ino, expected) << path;
  EXPECT_EQ(is_close_on_exec(*fd), true) << path;
}

// The ways to open a namespace: the ioctl; those of kernels without it (before 6.11), or without
// PIDFD_GET_INFO too; and that of a thread whose filter refuses the ioctl.
enum class Way { by_ioctl, by_proc, by_proc_alone, refused };

void take(Way way) {
  if (way == Way::by_proc)
    for (std::uint32_t number = 1; number <= 10; ++number)
      refuse_calls({{SYS_ioctl, ENOTTY,
                     RefusedCall::Match{1, static_cast<std::uint32_t>(_IO(0xFF, number))}}});
  if (way == Way::by_proc_alone) refuse_calls({{SYS_ioctl, ENOTTY}});
  if (way == Way::refused) refuse_calls({{SYS_ioctl, EPERM}});
}

// A child with its own namespaces, and a process in its new pid namespace, which ends with the
// child.
class WithNamespaces : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
    child_ = std::make_unique<ForkedChild>([this] {
      if (::unshare(static_cast<int>(unshared.flags())) != 0) std::abort();
      if (::sethostname(host_name, std::string_view(host_name).size()) != 0) std::abort();
      Pipe end = must(sysfd::pipe());
      if (::fork() == 0) {
        ::close(std::move(end.write).release());
        char byte = 0;
        ::_exit(static_cast<int>(::read(end.read.get(), &byte, 1)));
      }
      static_cast<void>(std::move(end.write).release());  // closed when this process ends
      unshared_.reached();
    });
    unshared_.wait();
  }

  Signpost unshared_;
  std::unique_ptr<ForkedChild> child_;
};

class NamespacesOf : public WithNamespaces, public testing::WithParamInterface<Way> {
 protected:
  void run(const std::function<void()>& body) {
    run_apart([&] {
      take(GetParam());
      body();
    });
  }
};

std::string name_of(const testing::TestParamInfo<Way>& way) {
  return way.param == Way::by_ioctl  ? "ByIoctl"
         : way.param == Way::by_proc ? "ByProc"
         : way.param == Way::refused ? "Refused"
                                     : "ByProcAlone";
}

INSTANTIATE_TEST_SUITE_P(EachWay, NamespacesOf,
                         testing::Values(Way::by_ioctl, Way::by_proc, Way::by_proc_alone,
                                         Way::refused),
                         name_of);

TEST_P(NamespacesOf, AChildAreThoseThatProcShows) {
  run([this] {
    const PidFd process = child_->pidfd();
    for (const auto& [kind, name] : all_kinds)
      expect_namespace(process.namespace_fd(kind), path_of(child_->pid(), name));
    EXPECT_NE(inode(path_of(child_->pid(), "uts")), inode("/proc/self/ns/uts"));
  });
}

TEST_P(NamespacesOf, TheCallerAreThoseThatProcShows) {
  run([] {
    const PidFd self = must(PidFd::self());
    for (const auto& [kind, name] : all_kinds)
      expect_namespace(self.namespace_fd(kind), path_of(::getpid(), name));
  });
}

TEST_P(NamespacesOf, TheNextChildrenAreThoseThatProcShows) {
  run([this] {
    const PidFd process = child_->pidfd();
    for (const auto& [kind, name] :
         {std::pair{Namespace::pid, "pid"}, std::pair{Namespace::time, "time"}}) {
      const std::string path = path_of(child_->pid(), std::string(name) + "_for_children");
      EXPECT_NE(inode(path), inode(path_of(child_->pid(), name)));
      expect_namespace(process.namespace_for_children(kind), path);
    }
  });
}

TEST_P(NamespacesOf, TheNextChildrenAreOfTwoKindsOnly) {
  run([this] {
    const PidFd process = child_->pidfd();
    for (const Namespace kind : {Namespace::cgroup, Namespace::ipc, Namespace::mount,
                                 Namespace::net, Namespace::user, Namespace::uts})
      EXPECT_EQ(error_of(process.namespace_for_children(kind)), std::errc::invalid_argument);
    EXPECT_EQ(error_of(process.namespace_fd(Namespace{0})), std::errc::invalid_argument);
  });
}

// The ioctl opens such a pid namespace; on some kernels the link in /proc has no target.
TEST_P(NamespacesOf, TheNextChildrenMayWaitForTheirFirstProcess) {
  run([] {
    ASSERT_EQ(::unshare(CLONE_NEWPID), 0);
    const auto fd = must(PidFd::self()).namespace_for_children(Namespace::pid);
    if (inode("/proc/self/ns/pid_for_children") != 0 || fd) {
      EXPECT_TRUE(fd) << fd.error().message();
    } else {
      EXPECT_EQ(fd.error(), std::errc::no_such_file_or_directory);
      EXPECT_FALSE(GetParam() == Way::by_ioctl && kernel_has("PIDFD_GET_..._NAMESPACE"));
    }
  });
}

TEST_P(NamespacesOf, AProcessThatHasEndedAreNone) {
  run([] {
    ForkedChild child;
    const PidFd process = child.pidfd();
    child.end();
    for (int turn = 0; turn < 2; ++turn, child.reap()) {
      for (const auto& [kind, name] : all_kinds)
        EXPECT_EQ(error_of(process.namespace_fd(kind)), std::errc::no_such_process)
            << name << (turn ? " of a reaped process" : " of a zombie");
      EXPECT_EQ(error_of(process.namespace_for_children(Namespace::pid)),
                std::errc::no_such_process);
    }
  });
}

TEST_P(NamespacesOf, AProcessOfAnotherUserAreAnError) {
  run([this] {
    const PidFd process = child_->pidfd();
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    for (const auto& [kind, name] : all_kinds) {
      const auto error = error_of(process.namespace_fd(kind));
      EXPECT_TRUE(error.value() == EACCES || error.value() == EPERM)
          << name << ": " << error.message();
    }
  });
}

std::string own_host_name() {
  std::array<char, 65> name{};
  ::gethostname(name.data(), name.size());
  return name.data();
}

TEST_P(NamespacesOf, AProcessWithAnotherMountedOverItAreAnErrorOrItsOwn) {
  run([this] {
    const PidFd process = child_->pidfd();
    const ino_t own = inode(path_of(child_->pid(), "uts"));
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const std::string there = "/proc/" + std::to_string(child_->pid()) + "/ns";
    ASSERT_EQ(::mount("/proc/1/ns", there.c_str(), nullptr, MS_BIND, nullptr), 0);
    const auto fd = process.namespace_fd(Namespace::uts);
    struct stat status{};
    ASSERT_EQ(fd ? ::fstat(fd->get(), &status) : 0, 0);
    EXPECT_TRUE(fd ? status.st_ino == own
                   : fd.error().value() == EXDEV || fd.error().value() == EPERM)
        << error_of(fd).message();
  });
}

// The error of the ioctl stays if it is the one that says more.
TEST_F(WithNamespaces, WithoutTheIoctlNeedProc) {
  for (const int refusal : {ENOTTY, EPERM})
    run_apart([&] {
      const PidFd process = child_->pidfd();
      ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
      ASSERT_EQ(::mount("sysfd", "/proc", "tmpfs", 0, nullptr), 0);
      const auto uts = static_cast<std::uint32_t>(_IO(0xFF, 10));
      refuse_calls({{SYS_ioctl, refusal, RefusedCall::Match{1, uts}}});
      EXPECT_EQ(error_of(process.namespace_fd(Namespace::uts)).value(),
                refusal == ENOTTY ? ENOENT : EPERM);
    });
}

class EnterNamespaces : public WithNamespaces {
 protected:
  void enter(const std::function<void(const PidFd&)>& body) {
    run_apart([&] { body(child_->pidfd()); });
  }
};

TEST_F(EnterNamespaces, MovesTheCallerIntoThoseAndNoOthers) {
  enter([this](const PidFd& process) {
    const ino_t ipc = inode("/proc/self/ns/ipc");
    ASSERT_NE(own_host_name(), host_name);
    const auto entered = process.enter_namespaces(Namespace::uts | Namespace::net);
    ASSERT_TRUE(entered) << entered.error().message();
    EXPECT_EQ(own_host_name(), host_name);
    for (const char* name : {"uts", "net"})
      EXPECT_EQ(inode(path_of(::getpid(), name)), inode(path_of(child_->pid(), name))) << name;
    EXPECT_EQ(inode("/proc/self/ns/ipc"), ipc);
  });
}

// The process is a grandchild: a process is never in a new pid or time namespace that it makes.
TEST(EnterAllNamespaces, MovesTheCallerIntoEachKind) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ONE_THREAD();
  Pipe numbers = must(sysfd::pipe()), end = must(sysfd::pipe());
  const ForkedChild child([&] {
    if (::unshare(static_cast<int>((unshared | Namespace::user).flags())) != 0) std::abort();
    const pid_t number = ::fork();
    if (number == 0) {
      static_cast<void>(OwnedFd(std::move(end.write)));
      char byte = 0;
      ::_exit(static_cast<int>(::read(end.read.get(), &byte, 1)));
    }
    static_cast<void>(OwnedFd(std::move(end.write)));
    if (::write(numbers.write.get(), &number, sizeof number) != sizeof number) std::abort();
    ::waitpid(number, nullptr, 0);
  });
  pid_t number = 0;
  ASSERT_EQ(::read(numbers.read.get(), &number, sizeof number), ssize_t{sizeof number});
  ASSERT_GT(number, 0);
  const PidFd process = must(PidFd::open(number));
  run_apart([&] {
    std::map<std::string, ino_t> expected;
    NamespaceSet all;
    for (const auto& [kind, name] : all_kinds) {
      expected[name] = inode(path_of(number, name));
      if (expected[name] == 0) continue;  // a kernel without it
      EXPECT_NE(expected[name], inode("/proc/self/ns/"s + name)) << name;
      all = all | kind;
    }
    const auto entered = process.enter_namespaces(all);
    ASSERT_TRUE(entered) << entered.error().message();
    for (const auto& [name, there] : expected)
      EXPECT_EQ(inode("/proc/self/ns/" + name + (name == "pid" ? "_for_children" : "")), there)
          << name;
  });
  static_cast<void>(OwnedFd(std::move(end.write)));
}

TEST_F(EnterNamespaces, IntoAPidNamespaceIsForTheNextChildren) {
  enter([this](const PidFd& process) {
    ASSERT_TRUE(process.enter_namespaces(Namespace::pid));
    EXPECT_EQ(inode("/proc/self/ns/pid_for_children"), inode(path_of(child_->pid(), "pid")));
  });
}

TEST_F(EnterNamespaces, NoneIsAnError) {
  enter([](const PidFd& process) {
    EXPECT_EQ(error_of(process.enter_namespaces({})), std::errc::invalid_argument);
  });
}

TEST_F(EnterNamespaces, AllOrNone) {
  enter([](const PidFd& process) {
    const std::string before = own_host_name();
    EXPECT_EQ(error_of(process.enter_namespaces(Namespace::uts | Namespace::user)),
              std::errc::invalid_argument)
        << "its user namespace is that of the caller";
    EXPECT_EQ(own_host_name(), before);
  });
}

TEST_F(EnterNamespaces, InAMultithreadedProcessSomeAreAnError) {
  enter([](const PidFd& process) {
    const OtherThread thread;
    EXPECT_EQ(error_of(process.enter_namespaces(Namespace::mount)), std::errc::invalid_argument);
    EXPECT_EQ(error_of(process.enter_namespaces(Namespace::time)).value(), EUSERS);
    EXPECT_TRUE(process.enter_namespaces(Namespace::uts));
  });
}

TEST_F(EnterNamespaces, OfAProcessThatHasEndedIsAnError) {
  run_apart([] {
    ForkedChild child;
    const PidFd process = child.pidfd();
    child.end();
    EXPECT_EQ(error_of(process.enter_namespaces(Namespace::uts)), std::errc::no_such_process);
    child.reap();
    EXPECT_EQ(error_of(process.enter_namespaces(Namespace::uts)), std::errc::no_such_process);
  });
}

TEST_F(EnterNamespaces, NeedsThePower) {
  enter([](const PidFd& process) {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(error_of(process.enter_namespaces(Namespace::uts)),
              std::errc::operation_not_permitted);
  });
}

}  // namespace
}  // namespace sysfd_test
