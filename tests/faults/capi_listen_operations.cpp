// SPDX-License-Identifier: MIT
//
// The C interface to listen.
#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include <sysfd/create.hpp>

#include "faults/capi_rows.hpp"
#include "listen/manager.hpp"

namespace sysfd_test {
namespace {

CFdType fd_type(int kind) {
  return made<CFdType>([&](auto out) { return sysfd_fd_type_new(kind, out); });
}

OwnedFd null_device() {
  return must(sysfd::open(cwd(), "/dev/null", O_RDONLY));
}

void add_types(CRows& rows) {
  const auto matches = [&](const char* name, int answer, auto make, int (*match)(int fd)) {
    rows.answers(name, answer, make, [match](const OwnedFd& fd) { return match(fd.get()); });
  };
  matches("is_socket", 1, listener, sysfd_is_socket);
  matches("is_listening_stream", 1, listener, sysfd_is_listening_stream);
  matches(
      "is_datagram", 1, [] { return std::move(must(socket_pair(SOCK_DGRAM)).first); },
      sysfd_is_datagram);
  matches("is_fifo", 1, [] { return std::move(must(sysfd::pipe()).read); }, sysfd_is_fifo);
  matches("is_special_file", 1, null_device, sysfd_is_special_file);
  matches("is_message_queue", 0, some_file, sysfd_is_message_queue);
  rows.add("fd_type_matches", [](CSweep& sweep) {
    const OwnedFd fd = null_device();
    const auto type = fd_type(SYSFD_FD_SPECIAL_FILE);
    need(sysfd_fd_type_at(type.get(), "/dev/null"));
    const int code = sweep([&] { return sysfd_fd_type_matches(type.get(), fd.get()); });
    // A path that is not there is no match.
    if (sweep.is_dry()) sweep.check(code == 1, "no match");
  });
  rows.makes("fd_type_new", sysfd_fd_type_free, no_subject,
             [](int, auto out) { return sysfd_fd_type_new(SYSFD_FD_STREAM, out); });
  constexpr const char* name = "a name of more than 15 characters";
  rows.add(
      "fd_type_inet, fd_type_inet6, fd_type_ip, fd_type_unix_path, fd_type_unix_abstract, "
      "fd_type_at",
      [](CSweep& sweep) {
        const auto type = fd_type(SYSFD_FD_STREAM);
        (void)sweep([&] {
          return first_error(
              {sysfd_fd_type_at(type.get(), name), sysfd_fd_type_unix_path(type.get(), name),
               sysfd_fd_type_unix_abstract(type.get(), name, 20),
               sysfd_fd_type_inet(type.get(), 80), sysfd_fd_type_inet6(type.get(), 80),
               sysfd_fd_type_ip(type.get(), SYSFD_ANY_PORT)});
        });
      });
  rows.add("fd_type_describe", [](CSweep& sweep) {
    const auto type = fd_type(SYSFD_FD_STREAM);
    need(sysfd_fd_type_unix_path(type.get(), name));
    std::array<char, 100> buffer{};
    (void)sweep([&] { return sysfd_fd_type_describe(type.get(), buffer.data(), buffer.size()); });
  });
}

CListenFds taken_fds() {
  return made<CListenFds>([](auto out) { return sysfd_listen_fds_take(0, out, nullptr); });
}

void add_listen_fds(CRows& rows) {
  const auto takes = [&](const char* name, auto take) {
    rows.add(name, [=](CSweep& sweep) {
      const Activated activated;
      sysfd_listen_fds* fds = nullptr;
      sysfd_error error = SYSFD_ERROR_INIT;
      const int code = sweep([&] { return take(&fds, &error); });
      if (fds) sweep.check(sysfd_listen_fds_count(fds) == 2, "the descriptors");
      if (!fds) sweep.check(is_open(3) && is_open(4), "closed");
      free_made(sweep, code, fds, sysfd_listen_fds_free);
    });
  };
  takes("listen_fds_take", [](auto... outputs) { return sysfd_listen_fds_take(0, outputs...); });
  rows.add("listen_fds_take_from", [](CSweep& sweep) {
    const Activated activated;
    const std::string pid = "LISTEN_PID=" + std::to_string(::getpid());
    const std::array<const char*, 3> variables{pid.c_str(), "LISTEN_FDS=2", nullptr};
    sysfd_listen_fds* fds = nullptr;
    const int code =
        sweep([&] { return sysfd_listen_fds_take_from(variables.data(), &fds, nullptr); });
    if (!fds) sweep.check(is_open(3) && is_open(4), "closed");
    free_made(sweep, code, fds, sysfd_listen_fds_free);
  });
  // Releases what `call` returns.
  const auto on_fds = [&](const char* name, auto call) {
    rows.add(name, [=](CSweep& sweep) {
      const Activated activated;
      const auto fds = taken_fds();
      const int fd = sweep([&] { return call(fds.get()); });
      if (sweep.is_dry()) sweep.check(fd >= 0, "not found");
      if (sysfd_listen_fds_has(fds.get(), 0) == 0) close_if_open(fd);
    });
  };
  on_fds("listen_fds_release",
         [](auto* fds) { return sysfd_listen_fds_release(fds, 0, nullptr, nullptr); });
  on_fds("listen_fds_release_one",
         [](auto* fds) { return sysfd_listen_fds_release_one(fds, "one", nullptr, nullptr); });
  on_fds("listen_fds_borrow_one",
         [](auto* fds) { return sysfd_listen_fds_borrow_one(fds, "one", nullptr, nullptr); });
  on_fds("listen_fds_indices_of", [](auto* fds) {
    std::size_t index = 0;
    return sysfd_listen_fds_indices_of(fds, "one", 1, &index);
  });
  rows.add("listen_fds_release_all", [](CSweep& sweep) {
    const Activated activated;
    const auto fds = taken_fds();
    int released = -1;
    const int count = sweep([&] {
      return sysfd_listen_fds_release_all(fds.get(), "one", nullptr, 1, &released, nullptr);
    });
    sweep.check((count == 1) == (released >= 0), "a descriptor, or none");
    sweep.check((sysfd_listen_fds_has(fds.get(), 0) == 0) == (count == 1), "two owners, or none");
    close_if_open(released);
  });
  rows.add("listen_fds_free", [](CSweep& sweep) {
    const Activated activated;
    auto fds = taken_fds();
    sweep([&] { fds.reset(); });
  });
}

using CNotifier = CObject<sysfd_notifier, sysfd_notifier_free>;

CNotifier connected(const std::string& address) {
  return made<CNotifier>([&](auto out) { return sysfd_notifier_connect(address.c_str(), out); });
}

sysfd_notification notification() {
  sysfd_notification made = SYSFD_NOTIFICATION_INIT;
  made.flags = SYSFD_NOTIFY_READY;
  made.status = "fine, and more than 15 characters";
  return made;
}

void add_notifications(CRows& rows) {
  // `call` is given an address, and what to send there.
  const auto sends = [&](const char* name, auto call) {
    rows.add(name, [=](CSweep& sweep) {
      const Manager manager;
      const std::string address = manager.address();
      ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
      const auto notifier = connected(address);
      const auto what = notification();
      sysfd_error error = SYSFD_ERROR_INIT;
      const int code = sweep([&] { return call(address.c_str(), notifier.get(), &what, &error); });
      sweep.check(manager.has_message() == (code >= 0), "no message, or one after all");
      check_error(sweep, code, error);
    });
  };
  sends("notify",
        [](const char*, auto*, auto what, auto error) { return sysfd_notify(what, error); });
  sends("notify_to", [](const char* address, auto*, auto what, auto error) {
    return sysfd_notify_to(address, what, error);
  });
  sends("notify, store and main process", [](const char*, auto*, auto what, auto error) {
    static constexpr int stored = 1;
    sysfd_notification more = *what;
    more.store = &stored;
    more.store_count = 1;
    more.store_name = "name";
    const int self = sysfd_pidfd_self();
    if (self < 0) return self;
    more.main_process = self;
    const int code = sysfd_notify(&more, error);
    ::close(self);
    return code;
  });
  sends("notifier_notify", [](const char*, auto* notifier, auto what, auto error) {
    return sysfd_notifier_notify(notifier, what, error);
  });
  const auto connects = [&](const char* name, auto connect) {
    rows.add(name, [=](CSweep& sweep) {
      const Manager manager;
      const std::string address = manager.address();
      ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
      sysfd_notifier* notifier = nullptr;
      const int code = sweep([&] { return connect(address.c_str(), &notifier); });
      if (notifier) sweep.check(sysfd_notifier_has_manager(notifier) == 1, "no manager");
      free_made(sweep, code, notifier, sysfd_notifier_free);
    });
  };
  connects("notifier_connect", sysfd_notifier_connect);
  connects("notifier_from_environment", [](const char*, auto out) {
    return sysfd_notifier_from_environment(SYSFD_NOTIFIER_UNSET_ENVIRONMENT, out);
  });
  rows.add("notifier_free", [](CSweep& sweep) {
    const Manager manager;
    auto notifier = connected(manager.address());
    sweep([&] { notifier.reset(); });
  });
  static const sysfd_timeout soon = timeout_of(1'000'000);
  const auto barriers = [&](const char* name, auto call) {
    rows.add(name, [=](CSweep& sweep) {
      const Manager manager;
      const std::string address = manager.address();
      ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
      const auto notifier = connected(address);
      // Nobody closes the manager's end.
      (void)sweep([&] { return expect_code(call(address.c_str(), notifier.get()), ETIMEDOUT); });
    });
  };
  barriers("notify_barrier", [](const char*, auto*) { return sysfd_notify_barrier(&soon); });
  barriers("notify_barrier_to",
           [](const char* address, auto*) { return sysfd_notify_barrier_to(address, &soon); });
  barriers("notifier_barrier",
           [](const char*, auto* notifier) { return sysfd_notifier_barrier(notifier, &soon); });
  rows.add("watchdog_interval", [](CSweep& sweep) {
    ::setenv("WATCHDOG_USEC", "1000000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    std::uint64_t interval = 0;
    const int code = sweep([&] { return sysfd_watchdog_interval(&interval); });
    if (code >= 0) sweep.check(interval == 1'000'000, "the interval");
  });
}

}  // namespace

std::vector<Operation> capi_listen_operations() {
  CRows rows;
  add_types(rows);
  add_listen_fds(rows);
  add_notifications(rows);
  return std::move(rows).take();
}

}  // namespace sysfd_test
