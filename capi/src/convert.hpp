// SPDX-License-Identifier: MIT
//
// What all functions of the C interface share: their results, and the checks of what they are given
// that the C++ interface makes by its types or by stopping the program.
#ifndef SYSFD_CAPI_CONVERT_HPP
#define SYSFD_CAPI_CONVERT_HPP
#include "api.hpp"

#include <cerrno>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/detail/without_exceptions.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd_c {

using sysfd::detail::without_exceptions;

// -errno of any error: never 0 and never positive. Codes of our own categories stand for an errno
// value.
int negative(const std::error_code& code) noexcept;

// A count or a position, as a result: -EOVERFLOW if it would look like an error.
template <std::integral T>
std::int64_t to_int64(T value) noexcept {
  return std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value) : -EOVERFLOW;
}

// The result of a C function. A value that is an output is written by `write`, on success only.
inline int code_of(const sysfd::Result<>& result) noexcept {
  return result ? 0 : negative(result.error());
}
inline int code_of(const sysfd::Result<bool>& result) noexcept {
  return result.has_value() ? static_cast<int>(*result) : negative(result.error());
}
inline int code_of(sysfd::Result<sysfd::OwnedFd> result) noexcept {
  return result ? (*std::move(result)).release() : negative(result.error());
}
template <class T>
  requires(!std::same_as<T, bool> && std::integral<T>)
std::int64_t code_of(const sysfd::Result<T>& result) noexcept {
  return result ? to_int64(*result) : negative(result.error());
}
// This and make_from() move the value alone, which is less code than to move the whole result.
template <class T, class Error, class Write>
// NOLINTNEXTLINE(cppcoreguidelines-rvalue-reference-param-not-moved)
int code_of(sysfd::Result<T, Error>&& result, Write write) {
  if (!result) return negative(result.error());
  write(std::move(*result));
  return 0;
}

