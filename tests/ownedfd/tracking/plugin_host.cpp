// SPDX-License-Identifier: MIT
//
// Passes an owner to a plugin, which has a copy of ownedfd like this program, and back. Then the
// plugin makes a second owner of the number.
#include <dlfcn.h>

#include "ownedfd/tracking/place.hpp"

namespace {

template <class Function>
Function* find(void* plugin, const char* name) {
  void* const found = ::dlsym(plugin, name);
  REQUIRE(found);
  return reinterpret_cast<Function*>(found);
}

}  // namespace

PLACE int first_place(int number) {
  static sysfd::OwnedFd first = sysfd::OwnedFd::adopt(number);
  void* const plugin = ::dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (!plugin) std::fprintf(stderr, "%s\n", ::dlerror());
  REQUIRE(plugin);
  const void* const owner = find<const void*(sysfd::OwnedFd&)>(plugin, "keep_owner")(first);
  REQUIRE(owner && owner == sysfd::detail::owner_of(number));
  find<void(sysfd::OwnedFd&)>(plugin, "give_back")(first);
  REQUIRE(sysfd::detail::owner_of(number) == &first);
  find<void(int)>(plugin, "second_place")(number);
  return first.get();
}

int main() {
  return first_place(sysfd_test::some_event().release());
}
