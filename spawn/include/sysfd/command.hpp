// SPDX-License-Identifier: MIT
//
// Starts programs. The child gets exactly the descriptors that it is given, nothing else that this
// process has open; the parent gets a Child that is held by a pidfd from the start.
//
//     auto child = sysfd::Command("sort").arg("-u")
//                      .stdin_from(input)                  // borrowed: stays open here
//                      .stdout_to(sysfd::Stdio::pipe())    // child->stdout_pipe()
//                      .pass(std::move(socket), 3)         // owned: handed over to the child
//                      .spawn();
//     if (!child) return child.error().describe();
//
// The child starts with: an empty signal mask; every signal that has a handler here, and SIGPIPE,
// at its default (ignored ones stay ignored); this process's environment and working directory; its
// 0, 1 and 2, or /dev/null for those of them that are closed or close-on-exec here. All of that
// unless the Command says otherwise.
//
// It never forks: the child shares this process's memory until it executes the program, and the
// calling thread is suspended so long, with all signals blocked. Neither the memory in use nor the
// number of open descriptors makes it slower; what counts is the highest number among those that
// the child is given. It needs Linux 5.11.
#ifndef SYSFD_COMMAND_HPP
#define SYSFD_COMMAND_HPP

#include <concepts>
#include <expected>
#include <initializer_list>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/child.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/spawn_error.hpp>

namespace sysfd {
inline namespace v0 {

// What a standard stream of the child is. A descriptor converts: one that has a name is borrowed,
// std::move(fd) hands it over.
class Stdio {
 public:
  // This process's own; /dev/null where that is closed or close-on-exec.
  static Stdio inherit() noexcept { return Stdio(Kind::inherit); }
  // /dev/null.
  static Stdio null() noexcept { return Stdio(Kind::null); }
  // A new pipe, whose other end the Child has.
  static Stdio pipe() noexcept { return Stdio(Kind::pipe); }

  template <std::convertible_to<BorrowedFd> Lender>
  Stdio(Lender&& fd) noexcept : kind_(Kind::descriptor), fd_(std::forward<Lender>(fd)) {}
  Stdio(OwnedFd&& fd) noexcept : kind_(Kind::descriptor), owned_(std::move(fd)) {}

 private:
  friend class Command;
  enum class Kind { inherit, null, pipe, descriptor };
  explicit Stdio(Kind kind) noexcept : kind_(kind) {}

  Kind kind_;
  std::optional<BorrowedFd> fd_;  // of a borrowed descriptor
  std::optional<OwnedFd> owned_;
};

class Command {
 public:
  // The program: a path if it has a slash, else a name that is looked up in the PATH of the child's
  // environment ("/bin:/usr/bin" if it has none; empty elements, which would mean the working
  // directory, are skipped). It is also argument 0. Strings are copied. What is wrong with any
  // argument, here and below, is reported by spawn().
  SYSFD_API explicit Command(CStr program);
  SYSFD_API Command(Command&&) noexcept;
  SYSFD_API Command& operator=(Command&&) noexcept;
  SYSFD_API ~Command();

  SYSFD_API Command& arg(CStr value) &;
  Command arg(CStr value) && { return std::move(arg(value)); }
  // `values`: any range of what converts to a CStr.
  template <class Strings>
  Command& args(Strings&& values) & {
    for (auto&& value : values)
      arg(value);
    return *this;
  }
  template <class Strings>
  Command args(Strings&& values) && {
    args(values);
    return std::move(*this);
  }
  Command& args(std::initializer_list<CStr> values) & {
    for (const CStr value : values)
      arg(value);
    return *this;
  }
  Command args(std::initializer_list<CStr> values) && {
    args(values);
    return std::move(*this);
  }

  // The environment is this process's as it is when spawn() is called (nobody may change it
  // meanwhile: setenv(3)), with these changes. A name that is empty or has a '=' inside is an
  // error.
  SYSFD_API Command& env(CStr name, CStr value) &;
  Command env(CStr name, CStr value) && { return std::move(env(name, value)); }
  SYSFD_API Command& remove_env(CStr name) &;
  Command remove_env(CStr name) && { return std::move(remove_env(name)); }
  // Starts from nothing instead, and forgets the changes made so far.
  SYSFD_API Command& clear_env() &;
  Command clear_env() && { return std::move(clear_env()); }

  // Where the program starts. A relative path of the program, or in PATH, counts from there.
  SYSFD_API Command& working_directory(CStr path) &;
  Command working_directory(CStr path) && { return std::move(working_directory(path)); }
  SYSFD_API Command& working_directory(BorrowedFd directory) &;
  Command working_directory(BorrowedFd directory) && {
    return std::move(working_directory(directory));
  }

  SYSFD_API Command& stdin_from(Stdio source) &;
  Command stdin_from(Stdio source) && { return std::move(stdin_from(std::move(source))); }
  SYSFD_API Command& stdout_to(Stdio destination) &;
  Command stdout_to(Stdio destination) && { return std::move(stdout_to(std::move(destination))); }
  SYSFD_API Command& stderr_to(Stdio destination) &;
  Command stderr_to(Stdio destination) && { return std::move(stderr_to(std::move(destination))); }

  // Gives the child `fd` under the number `number`, whatever is open here under that number: every
  // set of numbers is possible, swapped ones, 0 to 2 and one descriptor under several numbers
  // included. A borrowed descriptor must stay open until spawn() has returned. An owned one is
  // handed over: once a child runs it is closed here, and the Command cannot start a second child.
  // Errors of spawn() for it: EBADF `fd` is not open, `number` is negative or not below
  // RLIMIT_NOFILE, or no number below that is left free to swap others by; EINVAL `number` is given
  // twice.
  SYSFD_API Command& pass(BorrowedFd fd, int number) &;
  Command pass(BorrowedFd fd, int number) && { return std::move(pass(fd, number)); }
  SYSFD_API Command& pass(OwnedFd&& fd, int number) &;
  Command pass(OwnedFd&& fd, int number) && { return std::move(pass(std::move(fd), number)); }

  // What becomes of the process when its Child is destroyed; DropPolicy::kill if not said.
  SYSFD_API Command& on_drop(DropPolicy policy) &;
  Command on_drop(DropPolicy policy) && { return std::move(on_drop(policy)); }

  // clone3(2) and execve(2): starts the program, and returns once it is executing or could not be
  // started. May be called again for another child, unless an owned descriptor was handed over.
  // Errors: see SpawnStep. System calls here: two for the signal mask, clone3, one for each stream
  // that is inherited, one if descriptors are passed, and those that make pipes and close what was
  // handed over. Allocates only what the Command keeps for the next time: the environment if it was
  // changed, the paths to try of a program that is looked up in PATH. Blocks until the file system
  // has found and opened the program. Not for between fork and exec.
  [[nodiscard]] SYSFD_API std::expected<Child, SpawnError> spawn();

 private:
  struct State;
  struct Attempt;
  State& state() const noexcept;

  std::unique_ptr<State> state_;
};

#if defined(__cpp_exceptions)
// The child, or a std::system_error that says what failed.
inline Child or_throw(std::expected<Child, SpawnError> child) {
  if (!child) throw std::system_error(child.error().code, child.error().describe());
  return *std::move(child);
}
#endif

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_COMMAND_HPP
