// SPDX-License-Identifier: MIT
//
// The table of owners of SYSFD_TRACK_OWNERSHIP, for the files of ownedfd that change it.
#ifndef SYSFD_OWNEDFD_OWNER_TABLE_HPP
#define SYSFD_OWNEDFD_OWNER_TABLE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstdint>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Larger numbers are not tracked.
inline constexpr unsigned most_tracked_numbers = 65536;

// A place in the program, as two return addresses: that of the function that used an owner, and
// that of its caller.
struct Site {
  const void* place;
  const void* caller;
};

// How a number got free: as nobody has owned it yet, or as its owner did this.
enum class Ending : std::uint64_t {
  never_owned = 0,
  closed = ~std::uint64_t{1},  // these two are no marks of processes
  released = ~std::uint64_t{0}
};

// Takes the number from `owner`, and returns where it was taken. Stops the program if `owner` does
// not own it.
Site retire(int fd, const void* owner, Ending ending, Site here) noexcept;

// `owner` wanted to close the number, and it was not open.
[[noreturn, gnu::cold]] void stop_closed_by_others(int fd, const void* owner, Site taken,
                                                   Site here) noexcept;

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_OWNEDFD_OWNER_TABLE_HPP
