// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "capi/objects.hpp"

namespace sysfd_test {
namespace {

using CNotifier = CObject<sysfd_notifier, sysfd_notifier_free>;

// In a copy of the process: the numbers from 3 on are files, and the variables say so.
void run_activated(int count, const std::string& names, const std::function<void()>& body) {
  run_apart([&] {
    for (int i = 0; i < count; ++i)
      EXPECT_EQ(::memfd_create("given", 0), 3 + i);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
    ::unsetenv("LISTEN_PIDFDID");
    body();
  });
}

TEST(CListenFds, AreTakenOnceAndReleased) {
  run_activated(4, "web:log:log:more", [] {
    const auto fds =
        made<CListenFds>([](auto out) { return sysfd_listen_fds_take(0, out, nullptr); });
    ASSERT_TRUE(fds);
    EXPECT_EQ(::getenv("LISTEN_FDS"), nullptr);
    EXPECT_EQ(sysfd_listen_fds_count(fds.get()), 4);
    EXPECT_EQ(text_of([&](char* to, std::size_t n) {
                return sysfd_listen_fds_name(fds.get(), 1, to, n);
              }),
              "log");
    EXPECT_EQ(sysfd_listen_fds_borrow(fds.get(), 0), 3);
    EXPECT_EQ(sysfd_is_close_on_exec(3), 1);
    sysfd_error error = SYSFD_ERROR_INIT;
    EXPECT_EQ(sysfd_listen_fds_release_one(fds.get(), "log", nullptr, &error), -ENOTUNIQ);
    EXPECT_EQ(error.kind, SYSFD_LISTEN_AMBIGUOUS);
    EXPECT_EQ(sysfd_listen_fds_borrow_one(fds.get(), "none", nullptr, &error), -ENOENT);
    EXPECT_EQ(error.kind, SYSFD_LISTEN_NOT_FOUND);
    EXPECT_STRNE(error.text, "");
    const auto socket =
        made<CFdType>([](auto out) { return sysfd_fd_type_new(SYSFD_FD_STREAM_LISTENER, out); });
    EXPECT_EQ(sysfd_listen_fds_release(fds.get(), 0, socket.get(), &error), -EINVAL);
    EXPECT_EQ(error.kind, SYSFD_LISTEN_WRONG_TYPE);
    EXPECT_EQ(sysfd_listen_fds_borrow_one(fds.get(), "web", nullptr, nullptr), 3);
    EXPECT_EQ(sysfd_listen_fds_release_one(fds.get(), "web", nullptr, nullptr), 3);
    EXPECT_EQ(sysfd_listen_fds_has(fds.get(), 0), 0);
    EXPECT_EQ(sysfd_listen_fds_borrow(fds.get(), 0), -ENOENT);
    EXPECT_EQ(sysfd_listen_fds_release(fds.get(), 0, nullptr, nullptr), -ENOENT);
    EXPECT_EQ(sysfd_listen_fds_has(fds.get(), 4), -EINVAL);
    std::array<std::size_t, 1> index{};
    EXPECT_EQ(sysfd_listen_fds_indices_of(fds.get(), "log", 1, index.data()), 2);
    EXPECT_EQ(index[0], 1U);
    std::array<int, 2> all{};
    EXPECT_EQ(sysfd_listen_fds_release_all(fds.get(), "log", nullptr, 1, all.data(), nullptr),
              -ERANGE);
    EXPECT_EQ(sysfd_listen_fds_release_all(fds.get(), "log", nullptr, 2, all.data(), nullptr), 2);
    EXPECT_EQ(sysfd_listen_fds_release(fds.get(), 3, nullptr, nullptr), 6);
    sysfd_listen_fds* again = nullptr;
    EXPECT_EQ(sysfd_listen_fds_take(0, &again, &error), -EALREADY);
    EXPECT_EQ(error.kind, SYSFD_LISTEN_ALREADY_TAKEN);
    EXPECT_EQ(again, nullptr);
    for (const int fd : {3, 4, 5, 6})
      EXPECT_EQ(sysfd_close_take(fd), 0);
  });
}

TEST(CListenFds, AreNotThereUnlessTheProcessWasActivated) {
  run_apart([] {
    ::unsetenv("LISTEN_FDS");
    sysfd_listen_fds* none = nullptr;
    sysfd_error error = SYSFD_ERROR_INIT;
    EXPECT_EQ(sysfd_listen_fds_take(SYSFD_LISTEN_KEEP_ENVIRONMENT, &none, &error), -ENODATA);
    EXPECT_EQ(error.kind, SYSFD_LISTEN_NOT_ACTIVATED);
    EXPECT_EQ(sysfd_listen_fds_take(2, &none, &error), -EINVAL);
    EXPECT_EQ(none, nullptr);
  });
}

TEST(CListenFds, RemovesTheVariablesAfterAnErrorToo) {
  run_apart([] {
    ::setenv("LISTEN_PID", "1", 1);
    ::setenv("LISTEN_FDS", "1", 1);
    sysfd_listen_fds* none = nullptr;
    sysfd_error error = SYSFD_ERROR_INIT;
    EXPECT_LT(sysfd_listen_fds_take(SYSFD_LISTEN_KEEP_ENVIRONMENT, &none, &error), 0);
    EXPECT_EQ(error.kind, SYSFD_LISTEN_OTHER_PROCESS);
    EXPECT_NE(::getenv("LISTEN_FDS"), nullptr);
    EXPECT_LT(sysfd_listen_fds_take(0, &none, &error), 0);
    EXPECT_EQ(::getenv("LISTEN_FDS"), nullptr);
    EXPECT_EQ(none, nullptr);
  });
}

TEST(CListenFds, AreTakenByVariables) {
  run_activated(1, "x", [] {
    const std::string pid = "LISTEN_PID=" + std::to_string(::getpid());
    const char* const variables[] = {pid.c_str(), "LISTEN_FDS=1", nullptr};
    const auto fds = made<CListenFds>(
        [&](auto out) { return sysfd_listen_fds_take_from(variables, out, nullptr); });
    EXPECT_EQ(sysfd_listen_fds_count(fds.get()), 1);
    EXPECT_NE(::getenv("LISTEN_FDS"), nullptr);
  });
}

TEST(CListenFds, ArePassedOn) {
  run_activated(2, "a:b", [] {
    const auto fds =
        made<CListenFds>([](auto out) { return sysfd_listen_fds_take(0, out, nullptr); });
    const auto test = shell("test $LISTEN_FDS = 2 -a $LISTEN_FDNAMES = a:b -a -e /dev/fd/4");
    EXPECT_EQ(sysfd_command_listen_fds_given_borrow(test.get(), fds.get()), 0);
    EXPECT_EQ(exit_code_of(spawned(test)), 0);
    const auto owner = shell("test $LISTEN_FDS = 2");
    EXPECT_EQ(sysfd_command_listen_fds_given_take(owner.get(), fds.get()), 0);
    EXPECT_EQ(sysfd_listen_fds_has(fds.get(), 0), 0);
    EXPECT_EQ(exit_code_of(spawned(owner)), 0);
    EXPECT_EQ(sysfd_is_open(3), 0);
  });
}

TEST(CListenFds, AreClosedIfNoCommandTakesThem) {
  run_activated(2, "a:b", [] {
    const auto fds =
        made<CListenFds>([](auto out) { return sysfd_listen_fds_take(0, out, nullptr); });
    EXPECT_EQ(sysfd_listen_fds_release(fds.get(), 0, nullptr, nullptr), 3);
    EXPECT_EQ(sysfd_command_listen_fds_given_take(nullptr, fds.get()), -EINVAL);
    EXPECT_EQ(sysfd_listen_fds_has(fds.get(), 1), 0);
    EXPECT_EQ(sysfd_is_open(4), 0);
    EXPECT_EQ(sysfd_close_take(3), 0);
  });
}

TEST(CFdType, MatchesDescriptors) {
  int pipe[2], sockets[2];
  ASSERT_EQ(sysfd_pipe(0, pipe), 0);
  ASSERT_EQ(sysfd_socket_pair(SOCK_DGRAM, sockets), 0);
  EXPECT_EQ(sysfd_is_fifo(pipe[0]), 1);
  EXPECT_EQ(sysfd_is_socket(pipe[0]), 0);
  EXPECT_EQ(sysfd_is_socket(sockets[0]), 1);
  EXPECT_EQ(sysfd_is_datagram(sockets[0]), 1);
  EXPECT_EQ(sysfd_is_listening_stream(sockets[0]), 0);
  EXPECT_EQ(sysfd_is_special_file(pipe[0]), 0);
  EXPECT_EQ(sysfd_is_message_queue(pipe[0]), 0);
  EXPECT_EQ(sysfd_fd_type_matches(nullptr, pipe[0]), 1);
  for (int kind = SYSFD_FD_ANY; kind <= SYSFD_FD_MESSAGE_QUEUE; ++kind) {
    const auto type = made<CFdType>([&](auto out) { return sysfd_fd_type_new(kind, out); });
    const int matches = sysfd_fd_type_matches(type.get(), pipe[0]);
    EXPECT_EQ(matches, kind == SYSFD_FD_ANY || kind == SYSFD_FD_FIFO) << kind;
  }
  sysfd_fd_type* none = nullptr;
  EXPECT_EQ(sysfd_fd_type_new(10, &none), -EINVAL);
  for (const int fd : {pipe[0], pipe[1], sockets[0], sockets[1]})
    EXPECT_EQ(sysfd_close_take(fd), 0);
}

TEST(CFdType, HasConditions) {
  const auto type =
      made<CFdType>([](auto out) { return sysfd_fd_type_new(SYSFD_FD_STREAM_LISTENER, out); });
  EXPECT_EQ(sysfd_fd_type_ip(type.get(), 443), 0);
  EXPECT_EQ(
      text_of([&](char* to, std::size_t n) { return sysfd_fd_type_describe(type.get(), to, n); }),
      "a listening stream socket of IP, port 443");
  EXPECT_EQ(sysfd_fd_type_inet(type.get(), SYSFD_ANY_PORT), 0);
  EXPECT_EQ(sysfd_fd_type_inet6(type.get(), 0), 0);
  EXPECT_EQ(sysfd_fd_type_inet(type.get(), 65536), -EINVAL);
  EXPECT_EQ(sysfd_fd_type_unix_path(type.get(), "/run/x"), 0);
  EXPECT_EQ(sysfd_fd_type_unix_abstract(type.get(), "a\0b", 3), 0);
  EXPECT_EQ(sysfd_fd_type_unix_path(type.get(), nullptr), -EINVAL);
  const auto fifo = made<CFdType>([](auto out) { return sysfd_fd_type_new(SYSFD_FD_FIFO, out); });
  EXPECT_EQ(sysfd_fd_type_at(fifo.get(), "/run/fifo"), 0);
}

// A manager in the abstract namespace.
class CNotify : public testing::Test {
 protected:
  CNotify() {
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socklen_t size = sizeof address.sun_family;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    size = sizeof address;
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    name_ = '@' + std::string(address.sun_path + 1, size - offsetof(sockaddr_un, sun_path) - 1);
  }
  ~CNotify() override { ::close(socket_); }
  std::string read() {
    std::array<char, 512> text;
    const ssize_t size = ::recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }
  int socket_;
  std::string name_;
};

TEST_F(CNotify, TellsTheManager) {
  sysfd_notification ready = SYSFD_NOTIFICATION_INIT;
  ready.flags = SYSFD_NOTIFY_READY | SYSFD_NOTIFY_ERROR;
  ready.error = 5;
  ready.status = "serving";
  EXPECT_EQ(sysfd_notify_to(name_.c_str(), &ready, nullptr), 0);
  const std::string text = read();
  EXPECT_NE(text.find("READY=1"), text.npos);
  EXPECT_NE(text.find("STATUS=serving"), text.npos);
  EXPECT_NE(text.find("ERRNO=5"), text.npos);

  const auto notifier =
      made<CNotifier>([&](auto out) { return sysfd_notifier_connect(name_.c_str(), out); });
  EXPECT_EQ(sysfd_notifier_has_manager(notifier.get()), 1);
  EXPECT_EQ(sysfd_notifier_notify(notifier.get(), &ready, nullptr), 1);
  const auto soon = timeout_of(1'000'000);
  EXPECT_EQ(sysfd_notifier_barrier(notifier.get(), &soon), -ETIMEDOUT);
  EXPECT_EQ(sysfd_notify_barrier_to(name_.c_str(), &soon), -ETIMEDOUT);
  std::uint64_t interval = 7;
  EXPECT_EQ(sysfd_notifier_watchdog_interval(notifier.get(), &interval), -ENODATA);
  EXPECT_EQ(interval, 7U);
}

TEST_F(CNotify, ReadsTheEnvironment) {
  run_apart([&] {
    ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "1000000", 1);
    ::unsetenv("WATCHDOG_PID");
    sysfd_notification stop = SYSFD_NOTIFICATION_INIT;
    stop.flags = SYSFD_NOTIFY_STOPPING;
    EXPECT_EQ(sysfd_notify(&stop, nullptr), 1);
    std::uint64_t interval = 0;
    EXPECT_EQ(sysfd_watchdog_interval(&interval), 0);
    EXPECT_EQ(interval, 1000000U);
    const auto notifier = made<CNotifier>([](auto out) {
      return sysfd_notifier_from_environment(SYSFD_NOTIFIER_UNSET_ENVIRONMENT, out);
    });
    interval = 0;
    EXPECT_EQ(sysfd_notifier_watchdog_interval(notifier.get(), &interval), 0);
    EXPECT_EQ(interval, 1000000U);
    EXPECT_EQ(sysfd_notify(&stop, nullptr), 0) << "there is no manager any more";
    EXPECT_EQ(sysfd_notify_barrier(nullptr), 0);
    EXPECT_EQ(sysfd_watchdog_interval(&interval), -ENODATA);
  });
}

TEST_F(CNotify, SaysWhatIsInvalid) {
  sysfd_error error = SYSFD_ERROR_INIT;
  sysfd_notification nothing = SYSFD_NOTIFICATION_INIT;
  EXPECT_EQ(sysfd_notify_to(name_.c_str(), &nothing, &error), -EINVAL);
  EXPECT_EQ(error.code, EINVAL);
  EXPECT_STRNE(error.text, "");
  sysfd_notification lines = SYSFD_NOTIFICATION_INIT;
  lines.status = "two\nlines";
  EXPECT_EQ(sysfd_notify_to(name_.c_str(), &lines, &error), -EINVAL);
  EXPECT_NE(std::strstr(error.text, "status"), nullptr) << error.text;
  lines.main_process = -3;
  EXPECT_EQ(sysfd_notify_to(name_.c_str(), &lines, &error), -EBADF);
  lines.main_process = -1;
  lines.flags = 0x80000000;
  EXPECT_EQ(sysfd_notify_to(name_.c_str(), &lines, &error), -EINVAL);
  nothing.flags = SYSFD_NOTIFY_READY;
  EXPECT_EQ(sysfd_notify_to("/no/such/socket", &nothing, nullptr), -ENOENT);
  sysfd_notifier* none = nullptr;
  EXPECT_EQ(sysfd_notifier_connect("/no/such/socket", &none), -ENOENT);
  EXPECT_EQ(none, nullptr);
}

TEST_F(CNotify, StoresDescriptorsAndNamesProcesses) {
  const int self = sysfd_pidfd_self();
  sysfd_notification store = SYSFD_NOTIFICATION_INIT;
  store.main_process = self;
  store.store = &self;
  store.store_count = 1;
  store.store_name = "kept";
  EXPECT_EQ(sysfd_notify_to(name_.c_str(), &store, nullptr), 0);
  const std::string text = read();
  EXPECT_NE(text.find("FDNAME=kept"), text.npos) << text;
  EXPECT_NE(text.find("MAINPID=" + std::to_string(::getpid())), text.npos) << text;
  EXPECT_EQ(sysfd_close_take(self), 0);
}

}  // namespace
}  // namespace sysfd_test
