// SPDX-License-Identifier: MIT
#include <sysfd/listen_error.hpp>

#include <cerrno>

#include <sysfd/detail/syscall.hpp>

namespace sysfd {
inline namespace v0 {

std::string ListenError::describe() const {
  std::string text = subject;
  if (!text.empty()) text += ": ";
  text += problem;
  if (code) text += ": " + code.message();
  return text;
}

ListenError::operator std::error_code() const noexcept {
  if (code) return code;
  switch (kind) {
    case ListenErrorKind::not_activated: return detail::error_code(ENODATA);
    case ListenErrorKind::other_process: return detail::error_code(ESRCH);
    case ListenErrorKind::malformed:
    case ListenErrorKind::wrong_type: return detail::error_code(EINVAL);
    case ListenErrorKind::already_taken: return detail::error_code(EALREADY);
    case ListenErrorKind::not_found: return detail::error_code(ENOENT);
    case ListenErrorKind::ambiguous: return detail::error_code(ENOTUNIQ);
    case ListenErrorKind::unavailable: break;  // always has a code
  }
  return detail::error_code(EINVAL);
}

}  // namespace v0
}  // namespace sysfd
