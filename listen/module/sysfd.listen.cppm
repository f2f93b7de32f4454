// SPDX-License-Identifier: MIT
//
// `import sysfd.listen;` in the place of its headers. scripts/module_exports writes this.
module;
#include <sysfd/fd_type.hpp>
#include <sysfd/listen_error.hpp>
#include <sysfd/listen_fds.hpp>
#include <sysfd/notify.hpp>

export module sysfd.listen;
export import sysfd.ownedfd;
export import sysfd.pidfd;

export namespace sysfd {
using sysfd::FdType;
using sysfd::ListenError;
using sysfd::ListenErrorKind;
using sysfd::ListenFds;
using sysfd::ListenOptions;
using sysfd::Notification;
using sysfd::Notifier;
using sysfd::NotifierOptions;
using sysfd::NotifyResult;
using sysfd::is_datagram;
using sysfd::is_fifo;
using sysfd::is_listening_stream;
using sysfd::is_message_queue;
using sysfd::is_socket;
using sysfd::is_special_file;
using sysfd::notify;
using sysfd::notify_barrier;
using sysfd::watchdog_interval;
}  // namespace sysfd
