// SPDX-License-Identifier: MIT
//
// Counts allocations, and makes them fail. Replaces the operators of the whole program: only one of
// its files may include this.
#ifndef SYSFD_TESTS_SUPPORT_ALLOCATIONS_HPP
#define SYSFD_TESTS_SUPPORT_ALLOCATIONS_HPP

#include <cstdlib>
#include <new>

#include "support/sanitizers.hpp"

namespace sysfd_test {

inline thread_local int allocations = 0;
inline thread_local int live_allocations = 0;  // those that this thread has not freed

inline void count_free(const void* memory) {
  if (memory) --live_allocations;
}

// Returns the number of allocations of `body` in this thread.
template <class Body>
int allocations_of(Body body) {
  const int before = allocations;
  body();
  return allocations - before;
}

#if defined(__cpp_exceptions)

inline thread_local int allocations_until_failure = 0;  // 0: none fails

// Makes the n-th allocation of `call` in this thread throw std::bad_alloc. Returns true if there
// was one.
template <class Call>
bool fails_at_allocation(int n, Call call) {
  allocations_until_failure = n;
  try {
    call();
  } catch (const std::bad_alloc&) {
    return true;
  }
  allocations_until_failure = 0;
  return false;
}

[[noreturn]] inline void fail_for_want_of_memory() {
  throw std::bad_alloc();
}

inline void fail_if_it_is_time() {
  if (allocations_until_failure > 0 && --allocations_until_failure == 0) fail_for_want_of_memory();
}

#else

[[noreturn]] inline void fail_for_want_of_memory() {
  std::abort();
}

inline void fail_if_it_is_time() {}

#endif

}  // namespace sysfd_test

#if __has_feature(thread_sanitizer)  // Clang's runtime has these operators already

#define SYSFD_REQUIRE_COUNTED_ALLOCATIONS() \
  GTEST_SKIP() << "needs to be without Clang's thread sanitizer"

#else

#define SYSFD_REQUIRE_COUNTED_ALLOCATIONS() (void)0

// NOLINTBEGIN(misc-definitions-in-headers): see above
// The form that does not throw. The sanitizers' runtime would not let it call the one below.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++sysfd_test::allocations;
#if defined(__cpp_exceptions)
  if (sysfd_test::allocations_until_failure > 0 && --sysfd_test::allocations_until_failure == 0)
    return nullptr;
#endif
  void* const memory = std::malloc(size);
  if (memory) ++sysfd_test::live_allocations;
  return memory;
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++sysfd_test::allocations;
  sysfd_test::fail_if_it_is_time();
  void* const memory = std::malloc(size);
  if (!memory) sysfd_test::fail_for_want_of_memory();
  ++sysfd_test::live_allocations;
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  sysfd_test::count_free(memory);
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  sysfd_test::count_free(memory);
  std::free(memory);
}
// NOLINTEND(misc-definitions-in-headers)

#endif

#endif  // SYSFD_TESTS_SUPPORT_ALLOCATIONS_HPP
