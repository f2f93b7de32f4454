// SPDX-License-Identifier: MIT
//
// sysfd::track_close: a program that links to this has its own close(2) and the like. They stop the
// program if they would close a number that an OwnedFd owns, and otherwise do what those of glibc
// do. A part of the build only with SYSFD_TRACK_OWNERSHIP.
//
// A process that fork(2) made, and a child that shares its memory (vfork(2)), may close all numbers
// before it executes a program. So these check only in the process that loaded the program.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdio>

#include <sysfd/detail/ownership.hpp>
#include <sysfd/detail/raw_syscall.hpp>

#include "owner_table.hpp"

// glibc's close(2) and dup2(2), by their other names. __close() is a cancellation point, too.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" int __close(int fd);
extern "C" int __dup2(int from, int to) noexcept;
// The thread sanitizer's close(2), in a program that was built with it.
extern "C" [[gnu::weak]] int __interceptor_close(int fd);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace {

using sysfd::detail::check_foreign_close;
using sysfd::detail::most_tracked_numbers;
using sysfd::detail::owner_of;
using sysfd::detail::system_call;

// The number of the process that loaded the program, on a page that is zero in its forked copies.
std::atomic<std::atomic<pid_t>*> original = nullptr;

[[gnu::constructor]] void note_process() noexcept {
  constexpr std::size_t size = sizeof(std::atomic<pid_t>);
  void* const page =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (::madvise(page, size, MADV_WIPEONFORK) == -1) return;
  static_cast<std::atomic<pid_t>*>(page)->store(static_cast<pid_t>(system_call(SYS_getpid)));
  original = static_cast<std::atomic<pid_t>*>(page);
}

bool is_original() noexcept {
  const auto* const page = original.load();
  return page && page->load() == system_call(SYS_getpid);
}

constexpr unsigned close_range_unshare = 2, close_range_cloexec = 4;

template <class Function>
Function* next(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// In each of the functions below: the program is about to close `fd`, by a call of this name.
[[gnu::always_inline]] inline void check(int fd, const char* name) noexcept {
  if (owner_of(fd) && is_original())
    check_foreign_close(fd, name, __builtin_return_address(0), nullptr);
}

[[gnu::always_inline]] inline void check_range(unsigned first, unsigned last,
                                               const char* name) noexcept {
  for (unsigned fd = first; fd <= std::min(last, most_tracked_numbers - 1); ++fd)
    check(static_cast<int>(fd), name);
}

}  // namespace

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's are reserved names
extern "C" {

// The linker takes this file, and keeps it, for this name (see CMakeLists.txt).
void sysfd_track_close() noexcept {}

[[gnu::visibility("default")]] int close(int fd) {
  check(fd, "close(2)");
  return &__interceptor_close ? __interceptor_close(fd) : __close(fd);
}

[[gnu::visibility("default")]] int dup2(int from, int to) noexcept {
  if (from != to) check(to, "dup2(2)");
  return __dup2(from, to);
}

[[gnu::visibility("default")]] int dup3(int from, int to, int flags) noexcept {
  if (from != to) check(to, "dup3(2)");
  return static_cast<int>(::syscall(SYS_dup3, from, to, flags));
}

[[gnu::visibility("default")]] int close_range(unsigned first, unsigned last, int flags) noexcept {
  if ((static_cast<unsigned>(flags) & (close_range_unshare | close_range_cloexec)) == 0)
    check_range(first, last, "close_range(2)");
  return static_cast<int>(::syscall(SYS_close_range, first, last, flags));
}

[[gnu::visibility("default")]] void closefrom(int first) noexcept {
  const auto from = static_cast<unsigned>(std::max(first, 0));
  check_range(from, UINT_MAX, "closefrom(3)");
  static const auto next_closefrom = next<void(int)>("closefrom");
  next_closefrom(first);
}

[[gnu::visibility("default")]] int fclose(FILE* stream) {
  check(::fileno(stream), "fclose(3)");
  static const auto next_fclose = next<int(FILE*)>("fclose");
  return next_fclose(stream);
}

[[gnu::visibility("default")]] int closedir(DIR* directory) {
  check(::dirfd(directory), "closedir(3)");
  static const auto next_closedir = next<int(DIR*)>("closedir");
  return next_closedir(directory);
}

}  // extern "C"
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
