// SPDX-License-Identifier: MIT
//
// Closes a number behind its owner's back, and then uses its owner: duplicates it, or with an
// argument, replaces another descriptor by it.
#include <unistd.h>

#include "ownedfd/tracking/place.hpp"

namespace {
sysfd_test::Room room;
}

PLACE void first_place(int number) {
  std::construct_at(&room.owner, sysfd::OwnedFd::adopt(number));
}

PLACE void second_place(bool duplicates, sysfd::OwnedFd& other) {
  if (duplicates)
    std::puts(room.owner.duplicate() ? "duplicated" : "not duplicated");
  else
    std::puts(sysfd::replace(other, room.owner) ? "replaced" : "not replaced");
}

int main(int count, char**) {
  sysfd::OwnedFd other = sysfd_test::some_event();
  first_place(sysfd_test::some_event().release());
  ::close(room.owner.get());
  second_place(count == 1, other);
}
