// SPDX-License-Identifier: MIT
#include <sys/socket.h>

#include <cstdlib>

#include <sysfd/fd_type.hpp>
#include <sysfd/listen_fds.hpp>
#include <sysfd/notify.hpp>

#include "faults/operations.hpp"
#include "faults/subjects.hpp"
#include "listen/manager.hpp"

namespace sysfd_test {

std::vector<Operation> listen_operations() {
  std::vector<Operation> all;
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {}) {
    all.push_back({std::string("listen: ") + name, run, std::move(translations)});
  };
  add("ListenFds::take", [](Sweep& sweep) {
    const Activated activated;
    const auto fds = sweep([&] { return ListenFds::take(); });
    if (fds) sweep.check(fds->size() == 2 && fds->name(1) == "two", "the descriptors");
    if (!fds) sweep.check(is_open(3) && is_open(4), "closed");
  });
  add("ListenFds::take of variables", [](Sweep& sweep) {
    const Activated activated;
    const std::string pid = "LISTEN_PID=" + std::to_string(::getpid());
    const char* const variables[] = {pid.c_str(), "LISTEN_FDS=2", nullptr};
    const auto fds = sweep([&] { return ListenFds::take(std::span(variables).first(2)); });
    if (fds) sweep.check(fds->size() == 2, "the descriptors");
    if (!fds) sweep.check(is_open(3) && is_open(4), "closed");
  });
  const auto on_taken = [&](const char* name, auto call) {
    add(name, [=](Sweep& sweep) {
      const Activated activated;
      auto fds = must(ListenFds::take());
      sweep([&] { return call(fds); });
    });
  };
  on_taken("ListenFds::take by index", [](ListenFds& fds) { (void)fds.take(0); });
  on_taken("ListenFds::take_one", [](ListenFds& fds) { (void)fds.take_one("one"); });
  on_taken("ListenFds::get_one", [](ListenFds& fds) { (void)fds.get_one("one"); });
  on_taken("ListenFds::take_all", [](ListenFds& fds) { (void)fds.take_all("one"); });
  on_taken("ListenFds::indices_of", [](ListenFds& fds) { (void)fds.indices_of("one"); });
  const auto matches = [&](const char* name, auto make, FdType type) {
    add(name, [=](Sweep& sweep) {
      const OwnedFd fd = make();
      const auto matched = sweep([&] { return type.matches(fd); });
      // A path that is not there is no match.
      if (matched.has_value() && sweep.is_dry()) sweep.check(*matched, "no match");
    });
  };
  matches("is_socket", listener, FdType::socket());
  matches("is_listening_stream", listener, FdType::stream_listener());
  const auto datagram = [] { return std::move(must(socket_pair(SOCK_DGRAM)).first); };
  matches("is_datagram", datagram, FdType::datagram());
  matches("is_fifo", [] { return std::move(must(sysfd::pipe()).read); }, FdType::fifo());
  matches(
      "is_special_file", [] { return must(sysfd::open(cwd(), "/dev/null", O_RDONLY)); },
      FdType::special_file());
  matches(
      "FdType::matches, at", [] { return must(sysfd::open(cwd(), "/dev/null", O_RDONLY)); },
      FdType::special_file().at("/dev/null"));
  add("is_message_queue", [](Sweep& sweep) {
    const OwnedFd file = some_file();
    const auto matched = sweep([&] { return is_message_queue(file); });
    if (matched.has_value()) sweep.check(!*matched, "a match");
  });

  // Messages to a manager.
  const auto sends = [&](const char* name, auto call) {
    add(name, [=](Sweep& sweep) {
      const Manager manager;
      ::setenv("NOTIFY_SOCKET", manager.address().c_str(), 1);
      const auto sent = sweep([&] { return call(manager); });
      sweep.check(manager.has_message() == sent.has_value(), "no message, or one after all");
    });
  };
  sends("notify", [](const Manager&) { return notify({.ready = true, .status = "fine"}); });
  sends("notify of an address",
        [](const Manager& manager) { return notify(manager.address(), {.ready = true}); });
  sends("notify, store", [](const Manager& manager) {
    const BorrowedFd fds[] = {manager.socket()};
    return notify({.store = fds, .store_name = "name"});
  });
  sends("notify, main_process", [](const Manager&) -> Result<NotifyResult> {
    const auto self = PidFd::self();
    if (!self) return std::unexpected(self.error());
    return notify({.main_process = &*self});
  });
  sends("Notifier, connect and notify", [](const Manager& manager) -> Result<NotifyResult> {
    auto notifier = Notifier::connect(manager.address());
    if (!notifier) return std::unexpected(notifier.error());
    return notifier->notify({.ready = true});
  });
  sends("Notifier, from_environment", [](const Manager&) -> Result<NotifyResult> {
    auto notifier = Notifier::from_environment();
    if (!notifier) return std::unexpected(notifier.error());
    return notifier->notify({.ready = true});
  });
  const auto barriers = [&](const char* name, auto call) {
    add(name, [=](Sweep& sweep) {
      const Manager manager;
      ::setenv("NOTIFY_SOCKET", manager.address().c_str(), 1);
      // Nobody closes the manager's end.
      (void)sweep([&] { return expect_error(call(manager), std::errc::timed_out); });
    });
  };
  barriers("notify_barrier", [](const Manager&) { return notify_barrier(1ms); });
  barriers("notify_barrier of an address",
           [](const Manager& manager) { return notify_barrier(manager.address(), 1ms); });
  add("Notifier::barrier", [](Sweep& sweep) {
    const Manager manager;
    const auto notifier = must(Notifier::connect(manager.address()));
    (void)sweep([&] { return expect_error(notifier.barrier(1ms), std::errc::timed_out); });
  });
  add("watchdog_interval", [](Sweep& sweep) {
    ::setenv("WATCHDOG_USEC", "1000000", 1);
    ::unsetenv("WATCHDOG_PID");
    (void)sweep([&] { return watchdog_interval(); });
  });
  return all;
}

}  // namespace sysfd_test
