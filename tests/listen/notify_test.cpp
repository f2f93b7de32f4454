// SPDX-License-Identifier: MIT
//
// Tests the messages that a service manager receives.
#include <sysfd/notify.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <cstdlib>
#include <functional>
#include <latch>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/prelude.hpp"

#include "listen/manager.hpp"
#include "listen/objects.hpp"
#include "support/forget_identities.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

TEST(NotifyText, SaysEachFieldInALine) {
  const std::pair<Notification, std::string> cases[] = {
      {{.ready = true}, "READY=1\n"},
      {{.stopping = true}, "STOPPING=1\n"},
      {{.status = "serving on 443"}, "STATUS=serving on 443\n"},
      {{.status = ""}, "STATUS=\n"},
      {{.status = "=\xc3\xa4\t\x01\xff="}, "STATUS==\xc3\xa4\t\x01\xff=\n"},
      {{.error = 2}, "ERRNO=2\n"},
      {{.error = 0}, "ERRNO=0\n"},
      {{.error = -5}, "ERRNO=-5\n"},
      {{.error = INT_MIN}, "ERRNO=-2147483648\n"},
      {{.exit_status = 7}, "EXIT_STATUS=7\n"},
      {{.watchdog = true}, "WATCHDOG=1\n"},
      {{.watchdog_trigger = true}, "WATCHDOG=trigger\n"},
      {{.watchdog_interval = 20s}, "WATCHDOG_USEC=20000000\n"},
      {{.watchdog_interval = 0us}, "WATCHDOG_USEC=0\n"},
      {{.watchdog_interval = std::chrono::microseconds::max()},
       "WATCHDOG_USEC=9223372036854775807\n"},
      {{.extend_timeout = 1500us}, "EXTEND_TIMEOUT_USEC=1500\n"},
      {{.remove_stored = "web"}, "FDSTOREREMOVE=1\nFDNAME=web\n"},
      {{.more = "X_A=1"}, "X_A=1\n"},
      {{.more = "X_A=1\nX_B=2"}, "X_A=1\nX_B=2\n"},
      {{.ready = true,
        .stopping = true,
        .status = "s",
        .error = 1,
        .exit_status = 2,
        .watchdog = true,
        .watchdog_interval = 3us,
        .extend_timeout = 4us,
        .remove_stored = "n",
        .more = "M=5"},
       "READY=1\nSTOPPING=1\nSTATUS=s\nERRNO=1\nEXIT_STATUS=2\nWATCHDOG=1\nWATCHDOG_USEC=3\n"
       "EXTEND_TIMEOUT_USEC=4\nFDSTOREREMOVE=1\nFDNAME=n\nM=5\n"},
  };
  const Manager manager;
  for (const auto& [said, text] : cases) {
    ASSERT_TRUE(notify(manager.address(), said)) << text;
    const Received received = manager.receive();
    EXPECT_EQ(received.text, text);
    EXPECT_TRUE(received.fds.empty());
    EXPECT_EQ(received.sender.pid, ::getpid());
    EXPECT_FALSE(manager.has_message());
  }
}

TEST(NotifyText, OfReloadingHasTheTime) {
  const auto now = [] {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  };
  const Manager manager;
  const long before = now();
  ASSERT_TRUE(notify(manager.address(), {.reloading = true}));
  const long after = now();
  const std::string text = manager.receive().text;
  const std::string beginning = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_TRUE(text.starts_with(beginning)) << text;
  const long said = std::stol(text.substr(beginning.size()));
  EXPECT_LE(before, said);
  EXPECT_LE(said, after);
  EXPECT_TRUE(text.ends_with(std::to_string(said) + '\n'));
}

TEST(NotifyText, IsRefusedIfItIsNotASingleLineOrNothing) {
  const Manager manager;
  const BorrowedFd kept[] = {manager.socket()};
  const Notification wrong[] = {
      {},
      {.status = "a\nREADY=1"},
      {.status = "\n"},
      {.status = std::string_view("a\0b", 3)},
      {.watchdog = true, .watchdog_trigger = true},
      {.watchdog_interval = -1us},
      {.extend_timeout = -1us},
      {.remove_stored = "a\nb"},
      {.remove_stored = "a:b"},
      {.more = std::string_view("A=\0", 3)},
      // This describes descriptors, but there are none.
      {.store_name = "web"},
      {.store_poll = false},
      // A message has only one FDNAME.
      {.store = kept, .store_name = "a", .remove_stored = "b"},
      {.ready = true, .store = kept, .remove_stored = "b"},
      {.ready = true, .store_name = "a"},
      {.status = "a\nb", .watchdog_interval = -1us},  // two at once
      {.ready = true, .store_poll = false},
  };
  for (const Notification& said : wrong) {
    EXPECT_EQ(error_of(notify(manager.address(), said)), std::errc::invalid_argument)
        << &said - wrong;
    EXPECT_FALSE(manager.has_message());
  }
}

