// SPDX-License-Identifier: MIT
#ifndef SYSFD_BENCH_COUNTS_RAW_HANDLE_HPP
#define SYSFD_BENCH_COUNTS_RAW_HANDLE_HPP

#include "counts/operation.hpp"
#include "support/raw_handle.hpp"

namespace sysfd_bench {

// What a raw twin makes, after a look whether it could be made.
[[gnu::always_inline]] inline RawNamed checked_name(int directory, const char* path, int flags) {
  RawNamed named;
  checked(name_raw(directory, path, flags, named));
  return named;
}

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_COUNTS_RAW_HANDLE_HPP
