// SPDX-License-Identifier: MIT
//
// For programs with thousands of open descriptors: makes the starts of their children as fast as
// those of a program with few. Not needed by others.
//
//     const auto reserved = sysfd::reserve_spawn_slots(16);    // early in main()
//     if (!reserved) return fail(reserved.error().message());
#ifndef SYSFD_SPAWN_SLOTS_HPP
#define SYSFD_SPAWN_SLOTS_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstddef>

#include <sysfd/attributes.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// Reserves up to `count` descriptor numbers (at most 64), the lowest free ones below 128, and one
// more descriptor, until the process exits. Returns how many numbers are reserved now. Call it
// early, while low numbers are free.
//
// A child's descriptor table is copied up to its highest number, so a start takes longer with a
// higher number. A pipe or socket above 127 that is passed to a child, also a new pipe, is
// duplicated to a reserved number during the spawn. Other files, also FIFOs, are not: closing the
// duplicate would release the caller's locks on them (F_SETLK).
//
// The reserved descriptors are open and close-on-exec, and refer to an empty file. A program that
// closes descriptors it has not opened loses the reservation, but no other descriptor: each is
// checked before it is changed. (A file that is opened under such a number between the check and
// the change is lost.) Another call replaces lost ones. Each copy of this library in a process
// reserves its own. Not for threads with their own descriptor table (unshare(CLONE_FILES)).
//
// Errors: EINVAL: more than 64; EMFILE, ENFILE, ENOMEM.
// Cost: at most five system calls, and one for each number; during a spawn, six for each descriptor
//   above 127 that is passed.
[[nodiscard]] SYSFD_API Result<std::size_t> reserve_spawn_slots(std::size_t count) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SLOTS_HPP
