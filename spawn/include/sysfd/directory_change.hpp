// SPDX-License-Identifier: MIT
//
// The second parameter of Command::working_directory().
#ifndef SYSFD_DIRECTORY_CHANGE_HPP
#define SYSFD_DIRECTORY_CHANGE_HPP
#include <sysfd/detail/cxx23.hpp>

namespace sysfd {
inline namespace v0 {

// When the child changes to its working directory: before it changes its identity, with the
// caller's rights, or after that, with its own.
enum class DirectoryChange { before_identity, after_identity };

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DIRECTORY_CHANGE_HPP
