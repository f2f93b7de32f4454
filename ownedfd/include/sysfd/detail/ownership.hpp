// SPDX-License-Identifier: MIT
//
// What OwnedFd tells the table of owners if sysfd is built with SYSFD_TRACK_OWNERSHIP: see
// docs/ownership-tracking.md. Without that, none of these functions is called or defined. Not for
// users.
#ifndef SYSFD_DETAIL_OWNERSHIP_HPP
#define SYSFD_DETAIL_OWNERSHIP_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sysfd/attributes.hpp>

// SYSFD_TRACKED is part of the mangled names of what it is on, and of the functions that take or
// return it. So code that was compiled with tracking does not link to code without it.
//
// SYSFD_TRACKED_INLINE: the member is inlined even without optimization, so that the recorded place
// is the function that uses the owner.
#if defined(SYSFD_TRACK_OWNERSHIP)
#define SYSFD_TRACKED [[gnu::abi_tag("tracked")]]
#define SYSFD_TRACKED_INLINE [[gnu::always_inline]]
#else
#define SYSFD_TRACKED
#define SYSFD_TRACKED_INLINE
#endif

namespace sysfd {
inline namespace v0 {
namespace detail {

#if defined(SYSFD_TRACK_OWNERSHIP)
inline constexpr bool tracks_ownership = true;
#else
inline constexpr bool tracks_ownership = false;
#endif

// After a call of one of the functions below, so that it is no tail call: its return address would
// be that of another function.
[[gnu::always_inline]] inline void forbid_tail_call() noexcept {
  asm volatile("");
}

// `owner` is the address of the OwnedFd, `caller` the return address of the function that uses it.
// Each stops the program if the table says that `owner` cannot do this. All are async-signal-safe
// and make no system call but that of close_owned(). They ignore numbers beyond the table.

// `owner` adopts the number; or the kernel has just made it, which it does with free ones only.
SYSFD_API void begin_ownership(int fd, const void* owner, const void* caller) noexcept;
SYSFD_API void begin_ownership_of_new(int fd, const void* owner, const void* caller) noexcept;
// The number was moved from one owner to another.
SYSFD_API void pass_ownership(int fd, const void* from, const void* owner,
                              const void* caller) noexcept;
// `owner` released the number.
SYSFD_API void end_ownership(int fd, const void* owner, const void* caller) noexcept;
// close(2): closes the number that `owner` owns. Returns 0 or -errno, and leaves errno as it was.
SYSFD_API long close_owned(int fd, const void* owner, const void* caller) noexcept;

// A system call said that the number is not open (EBADF), so it must have no owner.
[[gnu::cold]] SYSFD_API void must_have_no_owner(int fd, const void* caller) noexcept;
// Other code is about to close the number by a call of this name.
SYSFD_API void check_foreign_close(int fd, const char* call, const void* place,
                                   const void* caller) noexcept;
// As the table says, for code that is tested: the address of the OwnedFd, or null.
SYSFD_API const void* owner_of(int fd) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_OWNERSHIP_HPP
