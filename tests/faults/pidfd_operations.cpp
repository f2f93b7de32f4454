// SPDX-License-Identifier: MIT
#include <sched.h>
#include <sys/syscall.h>

#include <csignal>

#include <sysfd/child.hpp>
#include <sysfd/pidfd.hpp>

#include "faults/operations.hpp"
#include "faults/subjects.hpp"

namespace sysfd_test {
namespace {

bool has_succeeded(const Result<ExitStatus>& status) {
  return status.has_value() && status->code() == 7;
}

}  // namespace

std::vector<Operation> pidfd_operations() {
  std::vector<Operation> all;
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {}) {
    all.push_back({std::string("pidfd: ") + name, run, std::move(translations)});
  };
  add("PidFd::open", [](Sweep& sweep) {
    const pid_t own = ::getpid();
    const auto opened = sweep([&] { return PidFd::open(own); });
    if (opened) sweep.check(opened->pid() == own, "another process");
  });
  add("PidFd::self", [](Sweep& sweep) {
    const auto opened = sweep([&] { return PidFd::self(); });
    if (opened) sweep.check(opened->pid() == ::getpid(), "another process");
  });
  add("PidFd::from_id",
      [](Sweep& sweep) {
        const auto id = must(PidFd::self()).id();
        if (!id) return sweep.skip("needs identities of processes");
        if (!PidFd::from_id(*id)) return sweep.skip("needs to open by identity");
        const auto opened = sweep([&] { return PidFd::from_id(*id); });
        if (opened) sweep.check(opened->pid() == ::getpid(), "another process");
      },
      {{SYS_open_by_handle_at, ESTALE, ESRCH}});
  add("PidFd::of_peer",
      [](Sweep& sweep) {
        const SocketPair sockets = must(socket_pair(SOCK_STREAM));
        if (!PidFd::of_peer(sockets.first)) return sweep.skip("needs SO_PEERPIDFD");
        const auto opened = sweep([&] { return PidFd::of_peer(sockets.first); });
        if (opened) sweep.check(opened->pid() == ::getpid(), "another process");
      },
      {{SYS_getsockopt, ENOPROTOOPT, EOPNOTSUPP}});
  add("PidFd::adopt", [](Sweep& sweep) {
    const Child child = waiting_child();
    OwnedFd fd = must(child.pidfd().fd().duplicate());
    (void)sweep([&] { return PidFd::adopt(std::move(fd)); });
  });
  add("PidFd::send_signal", [](Sweep& sweep) {
    const Child child = waiting_child();
    (void)sweep([&] { return child.pidfd().send_signal(SIGTERM); });
  });
  add("PidFd::send_signal, group", [](Sweep& sweep) {
    Child child = must(program("wait").session({.process_group = 0}).spawn());
    if (!child.pidfd().send_signal(0, SignalScope::process_group))
      return sweep.skip("needs scopes of signals");
    (void)sweep([&] { return child.pidfd().send_signal(SIGTERM, SignalScope::process_group); });
  });
  add("PidFd::send_signal, value", [](Sweep& sweep) {
    const Child child = waiting_child();
    (void)sweep([&] { return child.pidfd().send_signal(SIGTERM, sigval{.sival_int = 5}); });
  });
  add("PidFd::get_fd", [](Sweep& sweep) {
    const PidFd self = must(PidFd::self());
    const OwnedFd file = some_file();
    const auto got = sweep([&] { return self.get_fd(ForeignFd(file.get())); });
    if (got) sweep.check(same_file(got->get(), file.get()), "another file");
  });
  add("PidFd::wait", [](Sweep& sweep) {
    const Child child = ended_child();
    const auto status = sweep([&] { return child.pidfd().wait(); });
    if (status) sweep.check(has_succeeded(status), "the status");
  });
  add("PidFd::wait while it runs", [](Sweep& sweep) {
    Child child = must(program("copy").stdin_from(Stdio::pipe()).spawn());
    must(child.pidfd().send_signal(SIGTERM));
    const auto status = sweep([&] { return child.pidfd().wait(); });
    if (status) sweep.check(status->signal() == SIGTERM, "the status");
  });
  add("PidFd::try_wait", [](Sweep& sweep) {
    const Child child = ended_child();
    const auto status = sweep([&] { return child.pidfd().try_wait(); });
    if (status) sweep.check(has_succeeded(status), "the status");
  });
  add("PidFd::try_wait while it runs", [](Sweep& sweep) {
    const Child child = waiting_child();
    (void)sweep([&] {
      return expect_error(child.pidfd().try_wait(), std::errc::resource_unavailable_try_again);
    });
  });
  add("PidFd::wait_for", [](Sweep& sweep) {
    const Child child = ended_child();
    const auto status = sweep([&] { return child.pidfd().wait_for(10s); });
    if (status) sweep.check(has_succeeded(status), "the status");
  });
  add("PidFd::wait_for while it runs", [](Sweep& sweep) {
    const Child child = waiting_child();
    (void)sweep([&] { return expect_error(child.pidfd().wait_for(1ms), std::errc::timed_out); });
  });
  add("PidFd::wait_for, canceled", [](Sweep& sweep) {
    const Child child = waiting_child();
    const OwnedFd event = must(event_fd(1));
    (void)sweep([&] {
      return expect_error(child.pidfd().wait_for(Timeout::forever().canceled_by(event)),
                          std::errc::operation_canceled);
    });
  });
  add("PidFd::wait_until", [](Sweep& sweep) {
    const Child child = ended_child();
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    const auto status = sweep([&] { return child.pidfd().wait_until(deadline); });
    if (status) sweep.check(has_succeeded(status), "the status");
  });
  add("PidFd::wait of a reaped process",
      [](Sweep& sweep) {
        const Child child = ended_child();
        siginfo_t info{};
        const auto pidfd = static_cast<id_t>(child.pidfd().fd().get());
        ::waitid(static_cast<idtype_t>(3), pidfd, &info, WEXITED);
        if (!child.pidfd().wait()) return sweep.skip("needs the status of reaped processes");
        const auto status = sweep([&] { return child.pidfd().wait(); });
        if (status) sweep.check(has_succeeded(status), "the status");
      },
      {{-1, 0, ECHILD}});  // nothing else knows the status
  add("PidFd::wait_event", [](Sweep& sweep) {
    const Child child = ended_child();
    const auto event = sweep([&] { return child.pidfd().wait_event(); });
    if (event) sweep.check(event->status && event->status->code() == 7, "the event");
  });
  add("PidFd::wait_event_for", [](Sweep& sweep) {
    const Child child = waiting_child();
    (void)sweep(
        [&] { return expect_error(child.pidfd().wait_event_for(1ms), std::errc::timed_out); });
  });
  add("PidFd::try_wait_event", [](Sweep& sweep) {
    const Child child = ended_child();
    const auto event = sweep([&] { return child.pidfd().try_wait_event(); });
    if (event) sweep.check(event->status && event->status->code() == 7, "the event");
  });
  add("PidFd::pid", [](Sweep& sweep) {
    const Child child = waiting_child();
    const auto pid = sweep([&] { return child.pidfd().pid(); });
    if (pid) sweep.check(*pid == child.pidfd().pid(), "another process");
  });
  add("PidFd::id", [](Sweep& sweep) {
    const Child child = waiting_child();
    const auto before = child.pidfd().id();
    if (!before) return sweep.skip("needs identities of processes");
    const auto id = sweep([&] { return child.pidfd().id(); });
    if (id) sweep.check(*id == *before, "another identity");
  });
  add("PidFd::info", [](Sweep& sweep) {
    const Child child = waiting_child();
    const auto info = sweep([&] { return child.pidfd().info(); });
    if (info) sweep.check(info->pid == must(child.pidfd().pid()), "another process");
  });
  add("PidFd::namespace_fd", [](Sweep& sweep) {
    const Child child = waiting_child();
    (void)sweep([&] { return child.pidfd().namespace_fd(Namespace::net); });
  });
  add("PidFd::namespace_for_children", [](Sweep& sweep) {
    const Child child = waiting_child();
    (void)sweep([&] { return child.pidfd().namespace_for_children(Namespace::pid); });
  });
  add("PidFd::enter_namespaces", [](Sweep& sweep) {
    if (!is_root()) return sweep.skip("needs root");
    const Child child = waiting_child();
    (void)sweep([&] { return child.pidfd().enter_namespaces(Namespace::uts); });
  });
  add("PidFd::proc_directory", [](Sweep& sweep) {
    const Child child = waiting_child();
    const auto directory = sweep([&] { return child.pidfd().proc_directory(); });
    if (directory)
      sweep.check(::faccessat(directory->get(), "status", F_OK, 0) == 0, "no such directory");
  });
  add("PidFd::advise_memory", [](Sweep& sweep) {
    const PidFd self = must(PidFd::self());
    alignas(4096) static std::array<char, 4096> memory;
    const iovec range{memory.data(), memory.size()};
    if (!self.advise_memory({&range, 1}, MADV_COLD)) return sweep.skip("needs process_madvise");
    (void)sweep([&] { return self.advise_memory({&range, 1}, MADV_COLD); });
  });
  add("PidFd::release_memory", [](Sweep& sweep) {
    const Child child = waiting_child();
    must(child.pidfd().send_signal(SIGKILL));
    if (error_of(child.pidfd().release_memory()) == std::errc::function_not_supported)
      return sweep.skip("needs process_mrelease");
    (void)sweep([&] { return child.pidfd().release_memory(); });
  });
  add("same_process", [](Sweep& sweep) {
    const PidFd one = must(PidFd::self()), two = must(PidFd::self());
    const auto same = sweep([&] { return same_process(one, two); });
    if (same.has_value()) sweep.check(*same, "they differ");
  });
  add("wait_any", [](Sweep& sweep) {
    const Child running = waiting_child(), ended = ended_child();
    const PidFd* const both[] = {&running.pidfd(), &ended.pidfd()};
    const auto index = sweep([&] { return wait_any(both, 10s); });
    if (index) sweep.check(*index == 1, "the index");
  });
  add("wait_any of many", [](Sweep& sweep) {
    const Child running = waiting_child();
    const std::vector<const PidFd*> many(70, &running.pidfd());
    (void)sweep([&] { return expect_error(wait_any(many, 1ms), std::errc::timed_out); });
  });
  return all;
}

}  // namespace sysfd_test
