// SPDX-License-Identifier: MIT
//
// What stands behind the opaque types of listen.
#ifndef SYSFD_CAPI_LISTEN_OBJECTS_HPP
#define SYSFD_CAPI_LISTEN_OBJECTS_HPP
#include "api.hpp"

#include <sysfd/fd_type.hpp>
#include <sysfd/listen_fds.hpp>
#include <sysfd/notify.hpp>

struct sysfd_fd_type {
  sysfd::FdType type;
};

struct sysfd_listen_fds {
  sysfd::ListenFds fds;
};

struct sysfd_notifier {
  sysfd::Notifier notifier;
};

#endif  // SYSFD_CAPI_LISTEN_OBJECTS_HPP
