// SPDX-License-Identifier: MIT
//
// A program without libc, so that very many of it can be started: table_checker [N:DEV:INODE...]
// checks that exactly these numbers, of 0 to 63, are open, on these files; "." as the number means
// the working directory. Its exit status is 0, or 1 + the first wrong number; 100 means the
// directory.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tcall check\n\tud2\n");
#elif defined(__aarch64__)
asm(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl check\n\tbrk #1\n");
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

unsigned long parse(const char*& text) {
  unsigned long value = 0;
  for (; *text >= '0' && *text <= '9'; ++text)
    value = value * 10 + static_cast<unsigned long>(*text - '0');
  if (*text == ':') ++text;
  return value;
}

// Returns the text after the first colon of this number's argument, or null.
const char* find(char** arguments, int wanted) {
  for (; *arguments; ++arguments) {
    const char* text = *arguments;
    if (*text != '.' && parse(text) == static_cast<unsigned long>(wanted)) return text;
  }
  return nullptr;
}

bool is_file(const struct stat& status, const char* expected) {
  const unsigned long device = parse(expected);
  return status.st_dev == device && status.st_ino == parse(expected);
}

}  // namespace

extern "C" [[noreturn]] void check(long* stack) {
  char** arguments = reinterpret_cast<char**>(stack + 2);  // after their count and the name
  struct stat status;
  for (int fd = 0; fd < 64; ++fd) {
    const char* expected = find(arguments, fd);
    const bool is_open = call(SYS_fstat, fd, reinterpret_cast<long>(&status)) == 0;
    if (is_open != (expected != nullptr) || (is_open && !is_file(status, expected))) end(1 + fd);
  }
  for (; *arguments; ++arguments) {
    if (**arguments != '.') continue;
    if (call(SYS_newfstatat, AT_FDCWD, reinterpret_cast<long>("."),
             reinterpret_cast<long>(&status)) != 0 ||
        !is_file(status, *arguments + 2))
      end(100);
  }
  end(0);
}
