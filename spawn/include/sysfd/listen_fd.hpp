// SPDX-License-Identifier: MIT
//
// What Command::listen_fds() takes: descriptors with names, or all that the caller was given by a
// service manager (sysfd::ListenFds of <sysfd/listen_fds.hpp>).
#ifndef SYSFD_LISTEN_FD_HPP
#define SYSFD_LISTEN_FD_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <cstddef>

#include <sysfd/owned_fd.hpp>
#include <sysfd/text.hpp>

namespace sysfd {
inline namespace v0 {

// A descriptor for Command::listen_fds().
struct ListenFd {
  Text name;
  BorrowedFd fd;
};

namespace detail {

// The descriptors that the caller was given by a service manager: sysfd::ListenFds. has() is false
// for one that was taken out.
template <class T>
concept GivenFds = requires(T& fds, std::size_t index) {
  { fds.size() } -> std::same_as<std::size_t>;
  { fds.has(index) } -> std::same_as<bool>;
  { Text(fds.name(index)) };
  { fds.get(index) } -> std::same_as<BorrowedFd>;
  { fds.take(index) } -> std::same_as<OwnedFd>;
};

}  // namespace detail

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_LISTEN_FD_HPP
