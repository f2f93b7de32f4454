// SPDX-License-Identifier: MIT
//
// The result of Command::output() and Child::communicate(): exit status, stdout and stderr.
//
//     auto run = sysfd::Command("git").arg("status").output({.timeout = 10s});
//     if (!run) return fail(run.error().describe());    // it could not be started
//     if (run->success()) use(run->out);
//     else use(run->describe(), run->err);              // "killed by signal 9 (Killed), timed out"
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
#include <sysfd/ending.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/result.hpp>
#include <sysfd/text.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

// The input of a child: bytes or text. It does not own them: they must outlive it.
class SYSFD_POINTER Input : public std::span<const std::byte> {
  using Bytes = std::span<const std::byte>;

 public:
  constexpr Input() noexcept = default;
  // A std::span<std::byte>, std::vector<std::byte>, ...
  template <class T>
    requires(std::convertible_to<const T&, Bytes> && !detail::is_view<T>)
  constexpr Input(const T& bytes SYSFD_LIFETIMEBOUND) noexcept : Bytes(bytes) {}
  template <class T>
    requires(std::convertible_to<const T&, Bytes> && detail::is_view<T>)
  constexpr Input(const T& bytes) noexcept : Bytes(bytes) {}
  // A std::string, std::string_view, a string literal without its NUL, ... A null pointer stops the
  // program.
  template <class T>
    requires(std::convertible_to<const T&, std::string_view> &&
             !std::convertible_to<const T&, Bytes> && !detail::is_view<T>)
  Input(const T& text SYSFD_LIFETIMEBOUND) noexcept : Bytes(bytes_of(text)) {}
  template <class T>
    requires(std::convertible_to<const T&, std::string_view> &&
             !std::convertible_to<const T&, Bytes> && detail::is_view<T>)
  Input(const T& text) noexcept : Bytes(bytes_of(text)) {}
  Input(std::nullptr_t) = delete;
  template <class T>
    requires(!std::convertible_to<const T&, std::string_view> &&
             !std::convertible_to<const T&, Bytes>)
  Input(const T&) = delete;  // neither bytes nor text: write std::as_bytes(std::span(values))

 private:
  template <class T>
  static Bytes bytes_of(const T& text) noexcept {
    if constexpr (std::is_pointer_v<T>)
      if (!text) detail::contract_violation("an Input of a null pointer");
    return std::as_bytes(std::span(std::string_view(text)));
  }
};

// When output() and communicate() are over.
enum class OutputEnd {
  // When the child has ended. What it has written is there, to the last byte, and what others have
  // written until then: processes that the child has started may hold its streams much longer, or
  // for ever. What they write later is lost to output(); communicate() leaves the pipes open.
  child_ends,
  // When no process has the streams open any more, and the child has ended.
  pipes_close,
};

// The streams of a child that are collected.
enum class OutputStream { out, err, terminal };

// Gets what is collected, piece by piece, as it is read: both streams in the order in which they
// are found. See <sysfd/output_sink.hpp> for those that call a function, with pieces or with lines.
class OutputSink {
 public:
  // An exception from here ends output(), which kills the child, and communicate().
  virtual void take(OutputStream stream, std::string_view piece) = 0;
  // The stream, or the child, has ended: no more comes from it.
  virtual void end(OutputStream stream) { (void)stream; }

 protected:
  ~OutputSink() = default;
};

struct OutputOptions {
  static constexpr std::size_t unlimited = ~std::size_t{0};

  // Written to the child's stdin, which is then closed. The child need not read all of it.
  Input input{};
  // How many bytes of each stream to keep. More is read and discarded, so that the child can go on.
  std::size_t max_size = unlimited;
  // The time limit for everything. Defaults to no limit. Starting the program counts, but is not
  // interrupted. Command::output() takes up to 50 milliseconds more to kill the child (one second
  // if the child only lacks a processor).
  Timeout timeout = Timeout::forever();
  OutputEnd until = OutputEnd::child_ends;
  // How long after the timeout output() waits for the child to end by itself, when it has sent it
  // SIGTERM (see Child::terminate()). Defaults to not at all: it is killed. communicate() does not
  // use this.
  Timeout grace = std::chrono::nanoseconds(0);
  // Gets all that is collected, also what goes beyond max_size. Borrowed.
  OutputSink* sink = nullptr;
};

struct Output {
  // How the child ended. Errors:
  //   ETIMEDOUT, ECANCELED: it has not ended yet. communicate() leaves it running; output() has
  //     killed it.
  //   EPERM: output() could not kill it, and it is still running.
  //   ECHILD: it was reaped elsewhere, and this kernel cannot tell its status.
  Result<ExitStatus> status;
  // What the child has written to stdout and stderr, if they are pipes to the caller; also after a
  // timeout.
  std::string out{};
  std::string err{};
  std::string terminal{};  // what was written to Command::terminal()
  bool out_cut = false;    // it wrote more than max_size
  bool err_cut = false;
  bool terminal_cut = false;
  bool timed_out = false;       // it had not ended at OutputOptions::timeout
  bool canceled = false;        // it had not ended when the timeout was canceled
  std::size_t input_taken = 0;  // bytes of the input that were written to the pipe
  Ending ending{};              // why it has ended
  // The error if the child, or another process of the group that it leads, could not be killed at
  // the timeout of output().
  std::error_code kill_error{};

  // True if it ended with exit code 0, and in time.
  bool success() const noexcept { return status && status->success() && !timed_out && !canceled; }
  // How it ended, as text.
  SYSFD_API std::string describe() const;
};

// Writes describe() to a std::ostream. (This header only needs its declaration.)
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& stream,
                                             const Output& output) {
  return stream << output.describe();
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_OUTPUT_HPP
