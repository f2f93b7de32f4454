// SPDX-License-Identifier: MIT
//
// ProcessId: the identity of a process. Unlike a process number it is not reused: it can be kept in
// logs and files, and sent to other programs. PidFd::id() returns it. PidFd::from_id() opens the
// process again, or fails if it no longer exists.
//
//     auto id = sysfd::ProcessId::parse("9223372036854776000");
//     if (!id) return fail(id.error());
//     use(to_string(*id));
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

// Writes the value as a decimal number.
//
// Allocates: the text.
SYSFD_API std::string to_string(ProcessId id);

// A 64-bit number: the inode number of the process's pidfds. It is unique until the system is
// rebooted; then the numbers start again. To keep one longer, store the boot ID with it
// (/proc/sys/kernel/random/boot_id). The variable LISTEN_PIDFDID contains such a number.
class ProcessId {
 public:
  explicit constexpr ProcessId(std::uint64_t value) noexcept : value_(value) {}

  // Reads the text that to_string() writes: a decimal number and nothing else.
  //
  // Errors: EINVAL: the text is something else. ERANGE: the number has more than 64 bits.
  [[nodiscard]] SYSFD_API static Result<ProcessId> parse(std::string_view text) noexcept;

  constexpr std::uint64_t value() const noexcept { return value_; }
  friend constexpr auto operator<=>(ProcessId, ProcessId) noexcept = default;

  // Writes to_string(id) to any stream that takes a std::string. The caller includes <ostream>.
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
