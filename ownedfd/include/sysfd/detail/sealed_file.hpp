// SPDX-License-Identifier: MIT
//
// Files in memory that are sealed. Not for users: see sealed_memory.hpp.
#ifndef SYSFD_DETAIL_SEALED_FILE_HPP
#define SYSFD_DETAIL_SEALED_FILE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstddef>
#include <span>

#include <sysfd/attributes.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Whether the file can be executed. Kernels before Linux 6.3 do not know the difference, and a
// filter may not know the flag: there it can.
enum class MemoryFile : unsigned {
  data = 0x08,     // MFD_NOEXEC_SEAL
  program = 0x10,  // MFD_EXEC: also where vm.memfd_noexec is 1
};

// memfd_create(2) of a file that can be sealed.
SYSFD_API Result<OwnedFd> make_memory_file(CStr name, MemoryFile kind) noexcept;

// The same, with this content, which nobody can change.
SYSFD_API Result<OwnedFd> make_sealed_file(CStr name, MemoryFile kind,
                                           std::span<const std::byte> content) noexcept;

// Returns the file with these seals (F_SEAL_...) added.
SYSFD_API Result<OwnedFd> add_seals(OwnedFd file, int seals) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_SEALED_FILE_HPP
