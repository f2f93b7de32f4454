// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <iostream>

#include <sysfd/landlock.hpp>
#include <sysfd/owned_fd.hpp>

#include "recipe.hpp"

namespace {

// Connects to a port of this machine. Returns the errno value, or 0.
int connect_to(std::uint16_t port) {
  auto socket = sysfd::OwnedFd::from_syscall(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return socket.error().value();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int answer =
      ::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return answer == 0 ? 0 : errno;
}

}  // namespace

int main() {
  auto ruleset = sysfd::Ruleset::create({.ports = sysfd::PortRight::connect_tcp});
  if (!ruleset) return not_possible_here(ruleset.error());  // Linux 6.7
  if (auto ok = ruleset->allow_port(1, sysfd::PortRight::connect_tcp); !ok) return fail(ok.error());
  if (auto ok = ruleset->restrict_self(); !ok) return fail(ok.error());

  // Nobody listens at either port: the one is refused by TCP, the other one by Landlock.
  const int allowed = connect_to(1);
  const int denied = connect_to(2);
  std::cout << "port 1: " << (allowed == EACCES ? "denied" : "not denied")
            << ", port 2: " << (denied == EACCES ? "denied" : "not denied") << '\n';
  return allowed != EACCES && denied == EACCES ? 0 : 1;
}
