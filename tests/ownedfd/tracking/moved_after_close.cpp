// SPDX-License-Identifier: MIT
//
// Moves an owner that was destroyed, and so would close its number twice; or with an argument,
// releases it.
#include "ownedfd/tracking/place.hpp"

namespace {
sysfd_test::Room room;
}

PLACE void first_place() {
  std::destroy_at(&room.owner);
}

PLACE void second_place(bool moves) {
  if (moves) {
    const sysfd::OwnedFd again = std::move(room.owner);
    std::puts(again.get() < 0 ? "closed" : "open");
  } else {
    std::printf("released %d\n", std::move(room.owner).release());
  }
}

int main(int count, char**) {
  std::construct_at(&room.owner, sysfd_test::some_event());
  first_place();
  second_place(count == 1);
}
