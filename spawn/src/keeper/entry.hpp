// SPDX-License-Identifier: MIT
//
// The entry of a program without a libc: it calls main_without_libc(), which the program defines,
// with what the kernel has put on the stack: the number of arguments, the arguments, a null.
#ifndef SYSFD_SPAWN_SRC_KEEPER_ENTRY_HPP
#define SYSFD_SPAWN_SRC_KEEPER_ENTRY_HPP

extern "C" [[noreturn, gnu::used]] void main_without_libc(long* stack) noexcept;

#if defined(__x86_64__)
asm(".globl _start\n"
    "_start:\n\t"
    "xor %ebp, %ebp\n\t"
    "mov %rsp, %rdi\n\t"
    "and $-16, %rsp\n\t"
    "call main_without_libc\n\t"
    "ud2");
#elif defined(__aarch64__)
asm(".globl _start\n"
    "_start:\n\t"
    "mov x29, #0\n\t"
    "mov x30, #0\n\t"
    "mov x0, sp\n\t"
    "bl main_without_libc\n\t"
    "brk #1");
#elif defined(__riscv) && __riscv_xlen == 64
asm(".globl _start\n"
    "_start:\n\t"
    ".option push\n\t"
    ".option norelax\n\t"  // which would use gp
    "lla gp, __global_pointer$\n\t"
    ".option pop\n\t"
    "li fp, 0\n\t"
    "mv a0, sp\n\t"
    "call main_without_libc\n\t"
    "ebreak");
#else
#error "sysfd::spawn knows how to enter its keeper on x86-64, aarch64 and riscv64 only"
#endif

#endif  // SYSFD_SPAWN_SRC_KEEPER_ENTRY_HPP
