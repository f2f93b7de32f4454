// SPDX-License-Identifier: MIT
#ifndef SYSFD_EXAMPLES_SUPERVISE_LISTENER_HPP
#define SYSFD_EXAMPLES_SUPERVISE_LISTENER_HPP

#include <expected>
#include <string>
#include <string_view>

#include <sysfd/owned_fd.hpp>

namespace supervise {

struct Listener {
  std::string name;     // that the service finds it by
  std::string address;  // for people
  sysfd::OwnedFd fd;
};

// A listening stream socket for "[NAME=]ADDRESS". Addresses: a path, with a slash; @NAME in the abstract
// namespace; PORT, of this machine and all its addresses; 127.0.0.1:PORT, [::1]:PORT. A socket that
// nobody listens on any more is replaced where a path is in the way. The error is a sentence.
std::expected<Listener, std::string> listen_on(std::string_view text);

}  // namespace supervise

#endif  // SYSFD_EXAMPLES_SUPERVISE_LISTENER_HPP
