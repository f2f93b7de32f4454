// SPDX-License-Identifier: MIT
//
// Is loaded by plugin_host.cpp, and has a copy of ownedfd in it.
#include "ownedfd/tracking/place.hpp"

namespace {
sysfd_test::Room room;
}

PLACE const void* keep_owner(sysfd::OwnedFd& given) {
  std::construct_at(&room.owner, std::move(given));
  return sysfd::detail::owner_of(room.owner.get());
}

PLACE void give_back(sysfd::OwnedFd& taken) {
  taken = std::move(room.owner);
  std::destroy_at(&room.owner);
}

PLACE void second_place(int number) {
  const sysfd::OwnedFd second = sysfd::OwnedFd::adopt(number);
  std::printf("%d\n", second.get());
}
