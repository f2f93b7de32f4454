// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "spawn/worker.hpp"

namespace sysfd_bench {
namespace {

constexpr int thread_count = 16;

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Closed again when this returns.
void write_program(const std::string& path, const std::string& content) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  if (::write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    give_up(path, errno);
  ::close(file);
}

// How many could not be started.
int start_fresh_ones(Starter& starter, const std::string& prefix, const std::string& content,
                     int count) {
  int failed = 0;
  for (int i = 0; i < count; ++i) {
    const std::string path = prefix + std::to_string(i);
    write_program(path, content);
    // The ones by hand tell an error of execve only when they are waited for.
    const bool success =
        starter.prepare({.program = path}) == 0 && starter.start() == 0 && starter.wait() == 0;
    if (!success) ++failed;
    ::unlink(path.c_str());
  }
  return failed;
}

}  // namespace

void count_busy(const Peer& peer, const Request& request, int starts_of_each_thread) {
  std::string directory = std::filesystem::temp_directory_path() / "sysfd-bench-XXXXXX";
  if (!::mkdtemp(directory.data())) give_up(directory, errno);
  const std::string content = content_of(request.program);
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < thread_count; ++i)
      threads.emplace_back([&, i] {
        failed += start_fresh_ones(*peer.make(), directory + "/" + std::to_string(i) + "-", content,
                                   starts_of_each_thread);
      });
  }
  std::filesystem::remove_all(directory);
  std::printf("%d %d\n", thread_count * starts_of_each_thread, failed.load());
}

}  // namespace sysfd_bench
