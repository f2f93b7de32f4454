// SPDX-License-Identifier: MIT
//
// ListenError: why ListenFds has no descriptors, or not the requested one.
//
//     sysfd::ListenError error{sysfd::ListenErrorKind::malformed, "LISTEN_FDS=\"-1\"",
//                              "must be a positive number"};
//     return fail(error.describe());  // LISTEN_FDS="-1": must be a positive number
#ifndef SYSFD_LISTEN_ERROR_HPP
#define SYSFD_LISTEN_ERROR_HPP
#include <sysfd/detail/cxx23.hpp>

#include <string>
#include <system_error>

#include <sysfd/attributes.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// The values are fixed, and may be stored and sent. New ones are appended.
enum class ListenErrorKind {
  // From ListenFds::take().
  not_activated = 0,  // LISTEN_PID or LISTEN_FDS is not set: there are no descriptors
  other_process = 1,  // LISTEN_PID or LISTEN_PIDFDID names a different process
  malformed = 2,      // a variable has an invalid value, or one of the descriptors is not open
  already_taken = 3,  // this process has already taken them, or has itself opened one of them
  unavailable = 4,    // the check against a second take() by a forked copy failed: see `code`
  // From the other members of ListenFds.
  not_found = 5,   // no descriptor with this name is left
  ambiguous = 6,   // several descriptors have this name
  wrong_type = 7,  // the descriptor is not of the requested FdType; it stays in the ListenFds
};

struct ListenError {
  ListenErrorKind kind;
  std::string subject;     // the variable with its value, or the descriptor; may be empty
  std::string problem;     // what is wrong with it
  std::error_code code{};  // the errno value, if a system call failed

  // Describes the error in one sentence.
  //
  // Allocates: the text.
  SYSFD_API std::string describe() const;

  // Returns `code` if a system call failed, else one for the kind: ENODATA (not_activated), ESRCH
  // (other_process), EINVAL (malformed, wrong_type), EALREADY (already_taken), ENOENT (not_found),
  // ENOTUNIQ (ambiguous). With it, a function that returns a Result<T> can return the error of a
  // ListenFds: `return std::unexpected(fds.error())`.
  SYSFD_API operator std::error_code() const noexcept;
};

}  // namespace v0
}  // namespace sysfd

// std::expected::value() throws this; what() returns describe().
template <>
class std::bad_expected_access<sysfd::ListenError>
    : public sysfd::detail::DescribedAccess<sysfd::ListenError> {
 public:
  using DescribedAccess::DescribedAccess;
};

#endif  // SYSFD_LISTEN_ERROR_HPP
