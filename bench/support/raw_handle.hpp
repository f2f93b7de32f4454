// SPDX-License-Identifier: MIT
//
// File handles by hand, as one writes them with the system calls alone.
#ifndef SYSFD_BENCH_SUPPORT_RAW_HANDLE_HPP
#define SYSFD_BENCH_SUPPORT_RAW_HANDLE_HPP

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace sysfd_bench {

// struct file_handle, with room for the longest.
struct RawHandle {
  std::uint32_t size = 128;
  std::int32_t type = 0;
  std::array<unsigned char, 128> bytes;
};

struct RawNamed {
  RawHandle handle;
  std::uint64_t mount = 0;  // an int, where no unique one is asked for
};

inline long name_raw(int directory, const char* path, int flags, RawNamed& named) {
  return ::syscall(SYS_name_to_handle_at, directory, path, &named.handle, &named.mount, flags);
}

inline long open_raw(int mount, RawHandle& handle, int flags) {
  return ::syscall(SYS_open_by_handle_at, mount, &handle, flags | O_CLOEXEC);
}

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SUPPORT_RAW_HANDLE_HPP
