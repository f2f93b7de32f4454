// SPDX-License-Identifier: MIT
//
// Compares with sd_notify(3) and sd_watchdog_enabled(3), which must send and return the same.
#include <sysfd/notify.hpp>

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/prelude.hpp"

#include "listen/manager.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

// Checks that the messages of both arrive as the same lines, from the same process, with the same
// files.
void expect_the_same(const Notification& ours, const std::string& theirs,
                     const std::vector<int>& fds = {}) {
  SCOPED_TRACE(theirs);
  run_apart([&] {
    const Manager manager;
    ::setenv("NOTIFY_SOCKET", manager.address().c_str(), 1);
    EXPECT_EQ(notify(ours), NotifyResult::sent);
    EXPECT_EQ(::sd_pid_notify_with_fds(0, 0, theirs.c_str(), fds.data(),
                                       static_cast<unsigned>(fds.size())),
              1);
    const Received first = manager.receive(), second = manager.receive();
    EXPECT_EQ(first.lines(), second.lines());
    EXPECT_EQ(first.sender.pid, second.sender.pid);
    ASSERT_EQ(first.fds.size(), second.fds.size());
    for (std::size_t i = 0; i < first.fds.size(); ++i)
      EXPECT_TRUE(same_file(first.fds[i].get(), second.fds[i].get()));
  });
}

TEST(ComparedWithLibsystemdNotify, TheMessagesAreTheSame) {
  expect_the_same({.ready = true}, "READY=1");
  expect_the_same({.ready = true, .status = "serving"}, "READY=1\nSTATUS=serving");
  expect_the_same({.stopping = true, .error = 2, .exit_status = 1},
                  "STOPPING=1\nERRNO=2\nEXIT_STATUS=1\n");
  expect_the_same({.watchdog = true}, "WATCHDOG=1");
  expect_the_same({.watchdog_trigger = true}, "WATCHDOG=trigger");
  expect_the_same({.watchdog_interval = 20s, .extend_timeout = 5s},
                  "WATCHDOG_USEC=20000000\nEXTEND_TIMEOUT_USEC=5000000");
  expect_the_same({.remove_stored = "web"}, "FDSTOREREMOVE=1\nFDNAME=web");
  const OwnedFd one = some_file(), other = some_file();
  const BorrowedFd kept[] = {one, other};
  expect_the_same({.store = kept, .store_name = "web", .store_poll = false},
                  "FDSTORE=1\nFDNAME=web\nFDPOLL=0", {one.get(), other.get()});
}

TEST(ComparedWithLibsystemdNotify, TheMainProcessIsSentAsInItsManual) {
  SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
  const auto self = must(PidFd::self());
  expect_the_same({.main_process = &self}, "MAINPID=" + std::to_string(::getpid()) +
                                               "\nMAINPIDFDID=" + to_string(must(self.id())));
}

TEST(ComparedWithLibsystemdNotify, BothFailAlike) {
  const ScratchDirectory directory;
  for (const auto& [address, error] :
       {std::pair<std::string, int>{directory.path() / "absent", ENOENT},
        {std::string("@").append(directory.path().string()), ECONNREFUSED},
        {"/", EINVAL},
        {"@", EINVAL}})
    run_apart([&] {
      ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
      EXPECT_EQ(::sd_notify(0, "READY=1"), -error);
      EXPECT_EQ(error_of(notify({.ready = true})).value(), error);
      EXPECT_EQ(::sd_notify_barrier(0, 1000), -error);
      EXPECT_EQ(error_of(notify_barrier(1ms)).value(), error);
    });
  run_apart([] {
    ::unsetenv("NOTIFY_SOCKET");
    EXPECT_EQ(::sd_notify(0, "READY=1"), 0);
    EXPECT_EQ(notify({.ready = true}), NotifyResult::no_manager);
  });
}

TEST(ComparedWithLibsystemdNotify, BarriersAreTheSame) {
  std::vector<std::string> texts;
  for (const bool is_ours : {false, true}) {
    const Manager manager;
    ::setenv("NOTIFY_SOCKET", manager.address().c_str(), 1);
    std::optional<Received> received;
    std::thread thread([&] {
      received = manager.receive();
      EXPECT_EQ(received->fds.size(), 1U);
      received->fds.clear();
    });
    if (is_ours)
      EXPECT_EQ(notify_barrier(30s), NotifyResult::sent);
    else
      EXPECT_EQ(::sd_notify_barrier(0, 30'000'000), 1);
    ::unsetenv("NOTIFY_SOCKET");
    thread.join();
    texts.push_back(received->text);
  }
  EXPECT_EQ(texts[0], texts[1]);
}

TEST(ComparedWithLibsystemdNotify, BarriersTimeOutAlike) {
  run_apart([] {
    const Manager manager;
    ::setenv("NOTIFY_SOCKET", manager.address().c_str(), 1);
    EXPECT_EQ(::sd_notify_barrier(0, 1000), -ETIMEDOUT);
    EXPECT_EQ(error_of(notify_barrier(1ms)), std::errc::timed_out);
    EXPECT_EQ(manager.receive().text, manager.receive().text);
  });
}

using Text = std::optional<std::string>;

// The README lists this difference: numbers that no manager writes, or that no duration can hold.
bool is_accepted_there_alone(const std::string& text) {
  for (const char* each : {" 7", "+7", "07", "0x7", "\t7"})
    if (text == each) return true;
  return text == "9223372036854775808";
}

TEST(ComparedWithLibsystemdNotify, WatchdogsAreTheSameExceptForTheFormOfNumbers) {
  const Text texts[] = {std::nullopt,
                        "7",
                        "20000000",
                        "",
                        "0",
                        "-1",
                        " 7",
                        "+7",
                        "07",
                        "0x7",
                        "\t7",
                        "7 ",
                        "7a",
                        "x",
                        "1.5",
                        "9223372036854775807",
                        "9223372036854775808",
                        "18446744073709551615",
                        "18446744073709551616"};
  run_apart([&] {
    const std::string own = std::to_string(::getpid());
    const Text pids[] = {
        std::nullopt, own,       "1",          "2147483647", "2147483648",
        "",           "0",       "-1",         "x",          own + "x",
        ' ' + own,    '+' + own, "4294967297", "1 ",         "18446744073709551617"};
    for (const Text& interval : texts)
      for (const Text& pid : pids) {
        SCOPED_TRACE(interval.value_or("(none)") + " for " + pid.value_or("(none)"));
        ::unsetenv("WATCHDOG_USEC");
        ::unsetenv("WATCHDOG_PID");
        if (interval) ::setenv("WATCHDOG_USEC", interval->c_str(), 1);
        if (pid) ::setenv("WATCHDOG_PID", pid->c_str(), 1);
        std::uint64_t microseconds = 0;
        const int theirs = ::sd_watchdog_enabled(0, &microseconds);
        const auto ours = watchdog_interval();
        const bool is_spelled_otherwise =
            (interval && is_accepted_there_alone(*interval)) ||
            (interval && pid && (*pid == ' ' + own || *pid == '+' + own));
        if (is_spelled_otherwise) {
          EXPECT_EQ(error_of(ours), std::errc::invalid_argument);
          continue;
        }
        if (theirs <= 0) {
          EXPECT_EQ(error_of(ours),
                    theirs < 0 ? std::errc::invalid_argument : std::errc::no_message_available);
          continue;
        }
        ASSERT_TRUE(ours);
        EXPECT_EQ(static_cast<std::uint64_t>(ours->count()), microseconds);
      }
  });
}

}  // namespace
}  // namespace sysfd_test
