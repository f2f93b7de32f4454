// SPDX-License-Identifier: MIT
//
// Sends signals with a value, like sigqueue(3).
#include <sysfd/pidfd.hpp>

#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

const sigset_t both = [] {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGUSR1);
  ::sigaddset(&set, SIGRTMIN);
  return set;
}();

// Returns the next pending signal of the two, or none: does not block.
std::optional<siginfo_t> next_signal() {
  siginfo_t info{};
  const timespec at_once{};
  if (::sigtimedwait(&both, &info, &at_once) == -1) return std::nullopt;
  return info;
}

// Does the same as run_apart(), with both signals blocked.
void run_with_signals_blocked(const std::function<void()>& body) {
  run_apart([&] {
    ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &both, nullptr), 0);
    body();
  });
}

sigval pointer_to(void* where) {
  return {.sival_ptr = where};
}

class SignalValue : public testing::Test {
 protected:
  void SetUp() override { SYSFD_REQUIRE_ISOLATION(); }
};

TEST_F(SignalValue, ArrivesWithTheSendersProcessAndUser) {
  SYSFD_REQUIRE_ROOT();
  static constexpr uid_t user = 1234;
  for (const int signo : {SIGUSR1, SIGRTMIN})
    run_with_signals_blocked([signo] {
      ASSERT_EQ(::setresuid(user, 0, 0), 0);
      const PidFd self = must(PidFd::self());
      int somewhere = 0;
      ForkedChild sender([&] {
        if (!self.send_signal(signo, pointer_to(&somewhere))) ::_exit(9);
      });
      sender.end();
      const auto got = next_signal();
      ASSERT_TRUE(got);
      EXPECT_EQ(got->si_signo, signo);
      EXPECT_EQ(got->si_code, SI_QUEUE);
      EXPECT_EQ(got->si_pid, sender.pid());
      EXPECT_EQ(got->si_uid, user);
      EXPECT_EQ(got->si_value.sival_ptr, &somewhere);
      EXPECT_FALSE(next_signal());
    });
}

TEST_F(SignalValue, ArrivesByASignalDescriptor) {
  run_with_signals_blocked([] {
    const OwnedFd signals = must(OwnedFd::from_syscall(::signalfd(-1, &both, SFD_CLOEXEC)));
    ASSERT_TRUE(must(PidFd::self()).send_signal(SIGRTMIN, sigval{.sival_int = -77}));
    signalfd_siginfo info{};
    ASSERT_EQ(::read(signals.get(), &info, sizeof info), ssize_t{sizeof info});
    EXPECT_EQ(info.ssi_code, SI_QUEUE);
    EXPECT_EQ(info.ssi_int, -77);
    EXPECT_EQ(info.ssi_pid, static_cast<std::uint32_t>(::getpid()));
    EXPECT_EQ(info.ssi_uid, ::getuid());
  });
}

TEST_F(SignalValue, IsNotThereWithoutOne) {
  run_with_signals_blocked([] {
    ASSERT_TRUE(must(PidFd::self()).send_signal(SIGUSR1));
    const auto got = next_signal();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->si_code, SI_USER);
    EXPECT_EQ(got->si_pid, ::getpid());
  });
}

TEST_F(SignalValue, RealTimeSignalsQueueAndStandardOnesDoNot) {
  run_with_signals_blocked([] {
    const PidFd self = must(PidFd::self());
    for (const int signo : {SIGUSR1, SIGRTMIN})
      for (const int value : {1, 2})
        ASSERT_TRUE(self.send_signal(signo, sigval{.sival_int = value}));
    std::vector<std::pair<int, int>> got;
    while (const auto info = next_signal())
      got.emplace_back(info->si_signo, info->si_value.sival_int);
    const std::vector<std::pair<int, int>> expected{{SIGUSR1, 1}, {SIGRTMIN, 1}, {SIGRTMIN, 2}};
    EXPECT_EQ(got, expected);
  });
}

TEST_F(SignalValue, ZeroOnlyAsks) {
  ForkedChild child;
  const PidFd process = child.pidfd();
  EXPECT_TRUE(process.send_signal(0, sigval{.sival_int = 1}));
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
  child.end_and_reap();
  EXPECT_EQ(error_of(process.send_signal(0, sigval{})), std::errc::no_such_process);
  EXPECT_EQ(error_of(process.send_signal(SIGTERM, sigval{})), std::errc::no_such_process);
}

TEST_F(SignalValue, IsAnErrorWhereTooManySignalsWait) {
  run_with_signals_blocked([] {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    ASSERT_EQ(::setrlimit(RLIMIT_SIGPENDING, &none), 0);
    const PidFd self = must(PidFd::self());
    EXPECT_EQ(error_of(self.send_signal(SIGRTMIN, sigval{.sival_int = 1})),
              std::errc::resource_unavailable_try_again);
    EXPECT_FALSE(next_signal());

    ASSERT_TRUE(self.send_signal(SIGUSR1, sigval{.sival_int = 1}));
    const auto got = next_signal();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->si_signo, SIGUSR1);
    EXPECT_EQ(got->si_value.sival_int, 0) << "the header documents the loss";
  });
}

TEST_F(SignalValue, AProcessOfAnotherUserIsAnError) {
  SYSFD_REQUIRE_ROOT();
  const ForkedChild child;
  const PidFd process = child.pidfd();
  run_apart([&] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(error_of(process.send_signal(SIGTERM, sigval{})), std::errc::operation_not_permitted);
  });
  EXPECT_EQ(error_of(process.try_wait()), std::errc::resource_unavailable_try_again);
}

}  // namespace
}  // namespace sysfd_test
