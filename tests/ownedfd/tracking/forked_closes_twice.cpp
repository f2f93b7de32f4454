// SPDX-License-Identifier: MIT
//
// Closes a number twice in a forked process, whose table of owners is a copy.
#include <sys/wait.h>
#include <unistd.h>

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
  const pid_t child = ::fork();
  if (child == 0) {
    first_place();
    second_place();
    std::_Exit(0);
  }
  int status = 0;
  REQUIRE(child > 0 && ::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  first_place();  // the owner of this process has not closed it
  std::abort();   // as the child did
}
