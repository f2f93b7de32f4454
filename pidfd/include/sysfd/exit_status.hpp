// SPDX-License-Identifier: MIT
//
// ExitStatus: how a process ended. It exited with a code, or a signal killed it.
//
//     sysfd::ExitStatus status = sysfd::ExitStatus::exited(3);  // or *process.wait()
//     if (!status.success()) return fail(to_string(status));    // "exited with code 3"
#ifndef SYSFD_EXIT_STATUS_HPP
#define SYSFD_EXIT_STATUS_HPP
#include <sysfd/detail/cxx23.hpp>

#include <optional>
#include <string>

#include <sysfd/attributes.hpp>

namespace sysfd {
inline namespace v0 {

class ExitStatus;

// Describes the status in words: "exited with code 0", "killed by signal 15 (Terminated)".
//
// Allocates: the text.
SYSFD_API std::string to_string(ExitStatus status);

class ExitStatus {
 public:
  // Makes the status of a process that called _exit(2). A `code` outside of 0 to 255 stops the
  // program: _exit(2) would cut it to eight bits, and 256 would be a success.
  static constexpr ExitStatus exited(int code) noexcept {
    if (code < 0 || code > 0xff)
      detail::contract_violation("ExitStatus::exited: a code is 0 to 255");
    return ExitStatus(code << 8);
  }
  // Makes the status of a process that a signal killed. A `signo` outside of 1 to 64 (SIGRTMAX)
  // stops the program.
  static constexpr ExitStatus killed(int signo, bool core_dumped = false) noexcept {
    if (signo < 1 || signo > last_signal)
      detail::contract_violation("ExitStatus::killed: a signal is 1 to 64");
    return ExitStatus(signo | (core_dumped ? core_bit : 0));
  }
  // Converts the status that wait(2) stores. It must be that of a process that has ended: the
  // status of one that was stopped or continued stops the program.
  static constexpr ExitStatus from_wait_status(int status) noexcept {
    const bool has_exited = (status & ~0xff00) == 0;
    const int signo = status & ~core_bit;
    if (!has_exited && (signo < 1 || signo > last_signal))
      detail::contract_violation("ExitStatus::from_wait_status: not of a process that has ended");
    return ExitStatus(status);
  }

  // True if the process exited with code 0.
  constexpr bool success() const noexcept { return wait_status_ == 0; }
  // The exit code. Nothing if a signal killed the process.
  constexpr std::optional<int> code() const noexcept {
    if (signal_number() != 0) return std::nullopt;
    return wait_status_ >> 8;
  }
  // The signal that killed the process. Nothing if it exited.
  constexpr std::optional<int> signal() const noexcept {
    if (signal_number() == 0) return std::nullopt;
    return signal_number();
  }
  constexpr bool core_dumped() const noexcept { return (wait_status_ & core_bit) != 0; }
  constexpr int wait_status() const noexcept { return wait_status_; }

  friend constexpr bool operator==(ExitStatus, ExitStatus) noexcept = default;

  // Writes to_string(status) to any stream that takes a std::string. The caller includes <ostream>.
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
