// SPDX-License-Identifier: MIT
//
// The program of the keeper (keeper.cpp) as data of the library.
asm(".section .rodata.sysfd_keeper_program, \"a\"\n"
    ".globl sysfd_keeper_program, sysfd_keeper_program_end\n"
    ".hidden sysfd_keeper_program, sysfd_keeper_program_end\n"
    ".balign 16\n"
    "sysfd_keeper_program:\n"
    ".incbin \"" SYSFD_KEEPER_FILE
    "\"\n"
    "sysfd_keeper_program_end:\n"
    ".previous");
