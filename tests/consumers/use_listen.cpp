// SPDX-License-Identifier: MIT
// Asks for the passed descriptors and for the service manager, when there are none.
#include <cstdio>
#include <cstdlib>

#include <sysfd/listen_fds.hpp>
#include <sysfd/notify.hpp>

int main() {
  ::unsetenv("LISTEN_PID");
  ::unsetenv("NOTIFY_SOCKET");
  const auto fds = sysfd::ListenFds::take();
  if (fds || fds.error().kind != sysfd::ListenErrorKind::not_activated) return 1;
  if (sysfd::notify({.ready = true}) != sysfd::NotifyResult::no_manager) return 1;
  std::printf("listen works: %s, not %s\n", fds.error().describe().c_str(),
              sysfd::FdType::stream_listener().describe().c_str());
}
