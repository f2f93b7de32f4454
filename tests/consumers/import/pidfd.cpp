// SPDX-License-Identifier: MIT
// One module, and what it depends on.
#include <cstdio>
#include <unordered_set>

import sysfd.pidfd;

int main() {
  const auto self = sysfd::PidFd::self();
  if (!self) return 1;
  const auto pid = self->pid();
  if (!pid || *pid <= 0) return 2;
  std::unordered_set<sysfd::ProcessId> known;  // the specialization of std::hash is visible
  if (const auto id = self->id(); id && !known.insert(*id).second) return 3;
  const sysfd::BorrowedFd fd = self->fd();  // of ownedfd
  if (fd.get() < 0) return 4;
  std::puts("import sysfd.pidfd works");
}
