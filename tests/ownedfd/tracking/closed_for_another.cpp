// SPDX-License-Identifier: MIT
//
// Closes a number that another owner has got meanwhile: it destroys an owner twice.
#include <optional>

#include "ownedfd/tracking/place.hpp"

namespace {
sysfd_test::Room room;
std::optional<sysfd::OwnedFd> other;
}  // namespace

PLACE void first_place(int number) {
  sysfd::OwnedFd file = sysfd::OwnedFd::adopt(number);
  other = std::move(file);
}

PLACE void second_place() {
  std::destroy_at(&room.owner);
}

int main() {
  std::construct_at(&room.owner, sysfd_test::some_event());
  const int number = room.owner.get();
  std::destroy_at(&room.owner);
  first_place(sysfd_test::some_event().release());
  REQUIRE(other->get() == number);
  second_place();
}
