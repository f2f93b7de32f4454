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

// "PATH.lock", and the lock on it, as long as this process is the one that listens on that path.
struct Place {
  sysfd::OwnedFd file;
  sysfd::DescriptionLock lock;
};

struct Listener {
  std::string name;     // that the service finds it by
  std::string address;  // for people
  sysfd::OwnedFd fd;
  std::optional<Place> place{};
};

// A listening stream socket for "[NAME=]ADDRESS". Addresses: a path, with a slash; @NAME in the
// abstract namespace; PORT, of this machine and all its addresses; 127.0.0.1:PORT, [::1]:PORT. A
// socket that nobody listens on any more is replaced where a path is in the way; a lock beside it
// keeps two from doing so at the same time. The error is a sentence.
sysfd::Result<Listener, std::string> listen_on(std::string_view text);

}  // namespace supervise

#endif  // SYSFD_EXAMPLES_SUPERVISE_LISTENER_HPP
