// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <iostream>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/listen_fds.hpp>

#include "recipe.hpp"

namespace {

// What a service does at the start of main(), before it has threads.
int serve(sysfd::ListenFds given) {
  auto connection = given.take_one("connection", sysfd::FdType::stream());
  if (!connection) return fail(connection.error());
  return ::write(connection->get(), "hello", 5) == 5 ? 0 : 1;
}

}  // namespace

int main() {
  auto given = sysfd::ListenFds::take();
  if (given) return serve(*std::move(given));
  // Started by hand: a service would bind its socket itself here.
  if (given.error().kind != sysfd::ListenErrorKind::not_activated) return fail(given.error());

  // This program is its own service manager.
  auto ends = sysfd::socket_pair(SOCK_STREAM);
  if (!ends) return fail(ends.error());
  auto service = sysfd::Command("/proc/self/exe").listen_fds("connection", ends->second).status();
  if (!service) return fail(service.error());
  if (!service->success()) return fail(*service);
  char text[6] = {};
  if (::read(ends->first.get(), text, 5) != 5) return fail("nothing was written");
  std::cout << text << '\n';
  return 0;
}
