// SPDX-License-Identifier: MIT
#include <span>

#include "fuzz/seeded.hpp"
#include "handle/made_events.hpp"
#include "handle/walk_events.hpp"

namespace sysfd_test {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto counts = walk_events(std::as_bytes(std::span(data, size)));
  promise(!counts.broken_promise, counts.broken_promise);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  return mutate(data, size, max_size, seed, some_events());
}

}  // namespace sysfd_test
