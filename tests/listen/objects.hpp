// SPDX-License-Identifier: MIT
//
// Makes one object of each kind that may be open, with the types that match it.
#ifndef SYSFD_TESTS_LISTEN_OBJECTS_HPP
#define SYSFD_TESTS_LISTEN_OBJECTS_HPP

#include <sys/socket.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/fd_type.hpp>
#include <sysfd/owned_fd.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

struct NamedType {
  std::string_view name;
  FdType type;
};
std::span<const NamedType> all_types();

struct Object {
  std::string what;
  OwnedFd fd;
  std::set<std::string_view> types;  // by the names in all_types()
};
// Makes their files in the directory. Leaves out the kinds that this kernel does not have.
std::vector<Object> all_objects(const std::filesystem::path& directory);

// Makes a socket that is bound to an AF_UNIX address in the form of sun_path: a path without a NUL
// at the end, or an abstract name with the NUL at the start.
OwnedFd unix_socket(int type, std::string_view address);
// Makes a socket that is bound to the loopback address of this family and a free port. Returns
// nothing if there is no such family.
std::optional<OwnedFd> loopback_socket(int family, int type);
OwnedFd listening(OwnedFd socket);
// Makes a socket that is connected to the listener.
OwnedFd connected(int family, int type, BorrowedFd listener);
std::uint16_t port_of(BorrowedFd socket);

// Makes a queue and removes its name. Returns nothing if there are no queues.
std::optional<OwnedFd> message_queue(const std::string& name);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_LISTEN_OBJECTS_HPP
