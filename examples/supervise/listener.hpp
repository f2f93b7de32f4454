// SPDX-License-Identifier: MIT
#ifndef SYSFD_EXAMPLES_SUPERVISE_LISTENER_HPP
#define SYSFD_EXAMPLES_SUPERVISE_LISTENER_HPP

#include <optional>
#include <string>
#include <string_view>

#include <sysfd/description_lock.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace supervise {

// Owns "PATH.lock" and the lock on it while this process listens on that path.
struct Place {
  sysfd::OwnedFd file;
  sysfd::DescriptionLock lock;
};

struct Listener {
  std::string name;     // the service finds it by this name
  std::string address;  // for messages
  sysfd::OwnedFd fd;
  std::optional<Place> place{};
};

// Makes a listening stream socket for "[NAME=]ADDRESS". Addresses: a path, with a slash; @NAME in
// the abstract namespace; PORT, on all addresses of this machine; 127.0.0.1:PORT, [::1]:PORT.
// Replaces the socket at a path if no process listens on it any more; the lock file next to it
// prevents that two processes do so at the same time. The error is a sentence.
sysfd::Result<Listener, std::string> listen_on(std::string_view text);

}  // namespace supervise

#endif  // SYSFD_EXAMPLES_SUPERVISE_LISTENER_HPP
