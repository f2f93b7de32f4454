// SPDX-License-Identifier: MIT
#ifndef SYSFD_EXAMPLES_SUPERVISE_SUPERVISOR_HPP
#define SYSFD_EXAMPLES_SUPERVISE_SUPERVISOR_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/prepared_command.hpp>

#include "listener.hpp"

namespace supervise {

struct Settings {
  std::vector<std::string> service;  // the program and its arguments
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds longest_pause{10'000};
  std::chrono::milliseconds stop_timeout{5'000};
};

// Starts the service when a client connects, and again after it has ended. The service gets the
// listeners as from a service manager. They stay open here as well, so that a connection that
// arrives while no service runs waits for the next one, and is not refused.
class Supervisor {
 public:
  Supervisor(Settings settings, std::vector<Listener> listeners);

  // Runs until SIGTERM or SIGINT, which must be blocked. Returns the exit status.
  int run();

 private:
  enum class State {
    waiting,   // for a connection
    running,   // the service
    pausing,   // after a failure
    stopping,  // the service, to exit afterwards
    ended,
  };
  enum class Source : std::uint64_t { signals, timer, service, listener };

  void watch(sysfd::BorrowedFd fd, Source source);
  void watch_listeners(bool on);
  void set_timer(std::chrono::milliseconds delay);
  void handle(Source source);
  void handle_signal();
  void handle_timer();
  void handle_end();
  void start();
  bool has_run_for(std::chrono::milliseconds time) const;
  void wait_for_connection();
  void pause();
  void stop();

  Settings settings_;
  std::vector<Listener> listeners_;
  sysfd::PreparedCommand command_;
  sysfd::OwnedFd epoll_, signals_, timer_;
  std::optional<sysfd::Child> service_;
  State state_ = State::waiting;
  bool watches_listeners_ = false;
  int failures_ = 0;  // in succession
  std::chrono::steady_clock::time_point started_;
};

}  // namespace supervise

#endif  // SYSFD_EXAMPLES_SUPERVISE_SUPERVISOR_HPP
