// SPDX-License-Identifier: MIT
//
// Lets a fuzzing program make its own seeds: now and then a valid input replaces the current one
// before libFuzzer changes it.
#ifndef SYSFD_TESTS_FUZZ_SEEDED_HPP
#define SYSFD_TESTS_FUZZ_SEEDED_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace sysfd_test {

inline std::size_t mutate(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed,
                          std::span<const std::byte> valid) {
  if ((size < 4 || seed % 16 == 0) && valid.size() <= max_size) {
    std::memcpy(data, valid.data(), valid.size());
    size = valid.size();
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

// Stops the fuzzer if the library breaks a promise.
inline void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_FUZZ_SEEDED_HPP
