// SPDX-License-Identifier: MIT
#include "spec/small_vector.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

void* move_to_larger(void* data, const void* inside, std::size_t size, std::size_t capacity) {
  void* const larger = ::operator new(capacity);
  std::memcpy(larger, data, size);
  if (data != inside) ::operator delete(data);
  return larger;
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
