// SPDX-License-Identifier: MIT
//
// Closes a number twice: it destroys an owner twice.
#include "ownedfd/tracking/place.hpp"

namespace {
sysfd_test::Room room;
}

PLACE void first_place() {
  std::destroy_at(&room.owner);
}

PLACE void second_place() {
  std::destroy_at(&room.owner);
}

int main() {
  std::construct_at(&room.owner, sysfd_test::some_event());
  first_place();
  second_place();
}
