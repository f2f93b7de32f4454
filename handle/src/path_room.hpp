// SPDX-License-Identifier: MIT
#ifndef SYSFD_HANDLE_SRC_PATH_ROOM_HPP
#define SYSFD_HANDLE_SRC_PATH_ROOM_HPP

#include <sys/mman.h>

#include <cstddef>
#include <span>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Maps memory for the longest path that can be opened, 4095 bytes and a NUL, and for what comes
// with it. That is too much for the stack of a thread with 16 KiB.
class PathRoom {
 public:
  static constexpr std::size_t longest_path = 4096;
  static constexpr std::size_t size = 2 * longest_path;

  PathRoom() noexcept
      : begin_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  ~PathRoom() {
    if (is_mapped()) ::munmap(begin_, size);
  }
  PathRoom(const PathRoom&) = delete;
  PathRoom& operator=(const PathRoom&) = delete;

  // False if there was not enough memory.
  bool is_mapped() const noexcept { return begin_ != MAP_FAILED; }
  std::span<std::byte> bytes() const noexcept { return {static_cast<std::byte*>(begin_), size}; }

 private:
  void* begin_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_HANDLE_SRC_PATH_ROOM_HPP
