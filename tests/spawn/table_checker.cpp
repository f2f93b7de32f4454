// SPDX-License-Identifier: MIT
//
// A program without libc, so that very many of it can be started: table_checker [N:DEV:INODE...]
// checks that exactly these numbers, of 0 to 63, are open, on these files; "." as the number means
// the working directory. Its exit status is 0, or 1 + the first wrong number; 100 means the
// directory.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <sysfd/detail/raw_syscall.hpp>

#include "keeper/entry.hpp"

namespace {

using sysfd::detail::system_call;

[[noreturn]] void end(int code) {
  for (;;)
    system_call(SYS_exit_group, code);
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

void main_without_libc(long* stack) noexcept {
  char** arguments = reinterpret_cast<char**>(stack + 2);  // after their count and the name
  struct stat status;
  for (int fd = 0; fd < 64; ++fd) {
    const char* expected = find(arguments, fd);
    const bool is_open = system_call(SYS_fstat, fd, &status) == 0;
    if (is_open != (expected != nullptr) || (is_open && !is_file(status, expected))) end(1 + fd);
  }
  for (; *arguments; ++arguments) {
    if (**arguments != '.') continue;
    if (system_call(SYS_newfstatat, AT_FDCWD, ".", &status, 0) != 0 ||
        !is_file(status, *arguments + 2))
      end(100);
  }
  end(0);
}
