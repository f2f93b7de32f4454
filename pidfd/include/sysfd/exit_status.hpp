// SPDX-License-Identifier: MIT
//
// How a process ended: it exited with a code, or a signal killed it.
//
//     if (status.success()) ...
//     else std::cerr << to_string(status) << '\n';       // "killed by signal 9 (Killed)"
#ifndef SYSFD_EXIT_STATUS_HPP
#define SYSFD_EXIT_STATUS_HPP

#include <optional>
#include <string>

#include <sysfd/attributes.hpp>

namespace sysfd {
inline namespace v0 {

class ExitStatus {
 public:
  // `code`: 0 to 255, as in _exit(2).
  static constexpr ExitStatus exited(int code) noexcept { return ExitStatus((code & 0xff) << 8); }
  static constexpr ExitStatus killed(int signo, bool core_dumped = false) noexcept {
    return ExitStatus((signo & 0x7f) | (core_dumped ? core_bit : 0));
  }
  // The encoding of wait(2), for a process that ended (not stopped, not continued).
  static constexpr ExitStatus from_wait_status(int status) noexcept {
    return ExitStatus(status & 0xffff);
  }

  // Exited with code 0.
  constexpr bool success() const noexcept { return wait_status_ == 0; }
  // The exit code, unless a signal killed the process.
  constexpr std::optional<int> code() const noexcept {
    if (signal_number() != 0) return std::nullopt;
    return wait_status_ >> 8;
  }
  // The signal that killed the process, if one did.
  constexpr std::optional<int> signal() const noexcept {
    if (signal_number() == 0) return std::nullopt;
    return signal_number();
  }
  constexpr bool core_dumped() const noexcept { return (wait_status_ & core_bit) != 0; }
  constexpr int wait_status() const noexcept { return wait_status_; }

  friend constexpr bool operator==(ExitStatus, ExitStatus) noexcept = default;

 private:
  static constexpr int core_bit = 0x80;
  explicit constexpr ExitStatus(int wait_status) noexcept : wait_status_(wait_status) {}
  constexpr int signal_number() const noexcept { return wait_status_ & 0x7f; }

  int wait_status_;
};

// A phrase for people. Allocates.
SYSFD_API std::string to_string(ExitStatus status);

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_EXIT_STATUS_HPP
