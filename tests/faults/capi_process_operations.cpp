// SPDX-License-Identifier: MIT
//
// The C interface to pidfd, and to the features of the kernel.
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <csignal>

#include <sysfd/child.hpp>
#include <sysfd/create.hpp>

#include "faults/capi_rows.hpp"

namespace sysfd_test {
namespace {

int number_of(const Child& child) {
  return child.fd().get();
}

void add_waits(CRows& rows) {
  static const sysfd_timeout soon = timeout_of(1'000'000), seconds = timeout_of(10'000'000'000);
  const auto waits = [&](const char* name, auto wait) {
    rows.add(name, [=](CSweep& sweep) {
      const Child child = ended_child();
      std::int32_t status = 0;
      const int code = sweep([&] { return wait(number_of(child), &status); });
      if (code >= 0) sweep.check(sysfd_exit_status_code(status) == 7, "the status");
    });
  };
  waits("pidfd_wait", sysfd_pidfd_wait);
  waits("pidfd_try_wait", sysfd_pidfd_try_wait);
  waits("pidfd_wait_for",
        [](int pidfd, auto status) { return sysfd_pidfd_wait_for(pidfd, &seconds, status); });
  const auto waits_for_event = [&](const char* name, auto wait) {
    rows.add(name, [=](CSweep& sweep) {
      const Child child = ended_child();
      sysfd_wait_event event = SYSFD_WAIT_EVENT_INIT;
      const int code = sweep([&] { return wait(number_of(child), &event); });
      if (code >= 0)
        sweep.check(event.kind == SYSFD_EVENT_ENDED && sysfd_exit_status_code(event.status) == 7,
                    "the event");
    });
  };
  waits_for_event("pidfd_wait_event", [](int pidfd, auto event) {
    return sysfd_pidfd_wait_event(pidfd, SYSFD_WAIT_ENDED, event);
  });
  waits_for_event("pidfd_try_wait_event", [](int pidfd, auto event) {
    return sysfd_pidfd_try_wait_event(pidfd, SYSFD_WAIT_ENDED, event);
  });
  waits_for_event("pidfd_wait_event_for", [](int pidfd, auto event) {
    return sysfd_pidfd_wait_event_for(pidfd, &seconds, SYSFD_WAIT_ENDED, event);
  });
  rows.answers("pidfd_wait_for while it runs", 0, waiting_child, [](const Child& child) {
    return expect_code(sysfd_pidfd_wait_for(number_of(child), &soon, nullptr), ETIMEDOUT);
  });
  rows.add("pidfd_wait_any", [](CSweep& sweep) {
    const Child running = waiting_child(), ended = ended_child();
    const std::array<int, 2> both{number_of(running), number_of(ended)};
    const int index =
        sweep([&] { return sysfd_pidfd_wait_any(both.data(), both.size(), &seconds); });
    if (index >= 0) sweep.check(index == 1, "the index");
  });
}

void add_pidfds(CRows& rows) {
  const auto opens = [&](const char* name, auto make, auto open_it,
                         CRows::Translations translations = {}) {
    rows.add(
        name,
        [=](CSweep& sweep) {
          const auto subject = make();
          const int tried = open_it(subject);
          close_if_open(tried);
          if (tried < 0) return sweep.skip("needs a newer kernel");
          const int pidfd = sweep([&] { return open_it(subject); });
          if (pidfd >= 0) sweep.check(sysfd_pidfd_pid(pidfd) == ::getpid(), "another process");
          close_if_open(pidfd);
        },
        std::move(translations));
  };
  opens("pidfd_open", ::getpid, [](pid_t pid) { return sysfd_pidfd_open(pid, 0); });
  opens("pidfd_self", no_subject, [](int) { return sysfd_pidfd_self(); });
  opens(
      "pidfd_from_id",
      [] {
        const int self = need(sysfd_pidfd_self());
        std::uint64_t id = 0;
        (void)sysfd_pidfd_id(self, &id);
        ::close(self);
        return id;
      },
      [](std::uint64_t id) { return id == 0 ? -EOPNOTSUPP : sysfd_pidfd_from_id(id); },
      {{SYS_open_by_handle_at, ESTALE, ESRCH}});
  opens(
      "pidfd_of_peer", [] { return must(socket_pair(SOCK_STREAM)); },
      [](const SocketPair& sockets) { return sysfd_pidfd_of_peer(sockets.first.get()); },
      {{SYS_getsockopt, ENOPROTOOPT, EOPNOTSUPP}});
  rows.makes_fd(
      "pidfd_adopt_take", [] { return need(sysfd_pidfd_self()); }, sysfd_pidfd_adopt_take);
  rows.add("pidfd_get_fd", [](CSweep& sweep) {
    const PidFd self = must(PidFd::self());
    const OwnedFd file = some_file();
    const int got = sweep([&] { return sysfd_pidfd_get_fd(self.fd().get(), file.get()); });
    if (got >= 0) sweep.check(same_file(got, file.get()), "another file");
    close_if_open(got);
  });

  // On a child that runs until it is killed.
  const auto on_child = [&](const char* name, auto call, CRows::Translations translations = {}) {
    rows.answers(
        name, 0, waiting_child, [=](const Child& child) { return call(number_of(child)); },
        std::move(translations));
  };
  const auto makes_fd_of_child = [&](const char* name, auto call) {
    rows.makes_fd(name, waiting_child, [=](const Child& child) { return call(number_of(child)); });
  };
  on_child("pidfd_send_signal",
           [](int pidfd) { return sysfd_pidfd_send_signal(pidfd, SIGTERM, 0); });
  on_child("pidfd_send_signal_value",
           [](int pidfd) { return sysfd_pidfd_send_signal_value(pidfd, SIGTERM, 5, 0); });
  rows.add("pidfd_pid", [](CSweep& sweep) {
    const Child child = waiting_child();
    const std::int32_t pid = sweep([&] { return sysfd_pidfd_pid(number_of(child)); });
    if (pid >= 0) sweep.check(pid == child.pid(), "another process");
  });
  rows.add("pidfd_id", [](CSweep& sweep) {
    const Child child = waiting_child();
    std::uint64_t before = 0, id = 0;
    if (sysfd_pidfd_id(number_of(child), &before) < 0)
      return sweep.skip("needs identities of processes");
    const int code = sweep([&] { return sysfd_pidfd_id(number_of(child), &id); });
    if (code >= 0) sweep.check(id == before, "another identity");
  });
  rows.add("pidfd_info", [](CSweep& sweep) {
    const Child child = waiting_child();
    sysfd_process_info info = SYSFD_PROCESS_INFO_INIT;
    const int code = sweep([&] { return sysfd_pidfd_info(number_of(child), &info); });
    if (code >= 0) sweep.check(info.pid == child.pid(), "another process");
  });
  makes_fd_of_child("pidfd_namespace_fd",
                    [](int pidfd) { return sysfd_pidfd_namespace_fd(pidfd, SYSFD_NAMESPACE_NET); });
  makes_fd_of_child("pidfd_namespace_for_children", [](int pidfd) {
    return sysfd_pidfd_namespace_for_children(pidfd, SYSFD_NAMESPACE_PID);
  });
  makes_fd_of_child("pidfd_proc_directory", sysfd_pidfd_proc_directory);
  rows.add("pidfd_enter_namespaces", [](CSweep& sweep) {
    if (!is_root()) return sweep.skip("needs root");
    const Child child = waiting_child();
    (void)sweep(
        [&] { return sysfd_pidfd_enter_namespaces(number_of(child), SYSFD_NAMESPACE_UTS); });
  });
  rows.add("pidfd_advise_memory", [](CSweep& sweep) {
    const PidFd self = must(PidFd::self());
    alignas(4096) static std::array<char, 4096> memory;
    static const sysfd_bytes range{memory.data(), memory.size()};
    const auto advise = [&] {
      return sysfd_pidfd_advise_memory(self.fd().get(), &range, 1, MADV_COLD);
    };
    if (advise() < 0) return sweep.skip("needs process_madvise");
    (void)sweep(advise);
  });
  rows.add("pidfd_release_memory", [](CSweep& sweep) {
    const Child child = waiting_child();
    need(sysfd_pidfd_send_signal(number_of(child), SIGKILL, 0));
    if (sysfd_pidfd_release_memory(number_of(child)) == -ENOSYS)
      return sweep.skip("needs process_mrelease");
    (void)sweep([&] { return sysfd_pidfd_release_memory(number_of(child)); });
  });
  rows.answers(
      "same_process", 1, [] { return std::pair(must(PidFd::self()), must(PidFd::self())); },
      [](const auto& both) {
        return sysfd_same_process(both.first.fd().get(), both.second.fd().get());
      });
}

}  // namespace

std::vector<Operation> capi_process_operations() {
  CRows rows;
  add_waits(rows);
  add_pidfds(rows);
  // Texts.
  static std::array<char, 4096> buffer;
  rows.add("exit_status_text, process_id_text", [](CSweep& sweep) {
    (void)sweep([] {
      return first_error({sysfd_exit_status_text(SIGSEGV | 0x80, buffer.data(), buffer.size()),
                          sysfd_process_id_text(UINT64_MAX, buffer.data(), buffer.size())});
    });
  });
  rows.add("features", [](CSweep& sweep) {  // what cannot be tried counts as not there
    sweep([] { (void)sysfd_features(); });
  });
  rows.add("features_text", [](CSweep& sweep) {
    (void)sweep([] { return sysfd_features_text(0, buffer.data(), buffer.size()); });
  });
  return std::move(rows).take();
}

}  // namespace sysfd_test
