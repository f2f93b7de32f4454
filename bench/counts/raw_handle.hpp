// SPDX-License-Identifier: MIT
//
// File handles by hand, as one writes them with the system calls alone.
#ifndef SYSFD_BENCH_COUNTS_RAW_HANDLE_HPP
#define SYSFD_BENCH_COUNTS_RAW_HANDLE_HPP

#include <fcntl.h>

#include <cstdint>

#include "counts/operation.hpp"

namespace sysfd_bench {

// struct file_handle, which has no fixed size.
struct RawHandle {
  std::uint32_t size = MAX_HANDLE_SZ;
  std::int32_t type = 0;
  unsigned char bytes[MAX_HANDLE_SZ];

  file_handle* get() { return reinterpret_cast<file_handle*>(this); }
};

struct RawNamed {
  RawHandle handle;
  std::uint64_t mount = 0;  // an int, where no unique one is asked for
};

[[gnu::always_inline]] inline int name_raw(int directory, const char* path, int flags,
                                           RawNamed& named) {
  return ::name_to_handle_at(directory, path, named.handle.get(),
                             reinterpret_cast<int*>(&named.mount), flags);
}

// The same, after a look whether it could be made.
[[gnu::always_inline]] inline RawNamed checked_name(int directory, const char* path, int flags) {
  RawNamed named;
  checked(name_raw(directory, path, flags, named));
  return named;
}

inline int open_raw(int mount, RawHandle& handle, int flags) {
  return ::open_by_handle_at(mount, handle.get(), flags | O_CLOEXEC);
}

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_COUNTS_RAW_HANDLE_HPP
