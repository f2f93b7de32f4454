// SPDX-License-Identifier: MIT
#include <iostream>
#include <system_error>

#include <sysfd/create.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pidfd.hpp>

#include "recipe.hpp"

int main() {
  auto ends = sysfd::socket_pair(SOCK_STREAM);  // or a connection from accept(2)
  if (!ends) return fail(ends.error());

  auto peer = sysfd::PidFd::of_peer(ends->first);
  if (!peer && peer.error() == std::errc::operation_not_supported)
    return not_possible_here("this needs Linux 6.5");
  if (!peer) return fail(peer.error());
  auto info = peer->info();
  if (!info) return fail(info.error());
  if (info->pid) std::cout << "process " << *info->pid << '\n';
  if (info->credentials) std::cout << "of user " << info->credentials->effective_user << '\n';

  auto self = sysfd::PidFd::self();  // who has made this pair of sockets
  if (!self) return fail(self.error());
  return same_process(*peer, *self) == true ? 0 : 1;
}
