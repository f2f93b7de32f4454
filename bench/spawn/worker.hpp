// SPDX-License-Identifier: MIT
//
// What a peer's program does with its Starter: see peers/peer.hpp.
#ifndef SYSFD_BENCH_SPAWN_WORKER_HPP
#define SYSFD_BENCH_SPAWN_WORKER_HPP

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "peers/peer.hpp"

namespace sysfd_bench {

// What a program is told to do: words "key=value".
class Task {
 public:
  explicit Task(std::span<char*> words);
  long number(const std::string& key) const;       // 0 if nothing is said
  std::string text(const std::string& key) const;  // empty if nothing is said

 private:
  std::map<std::string, std::string> values_;
};

// Ends the program with a message.
[[noreturn]] void give_up(const std::string& what, int error);

// Memory of this size, in which each page is present.
std::span<std::byte> hold_memory(std::size_t size);

// How long other threads of the parent come to a halt while it starts programs: one writes to a GiB
// of memory, in small units of work, and notes how long each took; another starts one program after
// the other, on another processor, for so many seconds. Prints the median, 99.9 % and longest unit
// in nanoseconds, and the number of starts. Without a peer nothing is started, to show what is
// there anyway.
void measure_stall(const Peer* peer, const Request& request, double seconds);

// Programs that have just been written: 16 threads each write one, close it and start it. Where a
// child that another thread is just starting still has the descriptor that it was written by,
// execve fails with ETXTBSY. Prints the number of starts, and of those that failed.
void count_busy(const Peer& peer, const Request& request, int starts_of_each_thread);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SPAWN_WORKER_HPP
