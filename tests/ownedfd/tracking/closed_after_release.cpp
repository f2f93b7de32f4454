// SPDX-License-Identifier: MIT
//
// Closes a number that was released: it destroys a copy that memcpy(3) made.
#include <cstring>

#include "ownedfd/tracking/place.hpp"

namespace {
sysfd_test::Room room;
}

PLACE int first_place(sysfd::OwnedFd& file) {
  const int number = std::move(file).release();
  return number + 0 * std::rand();
}

PLACE void second_place() {
  std::destroy_at(&room.owner);
}

int main() {
  std::construct_at(&room.owner, sysfd_test::some_event());
  sysfd_test::Room copy;
  std::memcpy(static_cast<void*>(&copy), &room, sizeof room);
  first_place(room.owner);
  std::memcpy(static_cast<void*>(&room), &copy, sizeof room);
  second_place();
}
