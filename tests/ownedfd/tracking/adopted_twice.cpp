// SPDX-License-Identifier: MIT
//
// Makes a second owner from the number of the first.
#include "ownedfd/tracking/place.hpp"

PLACE int first_place(int number) {
  static const sysfd::OwnedFd first = sysfd::OwnedFd::adopt(number);
  return first.get();
}

PLACE void second_place(int number) {
  const sysfd::OwnedFd second = sysfd::OwnedFd::adopt(number);
  std::printf("%d\n", second.get());
}

int main() {
  second_place(first_place(sysfd_test::some_event().release()));
}
