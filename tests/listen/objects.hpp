// SPDX-License-Identifier: MIT
//
// One of each kind of what may be open, with the types that it is of.
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
  std::set<std::string_view> types;  // by the names there
};
// Files of theirs are made in the directory. Without those that this kernel does not have.
std::vector<Object> all_objects(const std::filesystem::path& directory);

// A socket, bound to an address of AF_UNIX, as it stands in sun_path: a path, without a NUL behind
// it, or an abstract name, with the NUL before it.
OwnedFd unix_socket(int type, std::string_view address);
// Bound to the loopback address of this family, and a free port. Nothing where there is no such
// family.
std::optional<OwnedFd> loopback_socket(int family, int type);
OwnedFd listening(OwnedFd socket);
// One that is connected to it.
OwnedFd connected(int family, int type, BorrowedFd listener);
std::uint16_t port_of(BorrowedFd socket);

// Without a name. Nothing where there are none.
std::optional<OwnedFd> message_queue(const std::string& name);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_LISTEN_OBJECTS_HPP
