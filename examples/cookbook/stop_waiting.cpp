// SPDX-License-Identifier: MIT
#include <chrono>
#include <iostream>
#include <stop_token>
#include <system_error>
#include <thread>

#include <sysfd/command.hpp>
#include <sysfd/stop_fd.hpp>

#include "recipe.hpp"

using namespace std::chrono_literals;

int main() {
  std::stop_source source;
  auto stop = sysfd::StopFd::make(source.get_token());
  if (!stop) return fail(stop.error());

  auto child = sysfd::Command("sleep").arg("1000").spawn();
  if (!child) return fail(child.error());

  std::jthread user([&] { source.request_stop(); });  // somebody changes their mind
  auto status = child->wait_for(sysfd::Timeout(1h).canceled_by(*stop));
  if (status) return fail("it has ended");
  std::cout << status.error().message() << '\n';
  return status.error() == std::errc::operation_canceled ? 0 : 1;  // ~Child ends the sleep
}
