// SPDX-License-Identifier: MIT
#include "supervise.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <iterator>
#include <span>
#include <utility>

#include <sysfd/child.hpp>

#include "terminal.hpp"
#include "tracer.hpp"
#include "values.hpp"
#include "why.hpp"

namespace sysfd_run {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

// Those that ask a program to end, or tell it something. What stops and continues a job is left
// alone: sysfd-run, the program and all that it starts are one job of the shell, and stop together.
constexpr auto forwarded = [] {
  constexpr int named[] = {SIGHUP,  SIGINT,   SIGQUIT,   SIGTERM, SIGUSR1, SIGUSR2,
                           SIGALRM, SIGWINCH, SIGVTALRM, SIGPROF, SIGPWR,  SIGIO};
  std::array<int, std::size(named) + last_real_time - first_real_time + 1> all{};
  auto next = std::ranges::copy(named, all.begin()).out;
  for (int signo = first_real_time; signo <= last_real_time; ++signo)
    *next++ = signo;
  return all;
}();

// Those that ask for the end: after the deadline, they end the patience with the program.
constexpr int endings[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

// Those that a terminal sends to all of the group in the foreground.
bool is_of_terminal(int signo) {
  return signo == SIGINT || signo == SIGQUIT || signo == SIGHUP || signo == SIGWINCH;
}

sysfd::Result<sysfd::OwnedFd> signal_fd(std::span<const int> signals, int another = 0,
                                        int third = 0) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signo : signals)
    ::sigaddset(&set, signo);
  for (const int signo : {another, third})
    if (signo != 0) ::sigaddset(&set, signo);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return sysfd::OwnedFd::from_syscall(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

class Supervisor {
 public:
  Supervisor(const Settings& settings, sysfd::Child child, sysfd::OwnedFd signals,
             Clock::time_point start, const rusage& used_before)
      : settings_(settings),
        child_(std::move(child)),
        signals_(std::move(signals)),
        start_(start),
        used_before_(used_before) {
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
    if (tracer_) tracer_->handle_stops();  // what could not be left alone may have ended
    // A status that is lost (SIGCHLD is ignored, before Linux 6.15) leaves the reason "not known".
    if (auto ending = child_->ending()) outcome_.ending = *ending;
    if (auto usage = child_->usage()) outcome_.cgroup = *usage;
    if (denials) write_out(2, denials->describe());
    if (settings_.is_contained()) child_.reset();  // with what is left of its tree
    outcome_.wall = Clock::now() - start_;
    if (settings_.json) note_usage();
    return outcome_;
  }

 private:
  // Without what the process has used before it became this program.
  void note_usage() {
    rusage& used = outcome_.used;
    ::getrusage(RUSAGE_CHILDREN, &used);
    timersub(&used.ru_utime, &used_before_.ru_utime, &used.ru_utime);
    timersub(&used.ru_stime, &used_before_.ru_stime, &used.ru_stime);
    if (used.ru_maxrss == used_before_.ru_maxrss) used.ru_maxrss = 0;  // that of another one
  }

  std::optional<Clock::time_point> deadline() const {
    if (!settings_.deadline) return std::nullopt;
    return after(start_, *settings_.deadline);
  }

  static Clock::time_point after(Clock::time_point start, nanoseconds time) {
    return Clock::time_point::max() - start < time ? Clock::time_point::max() : start + time;
  }

  // Forwards signals until the program has ended. False: it has not, at that time; or, after the
  // deadline, when one more signal has asked for the end.
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
      const bool asks_for_end = entries[1].revents != 0 && handle_signal();
      if (asks_for_end && outcome_.deadline) return false;
      if (entries[0].revents == 0) continue;
      stop_tracing();
      if (!child_->try_wait()) static_cast<void>(child_->wait());  // ending() has the status
      return true;
    }
  }

  // A process that is traced does not end for its parent.
  void stop_tracing() {
    if (tracer_) tracer_->detach();
  }

  // True if it asks for the end.
  bool handle_signal() {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return false;
    if (info.ssi_signo == SIGCHLD) {
      if (tracer_)
        tracer_->handle_stops();
      else
        reap_orphans();
      return false;
    }
    const int signo = static_cast<int>(info.ssi_signo);
    const bool has_it = info.ssi_code == SI_KERNEL && is_of_terminal(signo) &&
                        ::getpgid(child_->pid()) == ::getpgrp();
    if (!has_it && child_->pidfd().send_signal(signo)) outcome_.forwarded = signo;
    return std::ranges::find(endings, signo) != std::end(endings);
  }

  // Process 1 gets the orphans of all others. (In a tree, its keeper gets them.) The program itself
  // is left for its Child.
  void reap_orphans() {
    siginfo_t ended{};
    while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0 &&
           ended.si_pid != child_->pid()) {
      ::waitid(P_PID, static_cast<id_t>(ended.si_pid), &ended, WEXITED);
      ended = {};
    }
  }

  void end_at_deadline() {
    outcome_.deadline = true;
    stop_tracing();
    if (settings_.is_contained() && !settings_.signal) {
      sysfd::Timeout patience(settings_.kill_after);
      const auto impatience = signal_fd(endings);
      if (impatience) patience = patience.canceled_by(*impatience);
      if (child_->terminate(patience)) return;
      if (tracer_) tracer_->handle_stops();
      static_cast<void>(child_->wait_for(std::chrono::seconds(1)));
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
  rusage used_before_;
  std::optional<Tracer> tracer_;
  Outcome outcome_;
};

}  // namespace

Checked<Outcome> supervise(const Settings& settings, Launch& launch) {
  const TerminalOwner terminal;
  // Those that are ignored are forwarded, too: if the program ignores them, as it does unless it
  // says otherwise, nothing happens.
  const bool has_others = settings.why || (::getpid() == 1 && !settings.is_contained());
  auto signals = signal_fd(forwarded, settings.parent_death, has_others ? SIGCHLD : 0);
  if (!signals) return complain({"a signalfd: ", message_of(signals.error())});
  rusage used_before{};
  if (settings.json) ::getrusage(RUSAGE_CHILDREN, &used_before);
  const auto start = Clock::now();
  auto child = launch.command.spawn();
  if (!child) return std::unexpected(describe_failure(settings, child.error()));
  // The status is told also if nobody reads the reports.
  if (settings.json || settings.why) ::signal(SIGPIPE, SIG_IGN);
  return Supervisor(settings, std::move(*child), std::move(*signals), start, used_before)
      .run(launch);
}

}  // namespace sysfd_run
