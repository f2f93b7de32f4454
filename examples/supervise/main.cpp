// SPDX-License-Identifier: MIT
//
// A small supervisor of one service: it listens on addresses, starts the service when a client
// connects, passes it the sockets the way systemd does (LISTEN_FDS), and starts it again after it
// has ended. Connections are never refused in between: they wait for the next service.
//
//     supervise -l /run/app.sock -l web=127.0.0.1:8080 -- /usr/bin/app --flag
#include <getopt.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sysfd/listen_fds.hpp>

#include "listener.hpp"
#include "supervisor.hpp"

namespace {

using supervise::Listener;
using supervise::Settings;

constexpr const char usage[] =
    R"(usage: supervise [-l [NAME=]ADDRESS]... [OPTION]... [--] PROGRAM [ARGUMENT]...

Starts PROGRAM when somebody connects, and passes it the listening sockets as sd_listen_fds(3)
finds them. When it ends, the next connection starts it again; after a failure, it first waits for a
pause that doubles each time.

  -l, --listen [NAME=]ADDRESS  /path, @abstract, PORT, 127.0.0.1:PORT or [::1]:PORT; may be given
                               several times. Sockets that supervise itself was given by a service
                               manager are passed on as well.
      --first-pause MS         after the first failure (100)
      --longest-pause MS       after many (10000); a service that ran longer starts from the first
      --stop-timeout MS        from SIGTERM to SIGKILL when it is to stop (5000)

SIGTERM and SIGINT stop the service and supervise, a second one at once. SIGHUP is passed on.
)";

[[noreturn]] void fail(const std::string& why) {
  std::cerr << "supervise: " << why << '\n';
  std::exit(2);
}

std::chrono::milliseconds milliseconds(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || end != text.end() || number < 0)
    fail('"' + std::string(text) + "\" is no number of milliseconds");
  return std::chrono::milliseconds(number);
}

void take_given(std::vector<Listener>& listeners) {
  auto given = sysfd::ListenFds::take();
  if (!given) {
    const auto kind = given.error().kind;
    const bool is_for_us = kind != sysfd::ListenErrorKind::not_activated &&
                           kind != sysfd::ListenErrorKind::other_process;
    if (is_for_us) fail(given.error().describe());
    return;
  }
  for (std::size_t i = 0; i < given->size(); ++i) {
    auto fd = given->take(i, sysfd::FdType::stream_listener());
    if (!fd) fail(fd.error().describe());
    listeners.push_back({given->name(i), "what was given", *std::move(fd)});
  }
}

Settings read_arguments(int argc, char** argv, std::vector<Listener>& listeners) {
  enum { help = 256, first_pause, longest_pause, stop_timeout };
  static const option options[] = {
      {"listen", required_argument, nullptr, 'l'},
      {"help", no_argument, nullptr, help},
      {"first-pause", required_argument, nullptr, first_pause},
      {"longest-pause", required_argument, nullptr, longest_pause},
      {"stop-timeout", required_argument, nullptr, stop_timeout},
      {},
  };
  Settings settings;
  for (int found = 0; (found = ::getopt_long(argc, argv, "+l:", options, nullptr)) != -1;) {
    switch (found) {
      case 'l': {
        auto listener = supervise::listen_on(optarg);
        if (!listener) fail(listener.error());
        listeners.push_back(*std::move(listener));
        break;
      }
      case first_pause: settings.first_pause = milliseconds(optarg); break;
      case longest_pause: settings.longest_pause = milliseconds(optarg); break;
      case stop_timeout: settings.stop_timeout = milliseconds(optarg); break;
      case help: std::cout << usage; std::exit(0);
      default: std::cerr << usage; std::exit(2);
    }
  }
  settings.service.assign(argv + optind, argv + argc);
  if (settings.service.empty()) fail("no program to start");
  if (listeners.empty()) fail("nothing to listen on");
  return settings;
}

// The signals are read from a signalfd; the service starts with none blocked.
void block_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signo : {SIGTERM, SIGINT, SIGHUP})
    ::sigaddset(&signals, signo);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<Listener> listeners;
  take_given(listeners);
  Settings settings = read_arguments(argc, argv, listeners);
  block_signals();
  return supervise::Supervisor(std::move(settings), std::move(listeners)).run();
} catch (const std::system_error& error) {
  fail(error.what());
}
