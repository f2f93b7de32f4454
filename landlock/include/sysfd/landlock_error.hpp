// SPDX-License-Identifier: MIT
//
// Why something is not restricted: which step failed, with which errno, and which rights are
// missing.
#ifndef SYSFD_LANDLOCK_ERROR_HPP
#define SYSFD_LANDLOCK_ERROR_HPP
#include <sysfd/detail/cxx23.hpp>

#include <iosfwd>
#include <string>
#include <system_error>

#include <sysfd/attributes.hpp>
#include <sysfd/landlock_rights.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// The values are fixed: they may be stored and sent. New ones are appended.
enum class LandlockStep {
  // No Landlock. ENOSYS: not in this kernel, or a seccomp filter; EOPNOTSUPP: not among the
  // security modules that the kernel was started with (lsm=); EPERM: a seccomp filter.
  support = 0,
  create = 1,    // a ruleset. ENOTSUP: rights that are required are missing: `missing`
  open = 2,      // the file or directory of a rule: `subject`
  rule = 3,      // `subject`. EINVAL: no rights, or `missing` must be handled by the ruleset; ...
  restrict = 4,  // EPERM: neither no-new-privileges nor CAP_SYS_ADMIN; E2BIG: 16 restrictions
  // A program, its interpreter or a library: `subject`. EACCES: cannot be read; ENOEXEC: no ELF
  // file or script; ENOENT: not there; ELOOP: too many interpreters; E2BIG: too much to search.
  program = 5,
};

struct LandlockError {
  LandlockStep step;
  std::error_code code;   // an errno value, in std::system_category()
  Rights missing{};       // required, but not in this kernel; of a rule: not handled
  std::string subject{};  // a path or a port

  // The error as one sentence.
  SYSFD_API std::string describe() const;

  operator std::error_code() const noexcept { return code; }
};

// Writes describe() to a std::ostream.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& stream,
                                             const LandlockError& error) {
  return stream << error.describe();
}

}  // namespace v0
}  // namespace sysfd

// The exception of std::expected::value(): its what() is describe().
template <>
class std::bad_expected_access<sysfd::LandlockError>
    : public sysfd::detail::DescribedAccess<sysfd::LandlockError> {
 public:
  using DescribedAccess::DescribedAccess;
};

#endif  // SYSFD_LANDLOCK_ERROR_HPP
