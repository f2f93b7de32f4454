// SPDX-License-Identifier: MIT
//
// Makes callable from Go what is not: the initial values of the header's structs, which are macros,
// and poll(2) of one descriptor.
#ifndef SYSFD_GO_HELPERS_H
#define SYSFD_GO_HELPERS_H

#include <poll.h>
#include <stdlib.h>

#include <sysfd/sysfd.h>

#define SYSFD_GO_INIT(type, value)       \
  static inline type type##_init(void) { \
    type initial = value;                \
    return initial;                      \
  }

SYSFD_GO_INIT(sysfd_timeout, SYSFD_TIMEOUT_INIT)
SYSFD_GO_INIT(sysfd_error, SYSFD_ERROR_INIT)
SYSFD_GO_INIT(sysfd_lock_range, SYSFD_LOCK_RANGE_INIT)
SYSFD_GO_INIT(sysfd_receive_options, SYSFD_RECEIVE_OPTIONS_INIT)
SYSFD_GO_INIT(sysfd_wait_event, SYSFD_WAIT_EVENT_INIT)
SYSFD_GO_INIT(sysfd_notification, SYSFD_NOTIFICATION_INIT)
SYSFD_GO_INIT(sysfd_spawn_error, SYSFD_SPAWN_ERROR_INIT)
SYSFD_GO_INIT(sysfd_identity, SYSFD_IDENTITY_INIT)
SYSFD_GO_INIT(sysfd_resources, SYSFD_RESOURCES_INIT)
SYSFD_GO_INIT(sysfd_session, SYSFD_SESSION_INIT)
SYSFD_GO_INIT(sysfd_signals, SYSFD_SIGNALS_INIT)
SYSFD_GO_INIT(sysfd_namespaces, SYSFD_NAMESPACES_INIT)

// poll(2): whether a descriptor is readable. Waits for that if `timeout` is -1.
static inline int is_readable(int fd, int timeout) {
  struct pollfd polled = {fd, POLLIN, 0};
  return poll(&polled, 1, timeout) > 0;
}

#endif  // SYSFD_GO_HELPERS_H
