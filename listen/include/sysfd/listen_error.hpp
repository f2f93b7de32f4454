// SPDX-License-Identifier: MIT
//
// Why there are no descriptors from a service manager, or not the one that was asked for.
//
//     if (!fds) std::cerr << fds.error().describe() << '\n';
//     // LISTEN_FDS="-1": not the number of one descriptor or more
#ifndef SYSFD_LISTEN_ERROR_HPP
#define SYSFD_LISTEN_ERROR_HPP
#include <sysfd/detail/cxx23.hpp>

#include <string>
#include <system_error>

#include <sysfd/attributes.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// The values are fixed: they may be stored and sent. New ones are appended.
enum class ListenErrorKind {
  // From ListenFds::take().
  not_activated = 0,  // nobody has said that there are descriptors: no LISTEN_PID, or no LISTEN_FDS
  other_process = 1,  // they are meant for the process that LISTEN_PID or LISTEN_PIDFDID names
  malformed = 2,      // a variable is not what it must be, or one of the descriptors is not open
  already_taken = 3,  // this process has taken them before, or has opened one of them itself
  unavailable = 4,    // this process cannot be told from its forked copies: see `code`
  // From the rest.
  not_found = 5,   // no descriptor that is still here has that name
  ambiguous = 6,   // more than one has
  wrong_type = 7,  // it is not what it must be, and stays where it was
};

struct ListenError {
  ListenErrorKind kind;
  std::string subject;     // the variable with its value, or the descriptor; may be empty
  std::string problem;     // what is wrong with it
  std::error_code code{};  // where a system call has said it: an errno value

  // One sentence for people. Allocates.
  SYSFD_API std::string describe() const;

  // `code`, or where no system call failed, one for the kind: ENODATA not activated; ESRCH for
  // another process; EINVAL malformed, or of a wrong type; EALREADY already taken; ENOENT not found;
  // ENOTUNIQ ambiguous. A function that returns a Result<T> can return std::unexpected(this).
  SYSFD_API operator std::error_code() const noexcept;
};

}  // namespace v0
}  // namespace sysfd

// What std::expected::value() throws: what() is describe().
template <>
class std::bad_expected_access<sysfd::ListenError>
    : public sysfd::detail::DescribedAccess<sysfd::ListenError> {
 public:
  using DescribedAccess::DescribedAccess;
};

#endif  // SYSFD_LISTEN_ERROR_HPP
