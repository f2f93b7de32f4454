// SPDX-License-Identifier: MIT
// The C interface, in a program in C++.
#include <cstdint>

#include <sysfd/sysfd.h>

int main() {
  sysfd_command* command = nullptr;
  std::int32_t status = -1;
  if (sysfd_version() != SYSFD_C_VERSION || sysfd_command_new("true", &command) != 0) return 1;
  const int error = sysfd_command_status(command, &status, nullptr);
  sysfd_command_free(command);
  return error == 0 && sysfd_exit_status_success(status) == 1 ? 0 : 1;
}
