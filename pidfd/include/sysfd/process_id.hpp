// SPDX-License-Identifier: MIT
//
// The identity of a process, for what outlives a process number: logs, files, other programs.
//
//     sysfd::ProcessId id = *process.id();
//     log << "started " << id;                           // "9223372036854776000"
//     auto again = sysfd::PidFd::from_id(id);             // that process, or an error
#ifndef SYSFD_PROCESS_ID_HPP
#define SYSFD_PROCESS_ID_HPP
#include <sysfd/detail/cxx23.hpp>

#include <compare>
#include <cstdint>
#include <string>  // and std::hash, without all of <functional>
#include <string_view>

#include <sysfd/attributes.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

class ProcessId;

// Decimal digits. Allocates.
SYSFD_API std::string to_string(ProcessId id);

// 64 bits that are never given to another process while the system is up: the inode number of its
// pidfds. After a reboot they begin anew, so what is kept for longer goes with the boot ID
// (/proc/sys/kernel/random/boot_id). It is what LISTEN_PIDFDID holds.
class ProcessId {
 public:
  explicit constexpr ProcessId(std::uint64_t value) noexcept : value_(value) {}

  // The text that to_string() writes: a decimal number and nothing else. Errors: EINVAL it is
  // something else; ERANGE it has more than 64 bits.
  [[nodiscard]] SYSFD_API static Result<ProcessId> parse(std::string_view text) noexcept;

  constexpr std::uint64_t value() const noexcept { return value_; }
  friend constexpr auto operator<=>(ProcessId, ProcessId) noexcept = default;

  // Writes what to_string() returns: to a std::ostream, which the caller includes, or to any other
  // stream that takes a std::string.
  template <class Stream>
    requires requires(Stream& out, const std::string& text) { out << text; }
  friend Stream& operator<<(Stream& out, ProcessId id) {
    out << to_string(id);
    return out;
  }

 private:
  std::uint64_t value_;
};

}  // namespace v0
}  // namespace sysfd

template <>
struct std::hash<sysfd::ProcessId> {
  std::size_t operator()(sysfd::ProcessId id) const noexcept {
    return std::hash<std::uint64_t>()(id.value());
  }
};

#endif  // SYSFD_PROCESS_ID_HPP
