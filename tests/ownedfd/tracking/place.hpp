// SPDX-License-Identifier: MIT
//
// For the programs that tracking_test.cpp runs. Each has one mistake, or none. They are linked to
// ownedfd with SYSFD_TRACK_OWNERSHIP, so they use nothing of tests/support, which is not.
#ifndef SYSFD_TESTS_OWNEDFD_TRACKING_PLACE_HPP
#define SYSFD_TESTS_OWNEDFD_TRACKING_PLACE_HPP

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include <sysfd/create.hpp>

// Before a function whose name the message of a mistake has.
#define PLACE extern "C" [[gnu::noinline, gnu::visibility("default")]]

// Ends the program with status 1 if the expression is false.
#define REQUIRE(expression)                                                           \
  do {                                                                                \
    if (!(expression)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #expression); \
      std::_Exit(1);                                                                  \
    }                                                                                 \
  } while (false)

namespace sysfd_test {

inline sysfd::OwnedFd some_event() {
  return sysfd::event_fd().or_throw("eventfd");
}

// Room for an owner that the program makes and destroys itself, and so can destroy twice.
union Room {
  Room() noexcept {}
  ~Room() {}
  sysfd::OwnedFd owner;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_OWNEDFD_TRACKING_PLACE_HPP
