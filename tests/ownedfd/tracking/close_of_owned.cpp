// SPDX-License-Identifier: MIT
//
// Closes a number that has an owner, by the call that the argument names. It is linked to
// sysfd::track_close.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "ownedfd/tracking/place.hpp"

PLACE int first_place(const char* path) {
  static const sysfd::OwnedFd file = sysfd::OwnedFd::adopt(::open(path, O_RDONLY | O_CLOEXEC));
  return file.get();
}

PLACE void second_place(std::string_view call, int number) {
  if (call == "close") ::close(number);
  if (call == "dup2") ::dup2(STDERR_FILENO, number);
  if (call == "dup3") ::dup3(STDERR_FILENO, number, O_CLOEXEC);
  if (call == "close_range") ::close_range(static_cast<unsigned>(number), ~0U, 0);
  if (call == "closefrom") ::closefrom(number);
  if (call == "fclose") std::fclose(::fdopen(number, "r"));
  if (call == "closedir") ::closedir(::fdopendir(number));
  std::puts("closed");
}

int main(int, char** arguments) {
  second_place(arguments[1], first_place("/"));
}
