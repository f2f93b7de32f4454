// SPDX-License-Identifier: MIT
//
// What is measured of a peer: which program it starts, with what, in which state of the parent.
#ifndef SYSFD_BENCH_SPAWN_TASK_HPP
#define SYSFD_BENCH_SPAWN_TASK_HPP

#include <string>
#include <vector>

#include <sysfd/owned_fd.hpp>

#include "peers/peer.hpp"
#include "support/conditions.hpp"

namespace sysfd_bench {

enum class Passing {
  none,
  three,         // from other numbers to 3, 4, 5
  five_swapped,  // 3 to 7 under their own numbers, but 3 and 4 swapped
  sixteen,       // from other numbers to 3, 4, ...
  three_fresh,   // sockets that were made last, and have the highest numbers, to 3, 4, 5
};

enum class Measured {
  start_and_wait,
  start_only,  // until the caller goes on; the wait follows, unmeasured
};

struct Task {
  Conditions conditions{};
  Passing passing = Passing::none;
  std::size_t arguments = 0;
  bool real_program = false;  // /bin/true, else the minimal child
  int threads = 1;            // that start at once; more than none: not on one processor
  bool pinned = true;
  Measured measured = Measured::start_and_wait;
  int batch = 1;  // so many are started before any is waited for; what is measured is divided by it
};

int passed_count(Passing passing);
// With the sources that are there from the start; those that are to be fresh are others.
std::vector<Passed> numbers_for(Passing passing);

// Takes the low numbers that are passed later on. To be called before the program opens anything.
void reserve_sources();

// What a task starts, under its conditions, with the descriptors that it opens for that.
class Preparation {
 public:
  explicit Preparation(const Task& task);
  const Request& request() const noexcept { return request_; }

 private:
  std::vector<sysfd::OwnedFd> fresh_;
  Request request_;
};

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_SPAWN_TASK_HPP
