// SPDX-License-Identifier: MIT
//
// Closes a number that was released: it destroys a copy that memcpy(3) made. With an argument,
// closes a number that was forgotten.
#include <cstring>

#include <sysfd/forget_owners.hpp>

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

int main(int count, char**) {
  std::construct_at(&room.owner, sysfd_test::some_event());
  if (count > 1) {
    sysfd::forget_owners();
    second_place();
  }
  sysfd_test::Room copy;
  std::memcpy(static_cast<void*>(&copy), &room, sizeof room);
  first_place(room.owner);
  std::memcpy(static_cast<void*>(&room), &copy, sizeof room);
  second_place();
}
