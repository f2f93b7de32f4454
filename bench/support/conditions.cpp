// SPDX-License-Identifier: MIT
#include "support/conditions.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include <sysfd/create.hpp>

namespace sysfd_bench {
namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(2);
}

}  // namespace

void stay_on_one_processor() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &processors);
  if (::sched_setaffinity(0, sizeof processors, &processors) != 0) give_up("sched_setaffinity");
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  constexpr std::size_t own = 50;
  return static_cast<std::size_t>(limit.rlim_cur) - own;
}

void hold_descriptors(std::size_t count) {
  static const auto null = sysfd::open(sysfd::cwd(), "/dev/null", O_RDONLY);
  static std::vector<sysfd::OwnedFd> held;
  while (held.size() > count)
    held.pop_back();
  while (held.size() < count) {
    auto another = null->duplicate();
    if (!another) give_up("hold_descriptors");
    held.push_back(*std::move(another));
  }
}

void hold_memory(std::size_t bytes) {
  static void* held = nullptr;
  static std::size_t held_size = 0;
  if (bytes == held_size) return;
  if (held) ::munmap(held, held_size);
  held = nullptr;
  held_size = bytes;
  if (bytes == 0) return;
  held = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (held == MAP_FAILED) give_up("mmap");
  ::madvise(held, bytes, MADV_NOHUGEPAGE);
  constexpr std::size_t page = 4096;
  for (std::size_t offset = 0; offset < bytes; offset += page)
    static_cast<volatile char*>(held)[offset] = 1;
}

}  // namespace sysfd_bench
