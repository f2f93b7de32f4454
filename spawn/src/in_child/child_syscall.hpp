// SPDX-License-Identifier: MIT
//
// What is made of raw system calls for the child between clone and exec, which shares the errno,
// the locks and everything else of the parent's libc and must not touch any of it.
#ifndef SYSFD_SPAWN_SRC_IN_CHILD_CHILD_SYSCALL_HPP
#define SYSFD_SPAWN_SRC_IN_CHILD_CHILD_SYSCALL_HPP

#include <linux/futex.h>
#include <sys/syscall.h>

#include <cerrno>

#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

#if defined(__x86_64__)

// The system call clone or clone3 with these arguments (`child_tid` is one of clone's), for a child
// that shares this memory. The parent gets the answer; the child runs `run(argument)`, which must
// not return, on the stack that the arguments say. If that is the parent's own, the parent must be
// suspended (CLONE_VFORK): the child runs below everything of the parent's, the 128 bytes under the
// stack pointer that the ABI lets a function use included.
SYSFD_ALWAYS_INLINE long clone_and_run(long number, long a, long b, long c, long child_tid,
                                       void (*run)(void*), void* argument) noexcept {
  long result;
  register void* r8 asm("r8") =
      argument;  // the fifth argument, which clone ignores without CLONE_SETTLS
  register auto r9 asm("r9") = run;
  register long r10 asm("r10") = child_tid;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "lea -128(%%rsp), %%rsp\n\t"
      "and $-16, %%rsp\n\t"
      "mov %%r8, %%rdi\n\t"
      "call *%%r9\n\t"
      "ud2\n"
      "1:"
      : "=a"(result)
      : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
      : "rcx", "r11", "memory", "cc");
  return result;
}

#elif defined(__aarch64__)

SYSFD_ALWAYS_INLINE long clone_and_run(long number, long a, long b, long c, long child_tid,
                                       void (*run)(void*), void* argument) noexcept {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = 0;
  register long x4 asm("x4") = child_tid;
  register auto x5 asm("x5") = run;
  register void* x6 asm("x6") = argument;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"
      "mov x30, #0\n\t"
      "mov x0, x6\n\t"
      "blr x5\n\t"
      "brk #1\n"
      "1:"
      : "+r"(x0)
      : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x6)
      : "memory", "cc");
  return x0;
}

#elif defined(__riscv) && __riscv_xlen == 64

SYSFD_ALWAYS_INLINE long clone_and_run(long number, long a, long b, long c, long child_tid,
                                       void (*run)(void*), void* argument) noexcept {
  register long a7 asm("a7") = number;
  register long a0 asm("a0") = a;
  register long a1 asm("a1") = b;
  register long a2 asm("a2") = c;
  register long a3 asm("a3") = 0;
  register long a4 asm("a4") = child_tid;
  register auto a5 asm("a5") = run;
  register void* a6 asm("a6") = argument;
  asm volatile(
      "ecall\n\t"
      "bnez a0, 1f\n\t"
      "li fp, 0\n\t"
      "mv a0, a6\n\t"
      "jalr a5\n\t"
      "ebreak\n"
      "1:"
      : "+r"(a0)
      : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6)
      : SYSFD_SYSCALL_CLOBBERS);
  return a0;
}

#else
#error "sysfd::spawn knows how to enter a child on x86-64, aarch64 and riscv64 only"
#endif

SYSFD_ALWAYS_INLINE long address(const void* pointer) noexcept {
  return reinterpret_cast<long>(pointer);
}

[[noreturn]] SYSFD_ALWAYS_INLINE void exit_quietly() noexcept {
  for (;;)
    raw_syscall(SYS_exit_group, 127);
}

// Filters answer for a call that they are older than, or do not allow, with any of these. A refusal
// to one thread does not hold for another one: nothing is remembered.
SYSFD_ALWAYS_INLINE bool is_clone_refused(long answer) noexcept {
  return is_refusal(answer) || answer == -E2BIG || answer == -EINVAL;
}

// A futex between processes that share this memory.
SYSFD_ALWAYS_INLINE void wait_while(const int& word, int value) noexcept {
  while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == value)
    raw_syscall(SYS_futex, address(&word), FUTEX_WAIT, value);
}
SYSFD_ALWAYS_INLINE void set_and_wake(int& word, int value) noexcept {
  __atomic_store_n(&word, value, __ATOMIC_RELEASE);
  raw_syscall(SYS_futex, address(&word), FUTEX_WAKE, 1);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_IN_CHILD_CHILD_SYSCALL_HPP
