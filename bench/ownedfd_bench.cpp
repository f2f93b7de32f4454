// SPDX-License-Identifier: MIT
//
// Every operation of ownedfd that calls the kernel, beside the raw calls. What makes a descriptor
// closes it too.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sysfd/create.hpp>
#include <sysfd/owned_fd.hpp>

#include "support/pair.hpp"

using sysfd_bench::add_pair;

int main(int argc, char** argv) {
  const auto file = *sysfd::memfd("bench");
  auto slot = *sysfd::memfd("slot");
  const int number = file.get();
  const int slot_number = slot.get();

  add_pair(
      "open", [] { return ::close(::open("/dev/null", O_RDONLY | O_CLOEXEC)); },
      [] { return sysfd::open(sysfd::cwd(), "/dev/null", O_RDONLY); });
  add_pair(
      "pipe",
      [] {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
        ::close(ends[1]);
        return ::close(ends[0]);
      },
      [] { return sysfd::pipe(); });
  add_pair(
      "socket_pair",
      [] {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
        ::close(ends[1]);
        return ::close(ends[0]);
      },
      [] { return sysfd::socket_pair(SOCK_STREAM); });
  add_pair(
      "memfd", [] { return ::close(::memfd_create("bench", MFD_CLOEXEC)); },
      [] { return sysfd::memfd("bench"); });
  add_pair(
      "event_fd", [] { return ::close(::eventfd(0, EFD_CLOEXEC)); },
      [] { return sysfd::event_fd(); });
  add_pair(
      "duplicate", [=] { return ::close(::fcntl(number, F_DUPFD_CLOEXEC, 3)); },
      [&] { return file.duplicate(); });
  add_pair(
      "duplicate, close()", [=] { return ::close(::fcntl(number, F_DUPFD_CLOEXEC, 3)); },
      [&] { return std::move(*file.duplicate()).close(); });
  add_pair(
      "replace", [=] { return ::dup3(number, slot_number, O_CLOEXEC); },
      [&] { return sysfd::replace(slot, file); });
  add_pair(
      "adopt_open",
      [=] {
        const int copy = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
        const int flags = ::fcntl(copy, F_GETFD);
        ::close(copy);
        return flags;
      },
      [=] { return sysfd::OwnedFd::adopt_open(::fcntl(number, F_DUPFD_CLOEXEC, 3)); });
  add_pair(
      "set_nonblocking, there and back",
      [=] {
        const int flags = ::fcntl(number, F_GETFL);
        ::fcntl(number, F_SETFL, flags | O_NONBLOCK);
        return ::fcntl(number, F_SETFL, ::fcntl(number, F_GETFL) & ~O_NONBLOCK);
      },
      [&] {
        (void)sysfd::set_nonblocking(file, true);
        return sysfd::set_nonblocking(file, false);
      });
  add_pair(
      "is_close_on_exec", [=] { return ::fcntl(number, F_GETFD); },
      [&] { return sysfd::is_close_on_exec(file); });
  return sysfd_bench::run_pairs(argc, argv);
}
