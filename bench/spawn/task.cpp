// SPDX-License-Identifier: MIT
#include "spawn/task.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include <sysfd/create.hpp>

namespace sysfd_bench {
namespace {

constexpr int first_source = 3;
constexpr int source_count = 32;

}  // namespace

std::vector<Passed> numbers_for(Passing passing) {
  std::vector<Passed> passed;
  passed.reserve(static_cast<std::size_t>(passed_count(passing)));
  for (int i = 0; i < passed_count(passing); ++i)
    passed.push_back({first_source + source_count / 2 + i, first_source + i});
  if (passing != Passing::five_swapped) return passed;
  for (Passed& each : passed)
    each.source = each.number;
  std::swap(passed[0].source, passed[1].source);
  return passed;
}

int passed_count(Passing passing) {
  switch (passing) {
    case Passing::none: return 0;
    case Passing::three:
    case Passing::three_fresh: return 3;
    case Passing::five_swapped: return 5;
    case Passing::sixteen: return 16;
  }
  return 0;
}

void reserve_sources() {
  ::close_range(first_source, ~0U, 0);
  for (int i = 0; i < source_count; ++i)
    if (::open("/dev/null", O_RDWR | O_CLOEXEC) != first_source + i) std::abort();
}

Preparation::Preparation(const Task& task) {
  meet(task.conditions);
  request_.program = task.real_program ? "/bin/true" : BENCH_CHILD;
  for (std::size_t i = 0; i < task.arguments; ++i)
    request_.arguments.push_back("argument-" + std::to_string(i));
  request_.passed = numbers_for(task.passing);
  if (task.passing != Passing::three_fresh) return;
  for (Passed& each : request_.passed) {
    auto [first, second] = *sysfd::socket_pair(SOCK_STREAM);
    fresh_.push_back(std::move(first));
    each.source = fresh_.back().get();
  }
}

}  // namespace sysfd_bench
