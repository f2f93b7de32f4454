// SPDX-License-Identifier: MIT
//
// File handles without sysfd.
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
};

struct RawNamed {
  RawHandle handle;
  int mount = 0;
};

[[gnu::always_inline]] inline RawNamed name_raw(int directory, const char* path, int flags) {
  RawNamed named;
  checked(::name_to_handle_at(directory, path, reinterpret_cast<file_handle*>(&named.handle),
                              &named.mount, flags));
  return named;
}

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_COUNTS_RAW_HANDLE_HPP
