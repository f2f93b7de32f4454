// SPDX-License-Identifier: MIT
//
// Counts the system calls that the headers promise; and tests what functions return if, between any
// two of them, the process is reaped and its number reused.
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/system_calls.hpp"

namespace sysfd_test {
namespace {

constexpr auto pidfs_root = static_cast<std::uint32_t>(-10002);

class SystemCalls : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }

  // The objects that are left close their descriptors after the count.
  template <class Call>
  static std::size_t count(Call call, const std::function<void()>& prepare = [] {}) {
    using Answer = decltype(call());
    static std::optional<Answer> kept;
    const auto calls = system_calls_of([&] { kept.emplace(call()); }, {}, prepare).value();
    return calls.size();
  }
};

TEST_F(SystemCalls, OneIsEnoughForMostThings) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  const auto pair = must(socket_pair(SOCK_STREAM));
  const PidFd* const both[] = {&process, &process};
  const std::vector<const PidFd*> many(100, &process);
  EXPECT_EQ(count([&] { return PidFd::open(child.pid()); }), 1U);
  EXPECT_EQ(count([&] { return PidFd::self(); }), 2U);
  EXPECT_EQ(count([&] { return PidFd::of_peer(pair.first); }), 1U);
  EXPECT_EQ(count([&] { return process.send_signal(0); }), 1U);
  EXPECT_EQ(count([&] { return process.send_signal(0, sigval{}); }), 3U) << "getpid, getuid";
  EXPECT_EQ(count([&] { return process.advise_memory({}, 20); }), 1U);
  EXPECT_EQ(count([&] { return process.release_memory(); }), 1U);
  EXPECT_EQ(count([&] { return process.enter_namespaces({}); }), 1U);
  EXPECT_EQ(count([&] { return wait_any(both, 0ns); }), 1U);
  EXPECT_EQ(count([&] { return PidFd::open(0); }), 0U);
  EXPECT_EQ(count([&] { return wait_any({}); }), 0U);
}

TEST_F(SystemCalls, OfWaiting) {
  SYSFD_REQUIRE_KERNEL("PIDFD_INFO_EXIT");
  // The copy that asks has its own child.
  std::optional<ForkedChild> child;
  std::optional<PidFd> process;
  const auto running = [&] { process.emplace(child.emplace().pidfd()); };
  const auto ended = [&] {
    running();
    child->end();
  };
  const auto reaped = [&] {
    ended();
    child->reap();
  };
  const auto try_wait = [&] { return process->try_wait(); };
  const auto wait_for = [&] { return process->wait_for(1ns); };
  const auto wait = [&] { return process->wait(); };
  const auto try_wait_event = [&] { return process->try_wait_event(); };
  for (const auto& [what, expected] :
       {std::pair{count(try_wait, running), 1U}, std::pair{count(try_wait, ended), 2U},
        std::pair{count(try_wait, reaped), 2U}, std::pair{count(wait_for, running), 2U},
        std::pair{count(wait_for, ended), 2U}, std::pair{count(wait_for, reaped), 2U},
        std::pair{count(wait, ended), 2U}, std::pair{count(try_wait_event, running), 1U},
        std::pair{count(try_wait_event, ended), 1U}})
    EXPECT_EQ(what, expected);
}

TEST_F(SystemCalls, OfInformation) {
  SYSFD_REQUIRE_KERNEL("PIDFD_GET_INFO");
  const ForkedChild child;
  const PidFd process = child.pidfd();
  EXPECT_EQ(count([&] { return process.pid(); }), 1U);
  EXPECT_EQ(count([&] { return process.info(); }), 1U);
  EXPECT_EQ(count([&] { return process.proc_directory(); }), 9U);
}

TEST_F(SystemCalls, OfInformationWithoutGetInfo) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  const auto old = [] { refuse_calls({{SYS_ioctl, ENOTTY}}); };
  EXPECT_EQ(count([&] { return process.proc_directory(); }, old), 27U);
}

TEST_F(SystemCalls, OfNamespaces) {
  SYSFD_REQUIRE_KERNEL("PIDFD_GET_..._NAMESPACE");
  const ForkedChild child;
  const PidFd process = child.pidfd();
  EXPECT_EQ(count([&] { return process.namespace_fd(Namespace::uts); }), 1U);
}

TEST_F(SystemCalls, OfIdentities) {
  SYSFD_REQUIRE_KERNEL("file handles of pidfds");
  SYSFD_REQUIRE_KERNEL("PIDFD_GET_INFO");
  const ForkedChild child;
  const PidFd process = child.pidfd();
  const auto id = must(process.id());
  EXPECT_EQ(count([&] { return process.id(); }), 1U);
  EXPECT_EQ(count([&] { return same_process(process, process); }), 2U);
  EXPECT_LE(count([&] { return PidFd::from_id(id); }), 7U);
  const auto before_6_17 = [] {
    refuse_calls({{SYS_open_by_handle_at, EBADF, RefusedCall::Match{0, pidfs_root}}});
  };
  EXPECT_EQ(count([&] { return PidFd::from_id(id); }, before_6_17), 7U);
  const auto before_6_14 = [] { refuse_calls({{SYS_name_to_handle_at, EOPNOTSUPP}}); };
  EXPECT_EQ(count([&] { return process.id(); }, before_6_14), 3U);
}

