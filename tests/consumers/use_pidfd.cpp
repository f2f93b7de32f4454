// SPDX-License-Identifier: MIT
// Waits for a child through its pidfd.
#include <unistd.h>

#include <cstdio>

#include <sysfd/pidfd.hpp>

int main() {
  const pid_t child = ::fork();
  if (child < 0) return 1;
  if (child == 0) ::_exit(7);
  const auto process = sysfd::PidFd::open(child);
  if (!process) return 1;
  const auto status = process->wait();
  if (!status || status->code() != 7) return 1;
  std::printf("pidfd works: %s\n", to_string(*status).c_str());
}
