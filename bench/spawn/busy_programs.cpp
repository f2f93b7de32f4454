// SPDX-License-Identifier: MIT
#include "spawn/busy_programs.hpp"

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/create.hpp>

#include "peers/peer.hpp"
#include "support/conditions.hpp"

namespace sysfd_bench {
namespace {

constexpr int thread_count = 16;

// A directory that goes away with all in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(std::filesystem::temp_directory_path() / "sysfd-bench-XXXXXX") {
    if (!::mkdtemp(path_.data())) std::abort();
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

std::string content_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Closed again when this returns.
bool write_program(const std::string& path, const std::string& content) {
  const auto file = sysfd::open(sysfd::cwd(), path, O_WRONLY | O_CREAT | O_EXCL, 0700);
  return file && ::write(file->get(), content.data(), content.size()) ==
                     static_cast<ssize_t>(content.size());
}

// How many could not be started.
int start_fresh_ones(Starter& starter, const std::string& prefix, const std::string& content,
                     int count) {
  int failed = 0;
  for (int i = 0; i < count; ++i) {
    const std::string path = prefix + std::to_string(i);
    if (!write_program(path, content)) std::abort();
    // The ones by hand tell an error of execve only when they are waited for.
    const bool success =
        starter.prepare({.program = path}) == 0 && starter.start() == 0 && starter.wait() == 0;
    if (!success) ++failed;
    ::unlink(path.c_str());
  }
  return failed;
}

void run(benchmark::State& state, const Peer& peer, int count) {
  use_all_processors();
  const TemporaryDirectory directory;
  const std::string content = content_of(BENCH_CHILD);
  std::atomic<int> failed = 0;
  for ([[maybe_unused]] auto _ : state) {
    std::vector<std::jthread> threads;
    threads.reserve(thread_count);
    for (int i = 0; i < thread_count; ++i)
      threads.emplace_back([&, i] {
        failed += start_fresh_ones(*peer.make(), directory.path() + "/" + std::to_string(i) + "-",
                                   content, count);
      });
  }
  state.counters["starts"] = thread_count * count;
  state.counters["busy"] = failed.load();
}

}  // namespace

void add_busy_programs(int starts_of_each_thread) {
  for (const char* name :
       {"fork+execve", "vfork+execve", "posix_spawn", "sysfd", "sysfd, retry_busy"})
    benchmark::RegisterBenchmark(
        name, [&peer = peer_named(name), starts_of_each_thread](
                  benchmark::State& state) { run(state, peer, starts_of_each_thread); })
        ->Iterations(1)
        ->Repetitions(1)
        ->UseRealTime();
}

}  // namespace sysfd_bench
