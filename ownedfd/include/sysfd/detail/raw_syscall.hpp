// SPDX-License-Identifier: MIT
//
// Makes system calls without libc: they return the kernel's own result, -errno for an error, and
// leave errno as it was. Not for users.
#ifndef SYSFD_DETAIL_RAW_SYSCALL_HPP
#define SYSFD_DETAIL_RAW_SYSCALL_HPP
#include <sysfd/detail/cxx23.hpp>
#include <sysfd/detail/memory_sanitizer.hpp>

#include <cerrno>
#include <cstddef>
#include <type_traits>

#if !defined(__x86_64__) && !defined(__aarch64__) && !(defined(__riscv) && __riscv_xlen == 64)
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

#elif defined(__riscv) && __riscv_xlen == 64

// The kernel keeps all registers but those of the vector extension.
#ifdef __riscv_vector
#define SYSFD_SYSCALL_CLOBBERS                                                                   \
  "memory", "vl", "vtype", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",    \
      "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", \
      "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"
#else
#define SYSFD_SYSCALL_CLOBBERS "memory"
#endif

SYSFD_ALWAYS_INLINE long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                                     long e = 0) noexcept {
  register long a7 asm("a7") = number;
  register long a0 asm("a0") = a;
  register long a1 asm("a1") = b;
  register long a2 asm("a2") = c;
  register long a3 asm("a3") = d;
  register long a4 asm("a4") = e;
  asm volatile("ecall"
               : "+r"(a0)
               : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4)
               : SYSFD_SYSCALL_CLOBBERS);
  return a0;
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
  const long answer = raw_syscall(number, to_register(arguments)...);
#ifdef SYSFD_MEMORY_SANITIZER
  (note_written(answer, arguments), ...);
#endif
  return answer;
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
