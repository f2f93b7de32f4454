// SPDX-License-Identifier: MIT
//
// Tests a connection to the service manager that stays open, and messages on behalf of another
// process.
#include <sysfd/notify.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/stop_fd.hpp>

#include "support/prelude.hpp"

#include "listen/manager.hpp"
#include "listen/objects.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

TEST(Notifier, ConnectsOnce) {
  const Manager manager;
  const Notifier notifier = must(Notifier::connect(manager.address()));
  EXPECT_TRUE(notifier.has_manager());
  const auto before = open_descriptors();
  ASSERT_EQ(::unlink(manager.address().c_str()), 0);
  EXPECT_EQ(notifier.notify({.ready = true}), NotifyResult::sent);
  EXPECT_EQ(notifier.notify({.status = "serving"}), NotifyResult::sent);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(manager.receive().text, "READY=1\n");
  EXPECT_EQ(manager.receive().text, "STATUS=serving\n");
}

TEST(Notifier, ReachesTheManagerFromAnotherRootDirectory) {
  SYSFD_REQUIRE_ROOT();
  const Manager manager;
  const ScratchDirectory empty;
  run_apart([&] {
    const Notifier notifier = must(Notifier::connect(manager.address()));
    ASSERT_EQ(::chroot(empty.path().c_str()), 0);
    EXPECT_EQ(error_of(notify(manager.address(), {.ready = true})),
              std::errc::no_such_file_or_directory);
    EXPECT_EQ(notifier.notify({.stopping = true}), NotifyResult::sent);
  });
  EXPECT_EQ(manager.receive().text, "STOPPING=1\n");
}

