// SPDX-License-Identifier: MIT
//
// Is the service manager's end of NOTIFY_SOCKET.
#ifndef SYSFD_TESTS_LISTEN_MANAGER_HPP
#define SYSFD_TESTS_LISTEN_MANAGER_HPP

#include <sys/socket.h>

#include <set>
#include <string>
#include <vector>

#include <sysfd/owned_fd.hpp>

#include "support/prelude.hpp"

#include "support/scratch_directory.hpp"

namespace sysfd_test {

struct Received {
  std::string text;
  std::vector<OwnedFd> fds;
  ucred sender{};

  std::set<std::string> lines() const;
};

class Manager {
 public:
  Manager();

  // Returns a path.
  std::string address() const { return directory_.path() / "notify"; }
  BorrowedFd socket() const { return socket_; }

  // Receives the next message. Waits for it, but with a limit.
  Received receive() const;
  bool has_message() const;

 private:
  ScratchDirectory directory_;
  OwnedFd socket_;
};

// Receives from any socket of the manager.
Received receive_from(BorrowedFd socket);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_LISTEN_MANAGER_HPP
