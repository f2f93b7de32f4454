// SPDX-License-Identifier: MIT
//
// What swept operations start: a program without libc, at an address of its own, by which the
// filter knows its calls (sweep.cpp). sweep_program WORD: "exit" ends with status 7; "copy" writes
// what it reads, and ends with 0; "wait" waits for a signal; "true" ends with 0.
#include <sys/syscall.h>

#if defined(__x86_64__)
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tcall start\n\tud2\n");
#elif defined(__aarch64__)
asm(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl start\n\tbrk #1\n");
#else
#error "sysfd's tests know x86-64 and aarch64"
#endif

namespace {

long call(long number, long a, long b = 0, long c = 0, long d = 0) {
#if defined(__x86_64__)
  long result;
  register long r10 asm("r10") = d;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
               : "rcx", "r11", "memory");
  return result;
#else
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
#endif
}

[[noreturn]] void end(int code) {
  for (;;)
    call(SYS_exit_group, code);
}

int copy() {
  char buffer[512];
  for (;;) {
    const long size = call(SYS_read, 0, reinterpret_cast<long>(buffer), sizeof buffer);
    if (size <= 0) return size == 0 ? 0 : 1;
    if (call(SYS_write, 1, reinterpret_cast<long>(buffer), size) != size) return 2;
  }
}

}  // namespace

extern "C" [[noreturn]] void start(long* stack) {
  const char* const word = stack[0] > 1 ? reinterpret_cast<const char*>(stack[2]) : "true";
  switch (word[0]) {
    case 'e': end(7);
    case 'c': end(copy());
    case 'w':
      for (;;)
        call(SYS_ppoll, 0, 0, 0, 0);
    default: end(0);
  }
}
