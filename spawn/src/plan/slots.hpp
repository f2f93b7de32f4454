// SPDX-License-Identifier: MIT
//
// Low numbers that this process has kept for what children are given (reserve_spawn_slots()): the
// copy of the descriptor table that a child gets is as long as the highest number in it that is
// needed.
#ifndef SYSFD_SPAWN_SRC_PLAN_SLOTS_HPP
#define SYSFD_SPAWN_SRC_PLAN_SLOTS_HPP

#include <cstdint>
#include <utility>

#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// The slots that one spawn uses: nobody else does meanwhile. Emptied when it is destroyed.
class SlotLease {
 public:
  SlotLease() noexcept = default;
  ~SlotLease();
  SlotLease(SlotLease&& other) noexcept : used_(std::exchange(other.used_, 0)) {}
  SlotLease& operator=(SlotLease&&) = delete;

  // The lowest number that is replaced: below, copying the table up to there costs less than a few
  // calls for each descriptor.
  static constexpr int min_fd = 128;

  // A low number for the same pipe or socket as `fd`; or `fd` itself where that is low enough or
  // something else, or no slot is free.
  int lower(int fd) noexcept;
  bool is_empty() const noexcept { return used_ == 0; }

 private:
  std::uint64_t used_ = 0;  // one bit a slot
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_SLOTS_HPP