// Marks the process that is reaped: its name, and the host name in its namespace.
constexpr const char* mark = "marked";

// Asks the same of a process again and again, each time in a copy of this one. Before system call
// number 0, 1, 2, ... the process is reaped, and its number is given to an innocent one.
class Reuse : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
  }

  static void sweep(
      const std::function<void(const PidFd&)>& ask, const std::function<void()>& prepare = [] {}) {
    const std::size_t calls = ask_once(ask, prepare, never);
    ASSERT_GE(calls, 2U);
    for (std::size_t when = 0; when < calls; ++when) {
      SCOPED_TRACE("before call " + std::to_string(when));
      ask_once(ask, prepare, when);
    }
  }

 private:
  static constexpr std::size_t never = 1000;

  // Returns the number of system calls.
  static std::size_t ask_once(const std::function<void(const PidFd&)>& ask,
                              const std::function<void()>& prepare, std::size_t when) {
    const Signpost marked;
    ForkedChild old([&] {
      if (::prctl(PR_SET_NAME, mark) != 0 || ::unshare(CLONE_NEWUTS) != 0 ||
          ::sethostname(mark, std::strlen(mark)) != 0)
        std::abort();
      marked.reached();
    });
    marked.wait();
    const PidFd process = old.pidfd();
    std::unique_ptr<ForkedChild> innocent;
    const auto reuse = [&](std::size_t number) {
      if (number != when) return;
      old.end_and_reap();
      innocent.reset(new ForkedChild(ForkedChild::with_number(old.pid())));
    };
    return system_calls_of([&] { ask(process); }, reuse, prepare).value().size();
  }
};

bool is_gone(const std::error_code& error) {
  return error == std::errc::no_such_process;
}

void no_info() {
  refuse_calls({{SYS_ioctl, ENOTTY}});
}

void ask_for_directory(const PidFd& process) {
  const auto directory = process.proc_directory();
  if (!directory) {
    EXPECT_TRUE(is_gone(directory.error())) << directory.error().message();
    return;
  }
  const auto file = sysfd::open(*directory, "comm", O_RDONLY);
  std::array<char, 32> name{};
  if (!file || ::read(file->get(), name.data(), name.size() - 1) <= 0) return;
  EXPECT_EQ(name.data(), std::string(mark) + "\n") << "the directory of another process";
}

void ask_for_namespace(const PidFd& process) {
  const auto fd = process.namespace_fd(Namespace::uts);
  if (!fd) {
    EXPECT_TRUE(is_gone(fd.error())) << fd.error().message();
    return;
  }
  std::array<char, 65> name{};
  ASSERT_EQ(::setns(fd->get(), CLONE_NEWUTS), 0);
  ASSERT_EQ(::gethostname(name.data(), name.size()), 0);
  EXPECT_STREQ(name.data(), mark) << "the namespace of another process";
}

TEST_F(Reuse, TheProcDirectoryIsNeverThatOfTheNewProcess) {
  sweep(ask_for_directory);
}

TEST_F(Reuse, TheProcDirectoryIsNeverThatOfTheNewProcessWithoutGetInfo) {
  sweep(ask_for_directory, no_info);
}

TEST_F(Reuse, NamespacesAreThoseOfTheProcessOrItIsGone) {
  sweep(ask_for_namespace, no_info);
}

TEST_F(Reuse, TheNumberIsThatOfTheProcessOrItIsGone) {
  sweep(
      [](const PidFd& process) {
        const auto pid = process.pid();
        EXPECT_TRUE(pid || is_gone(pid.error())) << pid.error().message();
      },
      no_info);
}

TEST_F(Reuse, TheIdentityIsNotThatOfTheNewProcess) {
  SYSFD_REQUIRE_KERNEL("file handles of pidfds");
  ForkedChild old;
  const auto id = must(old.pidfd().id());
  old.end_and_reap();
  const ForkedChild innocent = ForkedChild::with_number(old.pid());
  EXPECT_TRUE(is_gone(error_of(PidFd::from_id(id))));
  EXPECT_EQ(must(PidFd::from_id(must(innocent.pidfd().id()))).pid(), old.pid());
}

TEST_F(Reuse, TheOldProcessIsNotTheSameAsTheNewOne) {
  SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
  ForkedChild old;
  const PidFd gone = old.pidfd();
  old.end_and_reap();
  const ForkedChild innocent = ForkedChild::with_number(old.pid());
  EXPECT_EQ(same_process(gone, innocent.pidfd()), false);
  EXPECT_EQ(same_process(innocent.pidfd(), gone), false);
}

}  // namespace
}  // namespace sysfd_test