TEST(Notifier, NeedsNoDescriptorToNotifyAndTwoForABarrier) {
  const Manager manager;
  run_apart([&] {
    const Notifier notifier = must(Notifier::connect(manager.address()));
    const rlimit none{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_EQ(error_of(notify(manager.address(), {.ready = true})).value(), EMFILE);
    EXPECT_EQ(notifier.notify({.stopping = true}), NotifyResult::sent);
    EXPECT_EQ(error_of(notifier.barrier(1h)).value(), EMFILE);
  });
  EXPECT_EQ(manager.receive().text, "STOPPING=1\n");
}

void set_variables(const std::string& address) {
  ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
  ::setenv("WATCHDOG_USEC", "20000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
}

TEST(Notifier, KeepsTheEnvironmentFromWhenItWasMade) {
  run_apart([] {
    const Manager manager;
    set_variables(manager.address());
    const Notifier notifier = must(Notifier::from_environment());
    EXPECT_STREQ(std::getenv("NOTIFY_SOCKET"), manager.address().c_str()) << "left as it is";
    ::setenv("NOTIFY_SOCKET", "/nowhere", 1);
    ::setenv("WATCHDOG_USEC", "1", 1);
    EXPECT_EQ(notifier.notify({.ready = true}), NotifyResult::sent);
    EXPECT_EQ(manager.receive().text, "READY=1\n");
    EXPECT_EQ(notifier.watchdog_interval(), std::chrono::microseconds(20s));
  });
}

TEST(Notifier, MayTakeTheVariablesOutOfTheEnvironmentWhateverTheAnswerIs) {
  for (const bool is_there : {true, false})
    run_apart([&] {
      const Manager manager;
      set_variables(is_there ? manager.address() : "/nowhere");
      ::setenv("NOTIFY_ACCESS", "another", 1);
      const auto notifier = Notifier::from_environment({.unset_environment = true});
      EXPECT_EQ(notifier.has_value(), is_there);
      for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
        EXPECT_EQ(std::getenv(name), nullptr) << name;
      EXPECT_STREQ(std::getenv("NOTIFY_ACCESS"), "another");
      if (!notifier) return;
      EXPECT_EQ(notifier->notify({.ready = true}), NotifyResult::sent);
      EXPECT_EQ(notifier->watchdog_interval(), std::chrono::microseconds(20s));
      EXPECT_EQ(notify({.ready = true}), NotifyResult::no_manager);
    });
}

TEST(Notifier, WithoutAManagerSendsNothing) {
  run_apart([] {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    const Notifier notifier = must(Notifier::from_environment());
    EXPECT_FALSE(notifier.has_manager());
    EXPECT_EQ(notifier.notify({.ready = true}), NotifyResult::no_manager);
    EXPECT_EQ(notifier.barrier(1h), NotifyResult::no_manager);
    EXPECT_EQ(error_of(notifier.watchdog_interval()), std::errc::no_message_available);
  });
}

TEST(Notifier, WithoutAManagerAtTheAddressIsAnError) {
  const ScratchDirectory directory;
  EXPECT_EQ(error_of(Notifier::connect(directory.path() / "absent")),
            std::errc::no_such_file_or_directory);
  const std::string path = directory.path() / "left";
  (void)unix_socket(SOCK_DGRAM, path);
  EXPECT_EQ(error_of(Notifier::connect(path)), std::errc::connection_refused);
  for (const char* wrong : {"", "relative", "/", "@", "vsock:x:1"})
    EXPECT_EQ(error_of(Notifier::connect(wrong)), std::errc::invalid_argument) << wrong;
  EXPECT_EQ(error_of(Notifier::connect(std::string("/a\0b", 4))), std::errc::invalid_argument);
}

TEST(Notifier, ReportsThatItsManagerIsGone) {
  std::optional<Manager> manager(std::in_place);
  const Notifier notifier = must(Notifier::connect(manager->address()));
  manager.reset();
  EXPECT_EQ(error_of(notifier.notify({.ready = true})), std::errc::connection_refused);
  EXPECT_EQ(error_of(notifier.barrier(1h)), std::errc::connection_refused);
}

TEST(Notifier, RefusesWhatNotifyRefuses) {
  const Manager manager;
  const Notifier notifier = must(Notifier::connect(manager.address()));
  const auto error = error_of(notifier.notify({.status = "two\nlines"}));
  EXPECT_EQ(error, std::errc::invalid_argument);
  EXPECT_NE(error.message().find("status"), std::string::npos);
  const OwnedFd file = some_file();
  const std::vector<BorrowedFd> many(254, file);
  EXPECT_EQ(error_of(notifier.notify({.store = many})), std::errc::argument_list_too_long);
  EXPECT_FALSE(manager.has_message());
}

TEST(Notifier, WaitsForRoomUntilTheTimeoutOrACancel) {
  const Manager manager;
  const Notifier notifier = must(Notifier::connect(manager.address()));
  int sent = 0;
  while (notifier.notify({.ready = true, .timeout = 0s}) && ++sent < 2000) {
  }
  EXPECT_LT(sent, 2000);
  EXPECT_EQ(error_of(notifier.notify({.ready = true, .timeout = 1ms})), std::errc::timed_out);
  const OwnedFd stop = must(event_fd());
  detail::raise_event(stop);
  const Timeout forever = Timeout::forever().canceled_by(stop);
  EXPECT_EQ(error_of(notifier.notify({.ready = true, .timeout = forever})),
            std::errc::operation_canceled);
  EXPECT_EQ(error_of(notifier.barrier(1ms)), std::errc::timed_out);
}

TEST(Notifier, PassesABarrier) {
  const Manager manager;
  const Notifier notifier = must(Notifier::connect(manager.address()));
  const auto before = open_descriptors();
  EXPECT_EQ(error_of(notifier.barrier(1ms)), std::errc::timed_out);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(manager.receive().text, "BARRIER=1");
  std::thread reader([&] { EXPECT_EQ(manager.receive().text, "BARRIER=1"); });
  EXPECT_EQ(notifier.barrier(1h), NotifyResult::sent);
  reader.join();
}

TEST(Notifier, OverVsockHasNoSocketOfItsOwn) {
  const auto before = open_descriptors();
  const Notifier notifier = must(Notifier::connect("vsock:1:1"));
  EXPECT_TRUE(notifier.has_manager());
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(error_of(notifier.barrier(1h)), std::errc::operation_not_supported);
  const OwnedFd file = some_file();
  const BorrowedFd kept[] = {file};
  EXPECT_EQ(error_of(notifier.notify({.store = kept})), std::errc::operation_not_supported);
  const PidFd self = must(PidFd::self());
  EXPECT_EQ(error_of(notifier.notify({.ready = true, .sender = &self})),
            std::errc::operation_not_supported);
}

TEST(Notifier, CanBeMoved) {
  const Manager manager;
  Notifier first = must(Notifier::connect(manager.address()));
  const Notifier second = std::move(first);
  EXPECT_EQ(second.notify({.ready = true}), NotifyResult::sent);
  EXPECT_EQ(manager.receive().text, "READY=1\n");
}

TEST(Notifier, OfAForkedProcessNotifiesInItsName) {
  const Manager manager;
  const Notifier notifier = must(Notifier::connect(manager.address()));
  run_apart([&] {
    EXPECT_EQ(notifier.notify({.more = "X_PID=" + std::to_string(::getpid())}), NotifyResult::sent);
  });
  const Received received = manager.receive();
  ASSERT_TRUE(received.text.starts_with("X_PID="));
  const auto child = static_cast<pid_t>(std::stol(received.text.substr(6)));
  EXPECT_EQ(received.sender.pid, child);
  EXPECT_NE(child, ::getpid());
}

// A process that lives until this is destroyed, or is told to end.
class Other {
 public:
  Other() : rope_(must(sysfd::pipe())), child_(::fork()) {
    if (child_ < 0) std::abort();
    if (child_ != 0) return;
    (void)std::move(rope_.write).close();
    char byte = 0;
    ::_exit(::read(rope_.read.get(), &byte, 1) == 0 ? 0 : 1);
  }
  ~Other() {
    if (child_ > 0) end();
  }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;

  pid_t pid() const { return child_; }
  void end() {
    (void)std::move(rope_.write).close();
    ::waitpid(std::exchange(child_, 0), nullptr, 0);
  }

 private:
  Pipe rope_;
  pid_t child_;
};

TEST(NotifySender, IsAnotherProcessForThePrivileged) {
  SYSFD_REQUIRE_ROOT();
  const Manager manager;
  const Other other;
  const PidFd process = must(PidFd::open(other.pid()));
  const OwnedFd file = some_file();
  const std::vector<BorrowedFd> kept(253, file);
  ASSERT_TRUE(notify(manager.address(), {.ready = true, .sender = &process}));
  EXPECT_EQ(manager.receive().sender.pid, other.pid());
  const Notifier notifier = must(Notifier::connect(manager.address()));
  EXPECT_EQ(notifier.notify({.sender = &process, .store = kept}), NotifyResult::sent);
  const Received received = manager.receive();
  EXPECT_EQ(received.text, "FDSTORE=1\n");
  EXPECT_EQ(received.fds.size(), 253U);
  EXPECT_EQ(received.sender.pid, other.pid());
  EXPECT_EQ(received.sender.uid, ::getuid());
  EXPECT_EQ(received.sender.gid, ::getgid());
}

TEST(NotifySender, IsAnotherProcessOnlyWithPrivileges) {
  SYSFD_REQUIRE_ROOT();
  const Manager manager;
  const Other other;
  run_apart([&] {
    const PidFd process = must(PidFd::open(other.pid()));
    const PidFd self = must(PidFd::self());
    const Notifier notifier = must(Notifier::connect(manager.address()));
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    // Before Linux 5.14, a process that has changed its user cannot read its own /proc/self/fdinfo,
    // which contains the number of the process.
    const bool is_known = self.pid() || self.pid().error() != std::errc::permission_denied;
    EXPECT_EQ(error_of(notifier.notify({.ready = true, .sender = &process})),
              is_known ? std::errc::operation_not_permitted : std::errc::permission_denied);
    EXPECT_EQ(notifier.notify({.stopping = true, .sender = is_known ? &self : nullptr}),
              NotifyResult::sent);
  });
  EXPECT_EQ(manager.receive().text, "STOPPING=1\n");
  EXPECT_FALSE(manager.has_message());
}

TEST(NotifySender, ThatIsGoneIsAnError) {
  const Manager manager;
  Other other;
  const PidFd process = must(PidFd::open(other.pid()));
  other.end();
  EXPECT_EQ(error_of(notify(manager.address(), {.ready = true, .sender = &process})),
            std::errc::no_such_process);
  EXPECT_FALSE(manager.has_message());
}

}  // namespace
}  // namespace sysfd_test
