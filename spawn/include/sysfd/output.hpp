// SPDX-License-Identifier: MIT
//
// What talking to a child to its end gives: see Command::output() and Child::communicate().
//
//     auto run = sysfd::Command("git").arg("status").output({.timeout = 10s});
//     if (!run) return run.error().describe();          // it could not be started
//     if (run->success()) use(run->out);
//     else complain(run->describe(), run->err);         // "killed by signal 9 (Killed), timed out"
#ifndef SYSFD_OUTPUT_HPP
#define SYSFD_OUTPUT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <sysfd/attributes.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

// What is fed to a child: bytes, or text. Does not own it; lives no longer than it.
class SYSFD_POINTER Input : public std::span<const std::byte> {
  using Bytes = std::span<const std::byte>;

 public:
  constexpr Input() noexcept = default;
  // A std::span<std::byte>, std::vector<std::byte>, ...
  template <class T>
    requires std::convertible_to<const T&, Bytes>
  constexpr Input(const T& bytes SYSFD_LIFETIMEBOUND) noexcept : Bytes(bytes) {}
  // A std::string, std::string_view, a string literal without its NUL, ... A null pointer stops the
  // program.
  template <class T>
    requires(std::convertible_to<const T&, std::string_view> &&
             !std::convertible_to<const T&, Bytes>)
  Input(const T& text SYSFD_LIFETIMEBOUND) noexcept : Bytes(bytes_of(text)) {}
  Input(std::nullptr_t) = delete;

 private:
  template <class T>
  static Bytes bytes_of(const T& text) noexcept {
    if constexpr (std::is_pointer_v<T>)
      if (!text) detail::contract_violation("an Input of a null pointer");
    return std::as_bytes(std::span(std::string_view(text)));
  }
};

struct OutputOptions {
  static constexpr std::size_t unlimited = ~std::size_t{0};

  // Fed to the child's stdin, which is closed then. The child need not read all of it.
  Input input{};
  // How much to keep of stdout, and of stderr, in bytes. What comes beyond is read and thrown away,
  // so that the child can go on.
  std::size_t max_size = unlimited;
  // How long this may take in all; by default, as long as the child and all who have its streams
  // take. The start of the program is part of it, but is not cut short. Command::output() takes at
  // most 50 milliseconds more, to kill the child (and one second where only a processor is missing).
  Timeout timeout = Timeout::forever();
};

struct Output {
  // How the child ended. ETIMEDOUT, ECANCELED: not yet, be it that it goes on (communicate()) or was killed
  // (output()); EPERM: it could not be killed (output()), and goes on; ECHILD: somebody else has
  // reaped it, and this kernel cannot tell what its status was.
  Result<ExitStatus> status;
  // What it has written, as far as stdout and stderr are pipes to here; also if it timed out.
  std::string out{};
  std::string err{};
  bool out_cut = false;  // there was more than max_size
  bool err_cut = false;
  bool timed_out = false;       // it had not ended after OutputOptions::timeout
  bool canceled = false;        // nor when that was called off
  std::size_t input_taken = 0;  // bytes of the input that are in the pipe, or were
  // Why the child, or others of the process group that it leads, could not be killed at the timeout
  // of output().
  std::error_code kill_error{};

  // It ended with exit code 0, and in time.
  bool success() const noexcept { return status && status->success() && !timed_out && !canceled; }
  // How it ended, in a phrase for people.
  SYSFD_API std::string describe() const;
};

// Writes describe(), to a std::ostream (of which this header needs no more than the name).
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& stream,
                                             const Output& output) {
  return stream << output.describe();
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_OUTPUT_HPP
