// SPDX-License-Identifier: MIT
//
// Has a function that only the thread sanitizer has otherwise: its close(2), which the library has
// to call instead of the system call.
#include <unistd.h>

#include <cerrno>

#include "ownedfd/tracking/place.hpp"

namespace {
int calls = 0;
int next_error = 0;
}  // namespace

extern "C" int __close(int fd);  // NOLINT: glibc's close(2), by its other name

// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" [[gnu::visibility("default")]] int __interceptor_close(int fd) {
  ++calls;
  const int answer = __close(fd);
  errno = next_error != 0 ? next_error : ENOTNAM;
  return next_error != 0 ? -1 : answer;
}

int main() {
  errno = 0;
  {
    const sysfd::OwnedFd event = sysfd_test::some_event();
  }
  REQUIRE(calls == 1 && errno == 0);
  next_error = EIO;
  auto event = sysfd_test::some_event();
  const auto closed = std::move(event).close();
  REQUIRE(calls == 2 && errno == 0);
  REQUIRE(!closed && closed.error() == std::errc::io_error);
  next_error = 0;
  REQUIRE(::close(sysfd_test::some_event().release()) == 0);
  REQUIRE(calls == 3);  // by that of sysfd::track_close
}
