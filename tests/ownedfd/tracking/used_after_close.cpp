// SPDX-License-Identifier: MIT
//
// Closes a number behind its owner's back, and then uses its owner.
#include <unistd.h>

#include "ownedfd/tracking/place.hpp"

namespace {
sysfd_test::Room room;
}

PLACE void first_place(int number) {
  std::construct_at(&room.owner, sysfd::OwnedFd::adopt(number));
}

PLACE void second_place() {
  const auto copy = room.owner.duplicate();
  std::puts(copy ? "duplicated" : "not duplicated");
}

int main() {
  first_place(sysfd_test::some_event().release());
  ::close(room.owner.get());
  second_place();
}
