// SPDX-License-Identifier: MIT
//
// Starts listen_receiver, and compares its report with what was passed to it.
#ifndef SYSFD_TESTS_LISTEN_RECEIVE_HPP
#define SYSFD_TESTS_LISTEN_RECEIVE_HPP

#include <sys/stat.h>

#include <string>
#include <string_view>

#include <sysfd/owned_fd.hpp>

#include "support/prelude.hpp"

#include "support/kernel_features.hpp"
#include "support/programs.hpp"

namespace sysfd_test {

inline std::string receiver_path() {
  return program_path("listen_receiver");
}

// Its first line if the activator has set its identity too.
inline std::string identified() {
  return kernel_has("inode numbers of pidfds") ? "identified\n" : "";
}

// Returns its line about one descriptor.
inline std::string line(int number, std::string_view name, BorrowedFd fd, std::string_view kind) {
  struct stat status{};
  (void)::fstat(fd.get(), &status);
  return std::to_string(number) + " \"" + std::string(name) + "\" " +
         std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino) + ' ' +
         std::string(kind) + '\n';
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_LISTEN_RECEIVE_HPP
