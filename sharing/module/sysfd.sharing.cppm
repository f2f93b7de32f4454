// SPDX-License-Identifier: MIT
//
// `import sysfd.sharing;` in the place of its headers. scripts/module_exports writes this.
module;
#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/flock_lock.hpp>
#include <sysfd/lock_mode.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

export module sysfd.sharing;
export import sysfd.ownedfd;

export namespace sysfd {
using sysfd::DescriptionLock;
using sysfd::FlockLock;
using sysfd::LentFd;
using sysfd::LockMode;
using sysfd::LockRange;
using sysfd::PeerCredentials;
using sysfd::PositionedFile;
using sysfd::ReadOptions;
using sysfd::ReceiveOptions;
using sysfd::ReceivedMessage;
using sysfd::SealError;
using sysfd::SealedMemory;
using sysfd::SeekFrom;
using sysfd::SharedMemory;
using sysfd::SyncOptions;
using sysfd::UniqueDescription;
using sysfd::fixed_memfd;
using sysfd::make_error_code;
using sysfd::max_fds_in_message;
using sysfd::pass_credentials;
using sysfd::pass_fds;
using sysfd::pass_pidfd;
using sysfd::receive_fds;
using sysfd::reopen;
using sysfd::same_description;
using sysfd::sealed_memfd;
using sysfd::send_fds;
}  // namespace sysfd

// An importer finds these specializations only if something here names them.
namespace sysfd::detail {
using is_error_code_enum_of_SealError = std::is_error_code_enum<sysfd::SealError>;
}  // namespace sysfd::detail
