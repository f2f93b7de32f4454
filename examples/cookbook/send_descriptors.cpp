// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <array>
#include <iostream>
#include <span>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/fd_type.hpp>

#include "recipe.hpp"

using namespace std::string_view_literals;

int main() {
  auto ends = sysfd::socket_pair(SOCK_SEQPACKET);  // to another process
  if (!ends) return fail(ends.error());
  auto pipe = sysfd::pipe();
  if (!pipe) return fail(pipe.error());

  const sysfd::BorrowedFd fds[] = {pipe->write};
  auto sent = sysfd::send_fds(ends->first, fds, std::as_bytes(std::span("log"sv)));
  if (!sent) return fail(sent.error());

  // The receiver trusts nobody: neither the number of descriptors nor what they are.
  std::array<std::byte, 64> payload{};
  auto message = sysfd::receive_fds(ends->second, payload, {.max_fds = 1});
  if (!message) return fail(message.error());
  if (message->fds_error) return fail(message->fds_error);
  if (message->fds.size() != 1) return fail("no descriptor has come");
  auto matches = sysfd::is_fifo(message->fds.front());
  if (!matches.has_value()) return fail(matches.error());
  if (!*matches) return fail("it is no pipe");

  if (::write(message->fds.front().get(), "hello", 5) != 5) return fail("cannot write");
  char text[6] = {};
  if (::read(pipe->read.get(), text, 5) != 5) return fail("cannot read");
  std::cout << text << '\n';
  return "hello"sv == text ? 0 : 1;
}
