// SPDX-License-Identifier: MIT
//
// Why something cannot be done with a cgroup: which step failed, with which errno, for which file,
// and what would help.
#ifndef SYSFD_CGROUP_ERROR_HPP
#define SYSFD_CGROUP_ERROR_HPP
#include <sysfd/detail/cxx23.hpp>

#include <iosfwd>
#include <string>
#include <system_error>

#include <sysfd/attributes.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// The values are fixed: they may be stored and sent. New ones are appended.
enum class CgroupStep {
  find = 0,  // the cgroup of the caller. ENOENT: no cgroup v2 is mounted, or it is outside of that
  open = 1,  // EBADF: not the directory of a cgroup of version 2
  // EEXIST; EACCES: not delegated to the caller; EROFS; EAGAIN: too many; EINVAL, ENAMETOOLONG: the
  // name; EOPNOTSUPP: `parent` is threaded, or below one that is
  create = 2,
  // A controller. EBUSY: processes live in the parent; ENOENT: not available there; EPERM: the
  // parent is the root of a cgroup namespace.
  enable = 3,
  limit = 4,    // `subject`: the file. EINVAL, ERANGE: the value; ENODEV: no such block device
  move = 5,     // EACCES; EXDEV: a process is outside of the caller's pid namespace
  kill = 6,     // EOPNOTSUPP: it is threaded; EXDEV; EAGAIN: they fork too fast (before Linux 5.14)
  freeze = 7,   // ETIMEDOUT, ECANCELED
  read = 8,     // ENOENT, ENODEV: the cgroup was removed; EOPNOTSUPP: it is threaded
  wait = 9,     // ETIMEDOUT, ECANCELED
  remove = 10,  // EBUSY: there are processes, or cgroups below; EINVAL: not created by this
  // A start in it. EACCES: the caller may not write to cgroup.procs of the lowest cgroup that both
  // are in.
  start = 11,
};

struct CgroupError {
  CgroupStep step;
  std::error_code code;   // an errno value, in std::system_category()
  std::string subject{};  // a name, a file, a controller

  // The error as one sentence, with what would help, if that is known.
  SYSFD_API std::string describe() const;

  operator std::error_code() const noexcept { return code; }
};

// Writes describe() to a std::ostream.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& stream,
                                             const CgroupError& error) {
  return stream << error.describe();
}

}  // namespace v0
}  // namespace sysfd

// The exception of std::expected::value(): its what() is describe().
template <>
class std::bad_expected_access<sysfd::CgroupError>
    : public sysfd::detail::DescribedAccess<sysfd::CgroupError> {
 public:
  using DescribedAccess::DescribedAccess;
};

#endif  // SYSFD_CGROUP_ERROR_HPP
