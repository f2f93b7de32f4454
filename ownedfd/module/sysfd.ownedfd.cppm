// SPDX-License-Identifier: MIT
//
// `import sysfd.ownedfd;` in the place of its headers. scripts/module_exports writes this.
module;
#include <sysfd/attributes.hpp>
#include <sysfd/create.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/forget_owners.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/stop_fd.hpp>
#include <sysfd/text.hpp>
#include <sysfd/timeout.hpp>
#include <sysfd/version.hpp>

export module sysfd.ownedfd;

export namespace sysfd {
using sysfd::BorrowedFd;
using sysfd::CStr;
using sysfd::OwnedFd;
using sysfd::Pipe;
using sysfd::Resolve;
using sysfd::Result;
using sysfd::SocketPair;
using sysfd::StopFd;
using sysfd::Text;
using sysfd::Timeout;
using sysfd::close;
using sysfd::cwd;
using sysfd::dup;
using sysfd::event_fd;
using sysfd::forget_owners;
using sysfd::is_close_on_exec;
using sysfd::is_nonblocking;
using sysfd::memfd;
using sysfd::open;
using sysfd::open_missing_standard_streams;
using sysfd::operator<<;
using sysfd::operator|;
using sysfd::or_throw;
using sysfd::pipe;
using sysfd::replace;
using sysfd::set_close_on_exec;
using sysfd::set_nonblocking;
using sysfd::socket_pair;
}  // namespace sysfd
