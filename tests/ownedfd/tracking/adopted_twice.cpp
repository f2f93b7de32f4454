// SPDX-License-Identifier: MIT
//
// Makes a second owner from the number of the first; with an argument, in a forked process.
#include <sys/wait.h>
#include <unistd.h>

#include "ownedfd/tracking/place.hpp"

PLACE int first_place(int number) {
  static const sysfd::OwnedFd first = sysfd::OwnedFd::adopt(number);
  return first.get();
}

PLACE void second_place(int number) {
  const sysfd::OwnedFd second = sysfd::OwnedFd::adopt(number);
  std::printf("%d\n", second.get());
}

int main(int count, char**) {
  const pid_t child = count > 1 ? ::fork() : 0;
  if (child == 0) second_place(first_place(sysfd_test::some_event().release()));
  int status = 0;
  REQUIRE(child > 0 && ::waitpid(child, &status, 0) == child && WIFSIGNALED(status));
  std::abort();  // as the child did
}
