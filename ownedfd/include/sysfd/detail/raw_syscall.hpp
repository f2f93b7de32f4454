// SPDX-License-Identifier: MIT
//
// Makes system calls without libc: they return the kernel's own result, -errno for an error, and
// leave errno as it was. Not for users.
#ifndef SYSFD_DETAIL_RAW_SYSCALL_HPP
#define SYSFD_DETAIL_RAW_SYSCALL_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cerrno>
#include <cstddef>
#include <type_traits>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <unistd.h>
#endif

// Always inlined, even without optimization: otherwise the linker could take such a function from
// another object file, compiled with the user's flags. The code between clone and exec uses these.
#define SYSFD_ALWAYS_INLINE [[gnu::always_inline]] inline

namespace sysfd {
inline namespace v0 {
namespace detail {

#if defined(__x86_64__)

SYSFD_ALWAYS_INLINE long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                                     long e = 0) noexcept {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
               : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

SYSFD_ALWAYS_INLINE long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                                     long e = 0) noexcept {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory", "cc");
  return x0;
}

#else

SYSFD_ALWAYS_INLINE long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                                     long e = 0) noexcept {
  const int saved = errno;
  const long answer = ::syscall(number, a, b, c, d, e);
  const long error = errno;
  errno = saved;
  return answer == -1 ? -error : answer;
}

#endif

template <class Argument>
SYSFD_ALWAYS_INLINE long to_register(Argument argument) noexcept {
  if constexpr (std::is_pointer_v<Argument>)
    return reinterpret_cast<long>(argument);
  else if constexpr (std::is_null_pointer_v<Argument>)
    return 0;
  else
    return static_cast<long>(argument);
}

// Calls raw_syscall() with pointers and numbers of any type.
template <class... Arguments>
SYSFD_ALWAYS_INLINE long system_call(long number, Arguments... arguments) noexcept {
  return raw_syscall(number, to_register(arguments)...);
}

// Does the same, and repeats the call while it fails with EINTR. Never for close(2).
template <class... Arguments>
SYSFD_ALWAYS_INLINE long system_call_retried(long number, Arguments... arguments) noexcept {
  for (;;) {
    const long answer = system_call(number, arguments...);
    if (answer != -EINTR) return answer;
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_DETAIL_RAW_SYSCALL_HPP
