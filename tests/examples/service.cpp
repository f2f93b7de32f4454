// SPDX-License-Identifier: MIT
//
// A service for supervise: sends its process number, the name of the socket and the received
// signals to each client, then does what the client's line says: "exit CODE", "obstinate" (it
// ignores SIGTERM from then on), or nothing.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <sysfd/listen_fds.hpp>

namespace {

volatile sig_atomic_t reloads = 0;

void serve(const sysfd::OwnedFd& connection, std::string_view name) {
  const std::string greeting =
      std::to_string(::getpid()) + ' ' + std::string(name) + ' ' + std::to_string(reloads) + '\n';
  (void)::send(connection.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL);
  char line[64] = {};
  if (::read(connection.get(), line, sizeof line - 1) <= 0) return;
  const std::string order = line;
  if (order.starts_with("exit ")) ::_exit(std::atoi(line + 5));
  if (order.starts_with("obstinate")) ::signal(SIGTERM, SIG_IGN);
  (void)::send(connection.get(), "done\n", 5, MSG_NOSIGNAL);
}

}  // namespace

int main() {
  struct sigaction reload{};
  reload.sa_handler = [](int) { reloads = reloads + 1; };
  ::sigaction(SIGHUP, &reload, nullptr);
  auto fds = sysfd::ListenFds::take();
  if (!fds) return 3;
  std::vector<pollfd> entries;
  for (const auto& [index, name, fd] : *fds)
    entries.push_back({fd.get(), POLLIN, 0});
  for (;;) {
    if (::poll(entries.data(), entries.size(), -1) == -1) continue;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].revents == 0) continue;
      const int connection = ::accept4(entries[i].fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection >= 0) serve(sysfd::OwnedFd::adopt(connection), fds->name(i));
    }
  }
}
