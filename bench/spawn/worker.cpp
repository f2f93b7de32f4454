// SPDX-License-Identifier: MIT
//
//     PROGRAM --peers              prints the peers that it has, one a line: name, version, and why
//                                  it is missing, with tabs between
//     PROGRAM PEER KEY=VALUE...    starts what it is told, as often as it is told (peers/peer.hpp)
//
// What it is told besides the keys in peers/peer.hpp:
//
//     sources=low                  the passed descriptors come from other low numbers
//     sources=swapped              ... from their own numbers, but the first two are swapped
//     sources=fresh                ... from sockets that were made last, and have high numbers
//     until=return                 measures until the caller goes on; the wait is not measured
//     batch=N                      starts N before any is waited for, and divides the time by N
//     namespaces=KIND,KIND,...     new ones for the child
//     stall=SECONDS, busy=N        does not measure the time, but see worker.hpp
#include "spawn/worker.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <ranges>
#include <string_view>
#include <thread>

namespace sysfd_bench {

Task::Task(std::span<char*> words) {
  for (const std::string word : words) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) values_[word.substr(0, equals)] = word.substr(equals + 1);
  }
}

long Task::number(const std::string& key) const {
  return std::strtol(text(key).c_str(), nullptr, 10);
}

std::string Task::text(const std::string& key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::string() : found->second;
}

void give_up(const std::string& what, int error) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(error));
  std::_Exit(2);
}

std::span<std::byte> hold_memory(std::size_t size) {
  if (size == 0) return {};
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) give_up("mmap", errno);
  return {static_cast<std::byte*>(memory), size};
}

namespace {

using Clock = std::chrono::steady_clock;

constexpr int first_source = 3;
constexpr int source_count = 32;

void open_null_as(int number) {
  if (::open("/dev/null", O_RDWR | O_CLOEXEC) != number) give_up("/dev/null", errno);
}

// Takes the low numbers that are passed later on, before anybody opens anything.
void reserve_sources() {
  ::close_range(first_source, ~0U, 0);
  for (int i = 0; i < source_count; ++i)
    open_null_as(first_source + i);
}

void hold_descriptors(long count) {
  for (long i = 0; i < count; ++i)
    if (::fcntl(first_source, F_DUPFD_CLOEXEC, first_source) < 0) give_up("fcntl", errno);
}

int fresh_socket() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) give_up("socket", errno);
  return ends[0];
}

std::vector<Passed> passed_for(const Task& task) {
  const std::string sources = task.text("sources");
  std::vector<Passed> passed;
  for (int i = 0; i < task.number("passed"); ++i) {
    const int number = first_source + i;
    if (sources == "swapped")
      passed.push_back({number, number});
    else
      passed.push_back({sources == "fresh" ? fresh_socket() : number + source_count / 2, number});
  }
  if (sources == "swapped") std::swap(passed[0].source, passed[1].source);
  return passed;
}

Request request_for(const Task& task) {
  Request request{.program = task.text("program")};
  for (long i = 0; i < task.number("arguments"); ++i)
    request.arguments.push_back("argument-" + std::to_string(i));
  request.passed = passed_for(task);
  for (const auto part : std::views::split(task.text("namespaces"), ','))
    request.namespaces.emplace_back(part.begin(), part.end());
  return request;
}

// What is measured of one thread.
struct Measure {
  int batch;
  bool until_return;
};

// Nanoseconds of each of `starts`; fewer if that takes longer than `enough`.
std::vector<double> measure(Starter& starter, const Measure& what, int starts,
                            Clock::duration enough = Clock::duration::max()) {
  std::vector<double> times;
  const auto first = Clock::now();
  for (int i = 0; i < starts && Clock::now() - first < enough; i += what.batch) {
    const auto begin = Clock::now();
    if (const int error = starter.start_many(what.batch)) give_up("start", error);
    const auto started = Clock::now();
    for (int j = 0; j < what.batch; ++j)
      if (const int error = starter.wait()) give_up("wait", error);
    const std::chrono::duration<double, std::nano> time =
        (what.until_return ? started : Clock::now()) - begin;
    times.push_back(time.count() / what.batch);
  }
  return times;
}

std::unique_ptr<Starter> make_starter(const Peer& peer, const Request& request) {
  auto starter = peer.make();
  if (const int error = starter->prepare(request)) give_up("prepare", error);
  return starter;
}

double measure_threads(const Peer& peer, const Request& request, int threads, int starts) {
  const int each = std::max(starts / threads, 1);
  const auto begin = Clock::now();
  {
    std::vector<std::jthread> all;
    for (int i = 0; i < threads; ++i)
      all.emplace_back([&] {
        measure(*make_starter(peer, request), {.batch = 1, .until_return = false}, each);
      });
  }
  const std::chrono::duration<double, std::nano> time = Clock::now() - begin;
  return time.count() / (each * threads);
}

void serve(const Peer& peer, const Request& request, const Task& task) {
  const int threads = static_cast<int>(std::max(task.number("threads"), 1L));
  const Measure what{.batch = static_cast<int>(std::max(task.number("batch"), 1L)),
                     .until_return = task.text("until") == "return"};
  const auto starter = make_starter(peer, request);
  // What the conditions have left in the caches is not to be measured.
  constexpr int warm_up = 10;
  measure(*starter, what, warm_up, std::chrono::milliseconds(30));
  for (int starts = 0; std::cin >> starts;) {
    const std::vector<double> times =
        threads > 1 ? std::vector{measure_threads(peer, request, threads, starts)}
                    : measure(*starter, what, starts);
    for (const double time : times)
      std::printf("%.0f ", time);
    std::puts("");
    std::fflush(stdout);
  }
}

void run(const Peer* peer, const Task& task) {
  const Request request = request_for(task);
  hold_descriptors(task.number("descriptors"));
  if (const std::string seconds = task.text("stall"); !seconds.empty())
    return measure_stall(peer, request, std::strtod(seconds.c_str(), nullptr));
  if (!peer) return;
  if (const long starts = task.number("busy"); starts > 0)
    return count_busy(*peer, request, static_cast<int>(starts));
  hold_memory(static_cast<std::size_t>(task.number("memory")));
  serve(*peer, request, task);
}

}  // namespace
}  // namespace sysfd_bench

int main(int argc, char** argv) {
  using namespace sysfd_bench;
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  if (wanted == "--peers") {
    for (const Peer& peer : peers())
      std::printf("%s\t%s\t%s\n", peer.name.c_str(), peer.version.c_str(), peer.missing.c_str());
    return 0;
  }
  reserve_sources();
  const std::vector<Peer> all = peers();
  const auto found = std::ranges::find(all, wanted, &Peer::name);
  if (found == all.end() && wanted != "nobody") {
    std::fprintf(stderr, "%s --peers | PEER KEY=VALUE...\n", argv[0]);
    return 2;
  }
  run(found == all.end() ? nullptr : &*found, Task({argv + 2, argv + argc}));
}
