// SPDX-License-Identifier: MIT
//
// How a process ended: it exited with a code, or a signal killed it.
//
//     if (status.success()) ...
//     else std::cerr << status << '\n';                  // "killed by signal 9 (Killed)"
#ifndef SYSFD_EXIT_STATUS_HPP
#define SYSFD_EXIT_STATUS_HPP
#include <sysfd/detail/cxx23.hpp>

#include <optional>
#include <string>

#include <sysfd/attributes.hpp>

namespace sysfd {
inline namespace v0 {

class ExitStatus;

// A phrase for people. Allocates.
SYSFD_API std::string to_string(ExitStatus status);

class ExitStatus {
 public:
  // `code`: 0 to 255, as in _exit(2). Stops the program if it is another: cut to eight bits, 256
  // would be a success.
  static constexpr ExitStatus exited(int code) noexcept {
    if (code < 0 || code > 0xff)
      detail::contract_violation("ExitStatus::exited: a code is 0 to 255");
    return ExitStatus(code << 8);
  }
  // `signo`: 1 to 64 (SIGRTMAX). Stops the program if it is another.
  static constexpr ExitStatus killed(int signo, bool core_dumped = false) noexcept {
    if (signo < 1 || signo > last_signal)
      detail::contract_violation("ExitStatus::killed: a signal is 1 to 64");
    return ExitStatus(signo | (core_dumped ? core_bit : 0));
  }
  // The encoding of wait(2), for a process that ended. Stops the program if it is another, as that
  // of one that was stopped or continued.
  static constexpr ExitStatus from_wait_status(int status) noexcept {
    const bool has_exited = (status & ~0xff00) == 0;
    const int signo = status & ~core_bit;
    if (!has_exited && (signo < 1 || signo > last_signal))
      detail::contract_violation("ExitStatus::from_wait_status: not of a process that has ended");
    return ExitStatus(status);
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

  // Writes what to_string() returns: to a std::ostream, which the caller includes, or to any other
  // stream that takes a std::string.
  template <class Stream>
    requires requires(Stream& out, const std::string& text) { out << text; }
  friend Stream& operator<<(Stream& out, ExitStatus status) {
    out << to_string(status);
    return out;
  }

 private:
  static constexpr int core_bit = 0x80;
  static constexpr int last_signal = 64;
  explicit constexpr ExitStatus(int wait_status) noexcept : wait_status_(wait_status) {}
  constexpr int signal_number() const noexcept { return wait_status_ & 0x7f; }

  int wait_status_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_EXIT_STATUS_HPP
