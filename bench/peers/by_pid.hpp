// SPDX-License-Identifier: MIT
//
// What the peers share that start by hand: argument vectors, descriptors in a safe order, and
// waiting by process number.
#ifndef SYSFD_BENCH_PEERS_BY_PID_HPP
#define SYSFD_BENCH_PEERS_BY_PID_HPP

#include <sys/types.h>

#include <deque>
#include <string>
#include <vector>

#include "peers/peer.hpp"

namespace sysfd_bench {

// One dup2(2) of the child.
struct Move {
  int source;
  int number;  // the same as `source`: only close-on-exec is to be cleared
  bool aside;  // only to have it out of the way: not for the program
};

// In an order in which nothing is overwritten that is still needed: the last of a circle is moved
// aside first.
std::vector<Move> in_safe_order(std::vector<Passed> passed);

// The highest number that the child needs, or one above it.
int above_all(const std::vector<Move>& moves);

// In the child: what `moves` says, by system calls alone. False: one has failed.
bool do_moves(const std::vector<Move>& moves) noexcept;

// argv of a request, ended by a null pointer.
class ArgumentVector {
 public:
  void assign(const Request& request);
  char** get() noexcept { return pointers_.data(); }
  const char* program() const noexcept { return strings_.front().c_str(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

// waitpid(2) of a child that should succeed. 0 or an errno value; ECANCELED if it failed.
int wait_for_pid(pid_t pid);

class StarterByPid : public Starter {
 public:
  int prepare(const Request& request) override;
  int wait() override;

 protected:
  ArgumentVector& arguments() noexcept { return arguments_; }
  const std::vector<Move>& moves() const noexcept { return moves_; }
  int start_by_vfork();
  // A process number, or a descriptor where a class waits by that.
  void started(int child) { children_.push_back(child); }
  int next() {
    const int child = children_.front();
    children_.pop_front();
    return child;
  }

 private:
  ArgumentVector arguments_;
  std::vector<Move> moves_;
  std::deque<int> children_;
};

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_PEERS_BY_PID_HPP
