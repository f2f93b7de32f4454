// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <iostream>
#include <system_error>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "recipe.hpp"

int main() {
  auto web = sysfd::OwnedFd::from_syscall(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!web) return fail(web.error());
  sockaddr_in address{};  // port 0: any free one
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(web->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == -1 ||
      ::listen(web->get(), SOMAXCONN) == -1)
    return fail(std::error_code(errno, std::system_category()));
  auto control = sysfd::socket_pair(SOCK_SEQPACKET);
  if (!control) return fail(control.error());

  auto service = sysfd::Command::shell(
                     "[ $LISTEN_PID = $$ ] && echo $LISTEN_FDS $LISTEN_FDNAMES; "
                     "readlink /proc/self/fd/3 | cut -d: -f1")
                     .listen_fds({{"web", *web}, {"control", control->second}})
                     .output();
  if (!service) return fail(service.error());
  std::cout << service->out;
  return service->out == "2 web:control\nsocket\n" ? 0 : 1;
}
