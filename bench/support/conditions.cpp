// SPDX-License-Identifier: MIT
#include "support/conditions.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include <sysfd/create.hpp>

namespace sysfd_bench {
namespace {

constexpr std::size_t gibibyte = std::size_t{1} << 30;
constexpr std::size_t own_descriptors = 1000;  // more than the program and its libraries need

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(2);
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

std::span<std::byte>& held() {
  static std::span<std::byte> span;
  return span;
}

void hold_memory(std::size_t bytes) {
  if (bytes == held().size()) return;
  if (!held().empty()) ::munmap(held().data(), held().size());
  held() = {};
  if (bytes == 0) return;
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) give_up("mmap");
  held() = {static_cast<std::byte*>(memory), bytes};
}

void hold_variables(std::size_t count) {
  ::clearenv();
  ::setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
  for (std::size_t i = 1; i < count; ++i)
    ::setenv(("BENCH_VARIABLE_" + std::to_string(i)).c_str(), "a value of usual length", 1);
}

std::size_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string word;
  std::size_t kibibytes = 0;
  while (file >> word)
    if (word == "MemAvailable:" && file >> kibibytes) break;
  return kibibytes * 1024;
}

}  // namespace

void set_limits() {
  ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(descriptor_limit, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string cannot_meet(const Conditions& conditions, std::size_t reserve) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (conditions.descriptors + own_descriptors > limit.rlim_cur)
    return "RLIMIT_NOFILE is " + std::to_string(limit.rlim_cur);
  // Half as much again, so that nobody else is pushed out.
  const std::size_t needed =
      conditions.memory == 0 ? 0 : conditions.memory + conditions.memory / 2 + reserve;
  const std::size_t available = available_memory();
  if (needed > available)
    return "needs " + std::to_string((needed + gibibyte - 1) / gibibyte) + " GiB of free memory";
  return {};
}

bool meet(const Conditions& conditions) {
  static Conditions present{.memory = 0, .descriptors = 0, .variables = 0};
  if (conditions == present) return false;
  if (conditions.variables != present.variables) hold_variables(conditions.variables);
  hold_descriptors(conditions.descriptors);
  hold_memory(conditions.memory);
  present = conditions;
  return true;
}

std::span<std::byte> held_memory() {
  return held();
}

bool use_processor(std::size_t number) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(number, &processors);
  return ::sched_setaffinity(0, sizeof processors, &processors) == 0;
}

void stay_on_one_processor() {
  static const auto number = static_cast<std::size_t>(::sched_getcpu());
  if (!use_processor(number)) give_up("sched_setaffinity");
}

void use_all_processors() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  for (std::size_t i = 0; i < CPU_SETSIZE; ++i)
    CPU_SET(i, &processors);  // those that there are not do not count
  if (::sched_setaffinity(0, sizeof processors, &processors) != 0) give_up("sched_setaffinity");
}

}  // namespace sysfd_bench
