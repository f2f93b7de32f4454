// SPDX-License-Identifier: MIT
//
// What the benchmark knows of those that start programs: one file for each beside this one. A peer
// is used as its own documentation says for "start a program, wait until it has ended", in the
// fastest way that is correct; its comment says what it does and does not do.
#ifndef SYSFD_BENCH_PEERS_PEER_HPP
#define SYSFD_BENCH_PEERS_PEER_HPP

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sysfd_bench {

// A descriptor of this process, and its number in the child.
struct Passed {
  int source;
  int number;
};

// What is to be started. The environment is this process's.
struct Request {
  std::string program;                   // a path
  std::vector<std::string> arguments{};  // behind argument 0, which is the path
  std::vector<Passed> passed{};
};

// Starts one and the same program again and again. Used by one thread.
class Starter {
 public:
  Starter() = default;
  Starter(const Starter&) = delete;
  Starter& operator=(const Starter&) = delete;
  virtual ~Starter() = default;

  // What can be said once; not measured. Answers are 0 or an errno value, here and below.
  virtual int prepare(const Request& request) = 0;

  // Starts one, or so many; more may be started before the first one is waited for.
  virtual int start() = 0;
  virtual int start_many(int count);

  // Waits until one of those that were started has ended, and reaps it. An error also if it failed.
  virtual int wait() = 0;
};

// What one has to know to compare fairly.
struct Traits {
  std::string starts_by;          // the system call
  std::string other_descriptors;  // what becomes of descriptors that were not passed
  std::string passes;             // which descriptors it can give the child
  std::string waits_by;
};

struct Peer {
  std::string name;
  std::string missing{};  // why it is not here; then the rest is empty
  std::string version{};
  Traits traits{};
  // Why it cannot do this; empty if it can.
  std::function<std::string(const Request&)> cannot = [](const Request&) { return std::string(); };
  // In this process...
  std::function<std::unique_ptr<Starter>()> make{};
  // ... or in one of its own: its first arguments. Then come: the program to start, how many times,
  // bytes of memory, descriptors, passed descriptors, threads, arguments of the program. It prints
  // {"nanoseconds": [...]}: of each start, or with threads the time that one took on average.
  std::vector<std::string> command{};

  bool in_tables = true;     // else for one case only
  bool runs_to_end = false;  // start() waits, too

  bool is_program() const { return !command.empty(); }
};

// Each in a file of its own; those that CMake does not find are not defined.
Peer vfork_peer();
Peer fork_peer();
Peer posix_spawn_peer();
Peer posix_spawn_closing_peer();
Peer pidfd_spawn_peer();
Peer sysfd_peer();
Peer sysfd_prepared_peer();
Peer sysfd_status_peer();
Peer sysfd_prepared_status_peer();
Peer sysfd_async_peer();
Peer sysfd_all_peer();
Peer sysfd_retrying_peer();
Peer libuv_peer();
Peer glib_peer();
Peer glib_leaving_open_peer();
Peer boost_peer();
Peer qt_peer();
Peer poco_peer();
Peer rust_peer();
Peer go_peer();
Peer python_peer();
Peer node_peer();

// All of them, also those that are missing.
const std::vector<Peer>& all_peers();
// The one of this name. Stops the program if there is none.
const Peer& peer_named(const std::string& name);

// For `cannot`: a peer that knows nothing but the standard streams.
std::string passes_nothing(const Request& request);

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_PEERS_PEER_HPP
