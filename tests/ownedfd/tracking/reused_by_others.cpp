// SPDX-License-Identifier: MIT
//
// Closes a number behind its owner's back, and the kernel gives it out again.
#include <unistd.h>

#include "ownedfd/tracking/place.hpp"

PLACE int first_place(int number) {
  static const sysfd::OwnedFd first = sysfd::OwnedFd::adopt(number);
  return first.get();
}

PLACE void second_place() {
  const auto second = sysfd::event_fd();
  std::puts(second ? "made" : "not made");
}

int main() {
  ::close(first_place(sysfd_test::some_event().release()));
  second_place();
}
