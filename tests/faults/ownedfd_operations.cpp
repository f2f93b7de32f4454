// SPDX-License-Identifier: MIT
#include <sys/syscall.h>

#include <stop_token>

#include <sysfd/create.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/stop_fd.hpp>

#include "faults/operations.hpp"
#include "faults/subjects.hpp"

namespace sysfd_test {
namespace {

// Whether an open file description has O_NONBLOCK, without a call of the library.
bool is_set(int fd, int flag) {
  return (::fcntl(fd, F_GETFL) & flag) != 0;
}

}  // namespace

std::vector<Operation> ownedfd_operations() {
  return {
      {"ownedfd: BorrowedFd::duplicate",
       [](Sweep& sweep) {
         const OwnedFd file = some_file();
         const auto copy = sweep([&] { return file.duplicate(); });
         if (copy) sweep.check(same_file(copy->get(), file.get()), "another file");
       }},
      {"ownedfd: OwnedFd::adopt_open",
       [](Sweep& sweep) {
         OwnedFd file = some_file();
         const int fd = std::move(file).release();
         const auto adopted = sweep([&] { return OwnedFd::adopt_open(fd); });
         if (!adopted) ::close(fd);
       }},
      {"ownedfd: OwnedFd::close",
       [](Sweep& sweep) {
         OwnedFd file = some_file();
         (void)sweep([&] { return std::move(file).close(); });
       }},
      {"ownedfd: OwnedFd::~OwnedFd",
       [](Sweep& sweep) {
         std::optional<OwnedFd> file = some_file();
         sweep([&] { file.reset(); });
       }},
      {"ownedfd: replace",
       [](Sweep& sweep) {
         OwnedFd slot = some_file();
         const OwnedFd source = some_file(), before = must(slot.duplicate());
         const auto replaced = sweep([&] { return replace(slot, source); });
         sweep.check(same_file(slot.get(), replaced ? source.get() : before.get()), "wrong file");
       }},
      {"ownedfd: open",
       [](Sweep& sweep) {
         const auto opened = sweep([&] { return open(cwd(), "/etc", O_RDONLY | O_DIRECTORY); });
         if (opened) sweep.check(opened->get() > 2, "the number");
       }},
      {"ownedfd: open with closed standard streams",
       [](Sweep& sweep) {
         const ClosedStreams closed;
         const auto opened = sweep([&] { return open(cwd(), "/etc", O_RDONLY | O_DIRECTORY); });
         if (opened) sweep.check(opened->get() > 2, "the number");
       }},
      {"ownedfd: open, resolve",
       [](Sweep& sweep) {
         const auto opened = sweep(
             [&] { return open(cwd(), "/etc", O_RDONLY | O_DIRECTORY, Resolve::no_symlinks); });
         if (opened) sweep.check(opened->get() > 2, "the number");
       }},
      {"ownedfd: open_missing_standard_streams",
       [](Sweep& sweep) {
         const ClosedStreams closed;
         const auto opened = sweep([&] {
           auto done = open_missing_standard_streams();
           if (!done)  // those that it could open stay
             for (const int fd : {0, 1, 2})
               if (is_open(fd)) ::close(fd);
           return done;
         });
         if (opened) sweep.check(is_open(0) && is_open(1) && is_open(2), "not open");
       }},
      {"ownedfd: pipe",
       [](Sweep& sweep) {
         const auto made = sweep([&] { return pipe(); });
         if (made)
           sweep.check(::write(made->write.get(), "x", 1) == 1 &&
                           same_file(made->read.get(), made->write.get()),
                       "no pipe");
       }},
      {"ownedfd: pipe with closed standard streams",
       [](Sweep& sweep) {
         const ClosedStreams closed;
         const auto made = sweep([&] { return pipe(); });
         if (made) sweep.check(made->read.get() > 2 && made->write.get() > 2, "the numbers");
       }},
      {"ownedfd: socket_pair",
       [](Sweep& sweep) { (void)sweep([&] { return socket_pair(SOCK_STREAM); }); }},
      {"ownedfd: socket_pair with closed standard streams",
       [](Sweep& sweep) {
         const ClosedStreams closed;
         const auto made = sweep([&] { return socket_pair(SOCK_STREAM); });
         if (made) sweep.check(made->first.get() > 2 && made->second.get() > 2, "the numbers");
       }},
      {"ownedfd: memfd", [](Sweep& sweep) { (void)sweep([&] { return memfd("name"); }); }},
      {"ownedfd: event_fd", [](Sweep& sweep) { (void)sweep([&] { return event_fd(3); }); }},
      {"ownedfd: set_nonblocking",
       [](Sweep& sweep) {
         const OwnedFd file = some_file();
         const auto set = sweep([&] { return set_nonblocking(file, true); });
         sweep.check(is_set(file.get(), O_NONBLOCK) == set.has_value(), "the flag");
       }},
      {"ownedfd: is_nonblocking",
       [](Sweep& sweep) {
         const OwnedFd file = some_file();
         const auto is = sweep([&] { return is_nonblocking(file); });
         if (is.has_value()) sweep.check(!*is, "the flag");
       }},
      {"ownedfd: set_close_on_exec",
       [](Sweep& sweep) {
         const OwnedFd file = some_file();
         const auto set = sweep([&] { return set_close_on_exec(file, false); });
         sweep.check(((::fcntl(file.get(), F_GETFD) & FD_CLOEXEC) == 0) == set.has_value(),
                     "the flag");
       }},
      {"ownedfd: is_close_on_exec",
       [](Sweep& sweep) {
         const OwnedFd file = some_file();
         const auto is = sweep([&] { return is_close_on_exec(file); });
         if (is.has_value()) sweep.check(*is, "the flag");
       }},
      {"ownedfd: StopFd::make",
       [](Sweep& sweep) {
         std::stop_source source;
         const auto stop = sweep([&] { return StopFd::make(source.get_token()); });
         if (!stop) return;
         source.request_stop();
         pollfd entry{stop->fd().get(), POLLIN, 0};
         sweep.check(::poll(&entry, 1, 0) == 1, "not readable");
       }},
      {"ownedfd: StopFd, request_stop",
       [](Sweep& sweep) {
         std::stop_source source;
         const StopFd stop = must(StopFd::make(source.get_token()));
         sweep([&] { source.request_stop(); });
       }},
  };
}

}  // namespace sysfd_test
