// SPDX-License-Identifier: MIT
//
// `import sysfd.pidfd;` in the place of its headers. scripts/module_exports writes this.
module;
#include <sysfd/exit_status.hpp>
#include <sysfd/namespace_set.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/process_id.hpp>
#include <sysfd/process_info.hpp>
#include <sysfd/wait_event.hpp>

export module sysfd.pidfd;
export import sysfd.ownedfd;
export import sysfd.handle;

export namespace sysfd {
using sysfd::CoreDump;
using sysfd::Credentials;
using sysfd::ExitStatus;
using sysfd::ForeignFd;
using sysfd::Namespace;
using sysfd::NamespaceSet;
using sysfd::PidFd;
using sysfd::PidFdFlags;
using sysfd::ProcessId;
using sysfd::ProcessInfo;
using sysfd::SignalScope;
using sysfd::WaitEvent;
using sysfd::WaitOptions;
using sysfd::operator|;
using sysfd::same_process;
using sysfd::to_string;
using sysfd::wait_any;
}  // namespace sysfd

// An importer finds these specializations only if something here names them.
namespace sysfd::detail {
using hash_of_ProcessId = std::hash<sysfd::ProcessId>;
}  // namespace sysfd::detail
