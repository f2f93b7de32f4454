// SPDX-License-Identifier: MIT
//
// Moves an owner that was destroyed, and so would close its number twice.
#include "ownedfd/tracking/place.hpp"

namespace {
sysfd_test::Room room;
}

PLACE void first_place() {
  std::destroy_at(&room.owner);
}

PLACE void second_place() {
  const sysfd::OwnedFd again = std::move(room.owner);
  std::puts(again.get() < 0 ? "closed" : "open");
}

int main() {
  std::construct_at(&room.owner, sysfd_test::some_event());
  first_place();
  second_place();
}