// The memory for an object of the C interface: had before what cannot be undone.
template <class Object>
class Room {
 public:
  Room() noexcept : memory_(::operator new(sizeof(Object), std::nothrow)) {
    static_assert(alignof(Object) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  }
  ~Room() {
    if (memory_) ::operator delete(memory_);
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  explicit operator bool() const noexcept { return memory_ != nullptr; }
  // Makes the object, which the caller owns. Only if there is room, and once.
  template <class... Arguments>
  int make(Object** out, Arguments&&... arguments) noexcept {
    *out = ::new (std::exchange(memory_, nullptr)) Object{std::forward<Arguments>(arguments)...};
    return 0;
  }

 private:
  void* memory_;
};

// Makes an object of the C interface, where the arguments may be lost if there is no memory.
template <class Object, class... Arguments>
int make(Object** out, Arguments&&... arguments) {
  auto* made = new (std::nothrow) Object{std::forward<Arguments>(arguments)...};
  if (!made) return -ENOMEM;
  *out = made;
  return 0;
}

// From a result, if that is a value.
template <class Object, class T>
// NOLINTNEXTLINE(cppcoreguidelines-rvalue-reference-param-not-moved)
int make_from(Object** out, sysfd::Result<T>&& result) {
  if (!result) return negative(result.error());
  return make(out, std::move(*result));
}

// A descriptor that is borrowed. `fd` may be AT_FDCWD where `or_directory` is.
inline sysfd::BorrowedFd lent(int fd) noexcept {
  return sysfd::BorrowedFd(sysfd::detail::Sentinel{fd});
}
inline bool is_directory(int fd) noexcept {
  return fd >= 0 || fd == SYSFD_CWD;
}

// A descriptor that the function was given: closed if nothing moves it out.
inline std::optional<sysfd::OwnedFd> taken(int fd) noexcept {
  if (fd < 0) return std::nullopt;
  return sysfd::OwnedFd::adopt(fd);
}

// Gives a descriptor to the caller. -ENOENT: there is none, or no longer.
inline int give(std::optional<sysfd::OwnedFd>& fd) noexcept {
  if (!fd) return -ENOENT;
  const int number = std::move(*fd).release();
  fd.reset();
  return number;
}

// A pidfd that the caller owns: it is not closed.
class LentPidFd {
 public:
  explicit LentPidFd(int fd) noexcept
      : pidfd(sysfd::PidFd::unsafe_adopt(sysfd::OwnedFd::adopt(fd))) {}
  ~LentPidFd() {}  // NOLINT(modernize-use-equals-default): of a union's member
  LentPidFd(const LentPidFd&) = delete;
  LentPidFd& operator=(const LentPidFd&) = delete;

  const sysfd::PidFd& operator*() const noexcept { return pidfd; }
  const sysfd::PidFd* operator->() const noexcept { return &pidfd; }

 private:
  union {
    sysfd::PidFd pidfd;
  };
};

// NOLINTBEGIN(bugprone-sizeof-expression): some of these members are pointers
// Where the last member of version 0.1 of a struct ends. Structs that grow keep theirs. There is no
// padding, which would be a part of what a newer header appends, and which nobody initializes.
template <class Struct>
inline constexpr std::size_t first_size = 0;
#define SYSFD_FIRST_SIZE(type, last_member)                           \
  template <>                                                         \
  inline constexpr std::size_t first_size<type> =                     \
      offsetof(type, last_member) + sizeof(type::last_member);        \
  static_assert(first_size<type> % 8 == 0 && sizeof(type) % 8 == 0 && \
                std::has_unique_object_representations_v<type>)
SYSFD_FIRST_SIZE(sysfd_timeout, nanoseconds);
SYSFD_FIRST_SIZE(sysfd_error, text);
SYSFD_FIRST_SIZE(sysfd_lock_range, length);
SYSFD_FIRST_SIZE(sysfd_receive_options, timeout);
SYSFD_FIRST_SIZE(sysfd_fanotify_event, process);
SYSFD_FIRST_SIZE(sysfd_fanotify_fid, name_size);
SYSFD_FIRST_SIZE(sysfd_wait_event, involuntary_switches);
SYSFD_FIRST_SIZE(sysfd_process_info, reserved);
SYSFD_FIRST_SIZE(sysfd_notification, timeout);
SYSFD_FIRST_SIZE(sysfd_spawn_error, text);
SYSFD_FIRST_SIZE(sysfd_identity, seccomp_count);
SYSFD_FIRST_SIZE(sysfd_resources, timer_slack_nanoseconds);
SYSFD_FIRST_SIZE(sysfd_session, reserved);
SYSFD_FIRST_SIZE(sysfd_signals, unchanged_count);
SYSFD_FIRST_SIZE(sysfd_namespaces, host_name);
SYSFD_FIRST_SIZE(sysfd_output_options, timeout);
SYSFD_FIRST_SIZE(sysfd_rights, scopes);
SYSFD_FIRST_SIZE(sysfd_landlock_error, text);
SYSFD_FIRST_SIZE(sysfd_cgroup_limits, io_max_count);
SYSFD_FIRST_SIZE(sysfd_cgroup_abilities, start_text);
SYSFD_FIRST_SIZE(sysfd_cgroup_usage, pids_peak);
SYSFD_FIRST_SIZE(sysfd_cgroup_events, pids_max);
SYSFD_FIRST_SIZE(sysfd_containment, parent);
SYSFD_FIRST_SIZE(sysfd_ending, refused_forks);
SYSFD_FIRST_SIZE(sysfd_spawn_changes, working_directory);
SYSFD_FIRST_SIZE(sysfd_output_info, input_taken);
SYSFD_FIRST_SIZE(sysfd_spawn_report, reserved);
#undef SYSFD_FIRST_SIZE
// NOLINTEND(bugprone-sizeof-expression)

// No struct is larger, now or later. An uninitialized size most often is, and must not be believed:
// the bytes of that size are read or written.
inline constexpr std::uint32_t max_struct_size = 4096;

// Reads `size` bytes of a struct into one of `known` bytes that holds the defaults.
int read_bytes(const void* given, std::size_t first, void* read, std::size_t known) noexcept;
// Writes the part of a struct that the caller's has room for, but not its size.
void write_bytes(void* out, const void* value, std::size_t known) noexcept;

// Reads options. `read` holds the defaults, which stay if `given` is null.
template <class Struct>
int read_struct(const Struct* given, Struct& read) noexcept {
  static_assert(first_size<Struct> >= sizeof(std::uint32_t) && sizeof(Struct) <= max_struct_size);
  if (!given) return 0;
  if (given->size == sizeof(Struct)) [[likely]] {
    read = *given;
    return 0;
  }
  return read_bytes(given, first_size<Struct>, &read, sizeof(Struct));
}

// Whether an output struct is there, and initialized.
template <class Struct>
int check_output(const Struct* out) noexcept {
  static_assert(first_size<Struct> >= sizeof(std::uint32_t) && sizeof(Struct) <= max_struct_size);
  constexpr std::uint32_t first = first_size<Struct>;
  return out && out->size - first <= max_struct_size - first ? 0 : -EINVAL;  // less wraps around
}
template <class Struct>
int check_error(const Struct* out) noexcept {
  return out ? check_output(out) : 0;
}
template <class Struct>
void write_struct(Struct* out, const Struct& value) noexcept {
  if (out->size == sizeof(Struct)) [[likely]] {
    *out = value;
    return;
  }
  write_bytes(out, &value, sizeof(Struct));
}

// Reads a timeout. Null: `timeout` stays.
inline int read_timeout(const sysfd_timeout* given, sysfd::Timeout& timeout) noexcept {
  if (!given) return 0;
  sysfd_timeout read = SYSFD_TIMEOUT_INIT;
  if (const int error = read_struct(given, read); error != 0) return error;
  if (read.cancel_fd < -1) return -EBADF;
  timeout = sysfd::Timeout(std::chrono::nanoseconds(read.nanoseconds));
  if (read.cancel_fd >= 0) timeout = timeout.canceled_by(lent(read.cancel_fd));
  return 0;
}

// A flag that is not one of `known`.
inline bool has_unknown(std::uint64_t flags, std::uint64_t known) noexcept {
  return (flags & ~known) != 0;
}

// Writes a text as snprintf(3) does, and returns its length.
int write_text(std::string_view text, char* buffer, std::size_t size) noexcept;

// Fills an error struct, and returns -errno.
int fail(const std::error_code& code, int kind, std::string_view text, sysfd_error* out) noexcept;

// Whether a process can end like this.
constexpr bool is_exit_status(int status) noexcept {
  const int signo = status & ~0x80;
  return (status & ~0xff00) == 0 || (signo >= 1 && signo <= 64);
}

// Writes the status as wait(2) does. `out` may be null.
template <class Error>
int write_status(const sysfd::Result<sysfd::ExitStatus, Error>& status,
                 std::int32_t* out) noexcept {
  if (!status) return negative(status.error());
  if (out) *out = status->wait_status();
  return 0;
}

// Bytes of C, as a span. Null with a size is no span.
inline bool is_missing(const void* data, std::size_t size) noexcept {
  return !data && size != 0;
}

}  // namespace sysfd_c

#endif  // SYSFD_CAPI_CONVERT_HPP
