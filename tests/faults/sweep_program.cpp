// SPDX-License-Identifier: MIT
//
// What swept operations start: a program without libc, at an address of its own, by which the
// filter knows its calls (swept_run.cpp). sweep_program WORD: "exit" ends with status 7; "copy"
// writes what it reads, and ends with 0; "wait" waits for a signal; "true" ends with 0.
#include <sys/syscall.h>

#include <sysfd/detail/raw_syscall.hpp>

#include "keeper/entry.hpp"

namespace {

using sysfd::detail::system_call;

[[noreturn]] void end(int code) {
  for (;;)
    system_call(SYS_exit_group, code);
}

int copy() {
  char buffer[512];
  for (;;) {
    const long size = system_call(SYS_read, 0, buffer, sizeof buffer);
    if (size <= 0) return size == 0 ? 0 : 1;
    if (system_call(SYS_write, 1, buffer, size) != size) return 2;
  }
}

}  // namespace

extern "C" [[noreturn]] void main_without_libc(long* stack) noexcept {
  const char* const word = stack[0] > 1 ? reinterpret_cast<const char*>(stack[2]) : "true";
  switch (word[0]) {
    case 'e': end(7);
    case 'c': end(copy());
    case 'w':
      for (;;)
        system_call(SYS_ppoll, 0, 0, 0, 0);
    default: end(0);
  }
}
