// SPDX-License-Identifier: MIT
//
// Makers of descriptors, and what is done with them.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include <sysfd/create.hpp>

#include "counts/operation.hpp"

namespace sysfd_bench {
namespace {

using sysfd::OwnedFd;

struct RawPair {
  RawFd first, second;
};

RawFd open_null() {
  return RawFd(::openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC));
}

void add_makers(Operations& operations) {
  operations.push_back(compare("ownedfd: open", open_null,
                               [] { return sysfd::open(sysfd::cwd(), "/dev/null", O_RDONLY); }));
  operations.push_back(compare(
      "ownedfd: pipe",
      [] {
        int ends[2];
        checked(::pipe2(ends, O_CLOEXEC));
        return RawPair{RawFd(ends[0]), RawFd(ends[1])};
      },
      [] { return sysfd::pipe(); }));
  operations.push_back(compare(
      "ownedfd: socket_pair",
      [] {
        int ends[2];
        checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
        return RawPair{RawFd(ends[0]), RawFd(ends[1])};
      },
      [] { return sysfd::socket_pair(SOCK_STREAM); }));
  operations.push_back(compare(
      "ownedfd: memfd", [] { return RawFd(::memfd_create("counts", MFD_CLOEXEC)); },
      [] { return sysfd::memfd("counts"); }));
  operations.push_back(compare(
      "ownedfd: event_fd", [] { return RawFd(::eventfd(0, EFD_CLOEXEC)); },
      [] { return sysfd::event_fd(); }));
  operations.push_back(compare(
      "ownedfd: from_syscall", [] { return RawFd(::eventfd(0, EFD_CLOEXEC)); },
      [] { return OwnedFd::from_syscall(::eventfd(0, EFD_CLOEXEC)); }));
}

void add_uses(Operations& operations) {
  static const OwnedFd null =
      require(sysfd::open(sysfd::cwd(), "/dev/null", O_RDONLY), "/dev/null");
  static const OwnedFd blocking = require(sysfd::event_fd(), "eventfd");
  static const int raw = null.get();
  static const int raw_blocking = blocking.get();

  operations.push_back(compare(
      "ownedfd: duplicate", [] { return RawFd(::fcntl(raw, F_DUPFD_CLOEXEC, 3)); },
      [] { return null.duplicate(); }));
  operations.push_back(compare(
      "ownedfd: is_close_on_exec",
      [] { return (checked(::fcntl(raw, F_GETFD)) & FD_CLOEXEC) != 0; },
      [] { return sysfd::is_close_on_exec(null); }));
  const auto set_raw = [](int wanted) {
    return [wanted] {
      const auto flags = static_cast<int>(checked(::fcntl(raw_blocking, F_GETFL)));
      const int changed = (flags & ~O_NONBLOCK) | wanted;
      if (changed != flags) checked(::fcntl(raw_blocking, F_SETFL, changed));
    };
  };
  const Around block_again{.after = [] { ::fcntl(raw_blocking, F_SETFL, 0); }};
  operations.push_back(compare(
      "ownedfd: set_nonblocking", set_raw(O_NONBLOCK),
      [] { return sysfd::set_nonblocking(blocking, true); }, block_again));
  operations.push_back(compare("ownedfd: set_nonblocking, as it is", set_raw(0),
                               [] { return sysfd::set_nonblocking(blocking, false); }));
}

void add_owners(Operations& operations) {
  static int number = -1;
  static std::optional<OwnedFd> owner;
  static const OwnedFd other = require(sysfd::event_fd(), "eventfd");
  static const int raw_other = other.get();
  const auto open_number = [] {
    number = ::openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
    checked(number);
  };
  const auto open_owner = [open_number] {
    open_number();
    owner = OwnedFd::adopt(number);
  };
  const auto close_number = [] { ::close(number); };
  const auto close_owner = [] { owner.reset(); };
  const auto close_raw = [] { return checked(::close(number)); };

  operations.push_back({"ownedfd: close", task(close_raw, {.before = open_number}),
                        task([] { return std::move(*owner).close(); },
                             {.before = open_owner, .after = close_owner})});
  operations.push_back({"ownedfd: destructor", task(close_raw, {.before = open_number}),
                        task(close_owner, {.before = open_owner})});
  operations.push_back({"ownedfd: adopt_open",
                        task([] { checked(::fcntl(number, F_GETFD)); },
                             {.before = open_number, .after = close_number}),
                        task([] { return OwnedFd::adopt_open(number); }, {.before = open_number})});
  operations.push_back({"ownedfd: replace",
                        task([] { checked(::dup3(raw_other, number, O_CLOEXEC)); },
                             {.before = open_number, .after = close_number}),
                        task([] { return sysfd::replace(*owner, other); },
                             {.before = open_owner, .after = close_owner})});
}

}  // namespace

void add_ownedfd(Operations& operations) {
  add_makers(operations);
  add_uses(operations);
  add_owners(operations);
}

}  // namespace sysfd_bench