// systemd reads 4096 bytes and drops a longer message.
TEST(NotifyText, IsAsLongAsManagersRead) {
  const Manager manager;
  std::string status(4096 - std::string_view("STATUS=\n").size(), 's');
  ASSERT_TRUE(notify(manager.address(), {.status = status}));
  EXPECT_EQ(manager.receive().text, "STATUS=" + status + '\n');
  status += 's';
  EXPECT_EQ(error_of(notify(manager.address(), {.ready = true, .status = status})),
            std::errc::message_size);
  EXPECT_EQ(error_of(notify(manager.address(), {.status = std::string(16 << 20, 's')})),
            std::errc::message_size);
  EXPECT_FALSE(manager.has_message());
}

// If there are several states, older managers believe the last one.
TEST(NotifyText, SaysLastWhatHoldsInTheEnd) {
  const Manager manager;
  ASSERT_TRUE(notify(manager.address(), {.ready = true, .reloading = true, .stopping = true}));
  const std::string text = manager.receive().text;
  EXPECT_TRUE(text.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << text;
  EXPECT_TRUE(text.ends_with("\nREADY=1\nSTOPPING=1\n")) << text;
}

TEST(NotifyText, IsNamedWhereItIsRefused) {
  const Manager manager;
  const std::pair<Notification, const char*> cases[] = {
      {{.ready = true, .status = "two\nlines"}, "status"},
      {{.ready = true, .extend_timeout = -1us}, "extend_timeout"},
      {{.exit_status = 256}, "exit_status"},
      {{.exit_status = -1}, "exit_status"},
      {{.ready = true, .watchdog_interval = -1us}, "watchdog_interval"},
      {{.remove_stored = "a:b"}, "name to remove"},
      {{.store_name = "a"}, "store_name"},
      {{.more = std::string_view("A=\0", 3)}, "other assignments"},
      {{}, "says nothing"},
  };
  for (const auto& [said, name] : cases) {
    const std::error_code error = error_of(notify(manager.address(), said));
    EXPECT_EQ(error, std::errc::invalid_argument);
    EXPECT_EQ(error.value(), EINVAL);
    EXPECT_NE(error.message().find(name), std::string::npos) << error.message();
  }
  EXPECT_FALSE(manager.has_message());
}

TEST(NotifyMainProcess, IsSentByItsIdentity) {
  SYSFD_REQUIRE_KERNEL("inode numbers of pidfds");
  const Manager manager;
  const PidFd self = must(PidFd::self());
  ASSERT_TRUE(notify(manager.address(), {.main_process = &self}));
  const Received received = manager.receive();
  EXPECT_EQ(received.text, "MAINPID=" + std::to_string(::getpid()) +
                               "\nMAINPIDFDID=" + to_string(must(self.id())) + '\n');
  EXPECT_TRUE(received.fds.empty());
}

// As before Linux 6.9.
void without_identities(const std::function<void(const Manager&)>& body) {
  run_apart([&] {
    const Manager manager;
    if (forget_identities()) body(manager);
  });
}

TEST(NotifyMainProcess, IsSentByItsPidfdIfThereAreNoIdentities) {
  without_identities([](const Manager& manager) {
    const PidFd self = must(PidFd::self());
    ASSERT_TRUE(notify(manager.address(), {.ready = true, .main_process = &self}));
    const Received received = manager.receive();
    EXPECT_EQ(received.text, "READY=1\nMAINPID=" + std::to_string(::getpid()) + "\nMAINPIDFD=1\n");
    ASSERT_EQ(received.fds.size(), 1U);
    EXPECT_EQ(must(must(PidFd::adopt(must(received.fds[0].duplicate()))).pid()), ::getpid());
  });
}

TEST(NotifyMainProcess, IsSentByItsNumberTogetherWithStoredDescriptors) {
  without_identities([](const Manager& manager) {
    const PidFd self = must(PidFd::self());
    const OwnedFd file = some_file();
    const BorrowedFd kept[] = {file};
    ASSERT_TRUE(notify(manager.address(), {.main_process = &self, .store = kept}));
    const Received received = manager.receive();
    EXPECT_EQ(received.text, "MAINPID=" + std::to_string(::getpid()) + "\nFDSTORE=1\n");
    ASSERT_EQ(received.fds.size(), 1U);
    EXPECT_TRUE(same_file(received.fds[0].get(), file.get()));
  });
}

TEST(NotifyMainProcess, ThatIsGoneIsAnError) {
  const Manager manager;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(0);
  const PidFd process = must(PidFd::open(child));
  ASSERT_TRUE(process.wait());
  EXPECT_EQ(error_of(notify(manager.address(), {.ready = true, .main_process = &process})),
            std::errc::no_such_process);
  EXPECT_FALSE(manager.has_message());
}

TEST(NotifyWithoutManager, IsNoError) {
  run_apart([] {
    ::unsetenv("NOTIFY_SOCKET");
    EXPECT_EQ(notify({.ready = true}), NotifyResult::no_manager);
    EXPECT_EQ(notify({}), NotifyResult::no_manager);
    EXPECT_EQ(notify_barrier(30s), NotifyResult::no_manager);
  });
}

TEST(NotifyManager, IsTheOneInTheEnvironmentAtThatMoment) {
  run_apart([] {
    const Manager one, other;
    ::setenv("NOTIFY_SOCKET", one.address().c_str(), 1);
    EXPECT_EQ(notify({.ready = true}), NotifyResult::sent);
    ::setenv("NOTIFY_SOCKET", other.address().c_str(), 1);
    EXPECT_EQ(notify({.stopping = true}), NotifyResult::sent);
    EXPECT_STREQ(std::getenv("NOTIFY_SOCKET"), other.address().c_str()) << "it is kept";
    EXPECT_EQ(one.receive().text, "READY=1\n");
    EXPECT_EQ(other.receive().text, "STOPPING=1\n");
    ::setenv("NOTIFY_SOCKET", "", 1);
    EXPECT_EQ(error_of(notify({.ready = true})), std::errc::invalid_argument);
    EXPECT_EQ(error_of(notify_barrier(30s)), std::errc::invalid_argument);
  });
}

TEST(NotifyManager, ThatDoesNotExistIsAnError) {
  const ScratchDirectory directory;
  EXPECT_EQ(error_of(notify(directory.path() / "absent", {.ready = true})),
            std::errc::no_such_file_or_directory);
  const std::string path = directory.path() / "left";
  (void)unix_socket(SOCK_DGRAM, path);
  EXPECT_EQ(error_of(notify(path, {.ready = true})), std::errc::connection_refused);
  EXPECT_EQ(error_of(notify_barrier(path, 30s)), std::errc::connection_refused);
  EXPECT_EQ(error_of(notify("@" + path, {.ready = true})), std::errc::connection_refused);
}

TEST(NotifyManager, WithAFullQueueIsWaitedForUntilTheTimeout) {
  const Manager manager;
  const auto before = open_descriptors();
  int sent = 0;
  while (notify(manager.address(), {.ready = true, .timeout = 0s}) && ++sent < 2000) {
  }
  EXPECT_LT(sent, 2000);
  EXPECT_EQ(error_of(notify(manager.address(), {.ready = true, .timeout = 1ms})),
            std::errc::timed_out);
  EXPECT_EQ(error_of(notify(manager.address(), {.ready = true, .timeout = -1s})),
            std::errc::timed_out);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(Notification().timeout.duration(), 5s) << "the default is not forever either";
}

TEST(NotifyManager, WithAFullQueueGetsTheMessageOnceThereIsRoom) {
  run_apart([] {
    const Manager manager;
    int sent = 0;
    while (notify(manager.address(), {.ready = true, .timeout = 0s}) && ++sent < 2000) {
    }
    std::optional<StoppedCalls> waits;
    std::latch is_filtered(1);
    std::jthread thread([&] {
      waits.emplace(SYS_ppoll);
      is_filtered.count_down();
      EXPECT_TRUE(notify(manager.address(), {.stopping = true, .timeout = 1h}));
    });
    is_filtered.wait();
    if (waits->await()) waits->let_go();
    while (manager.receive().text != "STOPPING=1\n") {
    }
  });
}

TEST(NotifyManager, MayRefuseASenderWithoutPermission) {
  SYSFD_REQUIRE_ROOT();
  const Manager manager;
  run_apart([&] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(error_of(notify(manager.address(), {.ready = true})), std::errc::permission_denied);
  });
}

TEST(NotifyManager, GetsTheMessageThroughASocketThatIsClosedAgain) {
  const Manager manager;
  const auto before = open_descriptors();
  ASSERT_TRUE(notify(manager.address(), {.ready = true}));
  EXPECT_EQ(open_descriptors(), before);
  manager.receive();
}

}  // namespace
}  // namespace sysfd_test
