// SPDX-License-Identifier: MIT
//
// Closes a number behind its owner's back, and the owner closes it once more.
#include <unistd.h>

#include "ownedfd/tracking/place.hpp"

namespace {
sysfd_test::Room room;
}

PLACE void first_place(int number) {
  std::construct_at(&room.owner, sysfd::OwnedFd::adopt(number));
}

PLACE void second_place() {
  (void)std::move(room.owner).close();
  std::puts("closed");
}

int main() {
  first_place(sysfd_test::some_event().release());
  ::close(room.owner.get());
  second_place();
}
