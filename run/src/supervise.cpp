// SPDX-License-Identifier: MIT
#include "supervise.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sysfd/child.hpp>

#include "terminal.hpp"
#include "tracer.hpp"
#include "why.hpp"

namespace sysfd_run {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

// Those that ask a program to end, or tell it something. What stops and continues a job is left
// alone: sysfd-run, the program and all that it starts are one job of the shell, and stop together.
constexpr int forwarded[] = {SIGHUP,  SIGINT,   SIGQUIT,   SIGTERM, SIGUSR1, SIGUSR2,
                             SIGALRM, SIGWINCH, SIGVTALRM, SIGPROF, SIGPWR};

// Blocks the signals to forward. Those that are ignored are forwarded, too: if the program ignores
// them, as it does unless it says otherwise, nothing happens.
sigset_t block_signals(bool traces) {
  sigset_t set;
  ::sigemptyset(&set);
  if (traces) ::sigaddset(&set, SIGCHLD);
  for (const int signo : forwarded)
    ::sigaddset(&set, signo);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

class Supervisor {
 public:
  Supervisor(const Settings& settings, sysfd::Child child, sysfd::OwnedFd signals,
             Clock::time_point start)
      : settings_(settings), child_(std::move(child)), signals_(std::move(signals)), start_(start) {
    outcome_.containment = child_->containment();
  }

  Checked<Outcome> run(const Launch& launch) {
    std::optional<Denials> denials;
    if (settings_.why) {
      denials.emplace(settings_, launch.confined->ruleset);
      tracer_.emplace(*child_, *denials);
      if (auto done = tracer_->attach(); !done) return std::unexpected(done.error());
    }
    if (!wait_until(deadline())) end_at_deadline();
    // A status that is lost (SIGCHLD is ignored, before Linux 6.15) leaves the reason "not known".
    if (auto ending = child_->ending()) outcome_.ending = *ending;
    if (auto usage = child_->usage()) outcome_.cgroup = *usage;
    if (denials) write_out(2, denials->describe());
    child_.reset();  // with what is left of its tree
    outcome_.wall = Clock::now() - start_;
    ::getrusage(RUSAGE_CHILDREN, &outcome_.used);
    return outcome_;
  }

 private:
  std::optional<Clock::time_point> deadline() const {
    if (!settings_.deadline) return std::nullopt;
    return after(start_, *settings_.deadline);
  }

  static Clock::time_point after(Clock::time_point start, nanoseconds time) {
    return Clock::time_point::max() - start < time ? Clock::time_point::max() : start + time;
  }

  // Forwards signals until the program has ended. False: it has not, at that time.
  bool wait_until(std::optional<Clock::time_point> end) {
    for (;;) {
      pollfd entries[] = {{.fd = child_->fd().get(), .events = POLLIN, .revents = 0},
                          {.fd = signals_.get(), .events = POLLIN, .revents = 0}};
      timespec left{};
      if (end) {
        const nanoseconds rest = std::max(nanoseconds(0), nanoseconds(*end - Clock::now()));
        left.tv_sec = rest.count() / 1'000'000'000;
        left.tv_nsec = rest.count() % 1'000'000'000;
      }
      const int count = ::ppoll(entries, 2, end ? &left : nullptr, nullptr);
      if (count == 0) return false;
      if (count < 0) continue;
      if (entries[1].revents != 0) handle_signal();
      if (entries[0].revents == 0) continue;
      stop_tracing();
      static_cast<void>(child_->wait());  // ending() has the status
      return true;
    }
  }

  // A process that is traced does not end for its parent.
  void stop_tracing() {
    if (tracer_) tracer_->detach();
    tracer_.reset();
  }

  void handle_signal() {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
    if (info.ssi_signo == SIGCHLD) {
      if (tracer_) tracer_->handle_stops();
      return;
    }
    // What the terminal sends, it sends to the whole job, and so to the program as well.
    if (info.ssi_code == SI_KERNEL && !settings_.session) return;
    const int signo = static_cast<int>(info.ssi_signo);
    if (child_->pidfd().send_signal(signo)) outcome_.forwarded = signo;
  }

  void end_at_deadline() {
    outcome_.deadline = true;
    stop_tracing();
    if (settings_.is_contained() && !settings_.signal) {
      // A signal meanwhile is one more wish for the end, and ends the patience.
      static_cast<void>(
          child_->terminate(sysfd::Timeout(settings_.kill_after).canceled_by(signals_)));
      return;
    }
    const int signo = settings_.signal.value_or(SIGTERM);
    static_cast<void>(child_->pidfd().send_signal(signo));
    if (signo != SIGKILL && signo != SIGCONT)  // it may be stopped, and would not notice
      static_cast<void>(child_->pidfd().send_signal(SIGCONT));
    if (wait_until(after(Clock::now(), settings_.kill_after))) return;
    static_cast<void>(child_->pidfd().send_signal(SIGKILL));
    wait_until(after(Clock::now(), std::chrono::seconds(1)));
  }

  const Settings& settings_;
  std::optional<sysfd::Child> child_;
  sysfd::OwnedFd signals_;
  Clock::time_point start_;
  std::optional<Tracer> tracer_;
  Outcome outcome_;
};

}  // namespace

Checked<Outcome> supervise(const Settings& settings, Launch& launch) {
  const TerminalOwner terminal;
  const sigset_t set = block_signals(settings.why);
  auto signals = sysfd::OwnedFd::from_syscall(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return complain({"a signalfd: ", message_of(signals.error())});
  if (settings.parent_death != 0 && ::prctl(PR_SET_PDEATHSIG, settings.parent_death) != 0)
    return complain({"--parent-death: ", message_of({errno, std::system_category()})});
  const auto start = Clock::now();
  auto child = launch.command.spawn();
  if (!child) return std::unexpected(describe_failure(settings, child.error()));
  return Supervisor(settings, std::move(*child), std::move(*signals), start).run(launch);
}

}  // namespace sysfd_run
