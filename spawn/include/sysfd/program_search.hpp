// SPDX-License-Identifier: MIT
//
// The parameter of Command::search().
#ifndef SYSFD_PROGRAM_SEARCH_HPP
#define SYSFD_PROGRAM_SEARCH_HPP
#include <sysfd/detail/cxx23.hpp>

namespace sysfd {
inline namespace v0 {

// Where to look for a program whose name has no slash. The working directory is not searched, nor
// any other relative directory of a PATH.
enum class ProgramSearch {
  child_path,   // in the PATH of the child's environment; in /bin and /usr/bin if it has none
  caller_path,  // in the caller's PATH at the time of the start; the same if it has none
  nowhere,      // a name without a slash is not found: ENOENT
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_PROGRAM_SEARCH_HPP
