// SPDX-License-Identifier: MIT
//
// What counts for the whole process has one home, however many copies of this library are in it: in
// a program, and in each plugin that it was linked into.
#ifndef SYSFD_SPAWN_SRC_START_PROCESS_STATE_HPP
#define SYSFD_SPAWN_SRC_START_PROCESS_STATE_HPP

#include <atomic>
#include <cstdint>

namespace sysfd {
inline namespace v0 {
namespace detail {

// All copies must agree on this: a change of it needs another name in process_state.cpp.
struct ProcessState {
  std::atomic<std::uint32_t> is_locked;  // a futex
  // Children that give up privileges, as long as they are in this memory.
  std::uint32_t undumpable_children;
  // One of these children has found the memory dumpable, and has made it undumpable.
  std::uint32_t was_dumpable;
};

// The state of this process; a copy of the process (fork(2)) has another one. The first call of
// each copy of the library reads /proc/thread-self/maps. Where there is no /proc, or no memory,
// each copy has a state of its own.
ProcessState& process_state() noexcept;

class ProcessStateLock {
 public:
  explicit ProcessStateLock(ProcessState& state) noexcept;
  ~ProcessStateLock();
  ProcessStateLock(const ProcessStateLock&) = delete;
  ProcessStateLock& operator=(const ProcessStateLock&) = delete;

 private:
  ProcessState& state_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_START_PROCESS_STATE_HPP
