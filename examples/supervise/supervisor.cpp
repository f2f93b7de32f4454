// SPDX-License-Identifier: MIT
#include "supervisor.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/notify.hpp>

namespace supervise {
namespace {

using namespace std::chrono_literals;
using sysfd::BorrowedFd;
using sysfd::or_throw;
using sysfd::OwnedFd;

OwnedFd made(int fd, const char* what) {
  return or_throw(OwnedFd::from_syscall(fd), what);
}

OwnedFd make_signal_fd() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signo : {SIGTERM, SIGINT, SIGHUP})
    ::sigaddset(&signals, signo);
  return made(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

// Gives the service what a service manager would give it, and its own process group, so that
// nothing of it is left after it is stopped.
sysfd::PreparedCommand prepare_command(const Settings& settings,
                                       const std::vector<Listener>& listeners) {
  sysfd::Command command(settings.service.front());
  for (std::size_t i = 1; i < settings.service.size(); ++i)
    command.arg(settings.service[i]);
  for (const Listener& listener : listeners)
    command.listen_fds(listener.name, listener.fd);
  command.remove_env("NOTIFY_SOCKET").remove_env("WATCHDOG_USEC").remove_env("WATCHDOG_PID");
  command.session({.process_group = 0}).kill_with_parent();
  auto prepared = std::move(command).prepare();
  if (!prepared) throw std::system_error(prepared.error().code, prepared.error().describe());
  return *std::move(prepared);
}

void tell(const std::string& what, sysfd::Notification notification = {}) {
  std::cerr << "supervise: " << what << '\n';
  notification.status = what;
  (void)sysfd::notify(notification);  // there may be no service manager
}

}  // namespace

Supervisor::Supervisor(Settings settings, std::vector<Listener> listeners)
    : settings_(std::move(settings)),
      listeners_(std::move(listeners)),
      command_(prepare_command(settings_, listeners_)),
      epoll_(made(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      signals_(make_signal_fd()),
      timer_(
          made(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")) {
  watch(signals_, Source::signals);
  watch(timer_, Source::timer);
}

void Supervisor::watch(BorrowedFd fd, Source source) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<std::uint64_t>(source);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) == -1)
    throw std::system_error(errno, std::system_category(), "epoll_ctl");
}

// Stops watching while the service runs: the connections are the service's then.
void Supervisor::watch_listeners(bool on) {
  if (std::exchange(watches_listeners_, on) == on) return;
  for (const Listener& listener : listeners_) {
    if (on)
      watch(listener.fd, Source::listener);
    else
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener.fd.get(), nullptr);
  }
}

void Supervisor::set_timer(std::chrono::milliseconds delay) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(delay);
  itimerspec time{};
  time.it_value.tv_sec = seconds.count();
  time.it_value.tv_nsec = std::chrono::nanoseconds(delay - seconds).count();
  ::timerfd_settime(timer_.get(), 0, &time, nullptr);
}

void Supervisor::wait_for_connection() {
  state_ = State::waiting;
  watch_listeners(true);
}

void Supervisor::start() {
  watch_listeners(false);
  started_ = std::chrono::steady_clock::now();
  auto child = command_.spawn();
  if (!child) {
    tell(child.error().describe());
    return pause();
  }
  service_ = *std::move(child);
  watch(service_->pidfd(), Source::service);
  state_ = State::running;
  tell("process " + std::to_string(service_->pid()) + " serves");
}

bool Supervisor::has_run_for(std::chrono::milliseconds time) const {
  return std::chrono::steady_clock::now() - started_ > time;
}

// The delay grows with each failure, until the service has run for long enough.
void Supervisor::pause() {
  if (has_run_for(settings_.longest_pause)) failures_ = 0;
  const int doublings = std::min(failures_++, 20);
  const auto delay = std::min(settings_.first_pause * (1 << doublings), settings_.longest_pause);
  set_timer(std::max(delay, 1ms));  // zero would disarm the timer
  state_ = State::pausing;
}

void Supervisor::stop() {
  const bool again = state_ == State::stopping;
  if (!service_) {
    state_ = State::ended;
    return;
  }
  state_ = State::stopping;
  if (again) {
    (void)service_->send_signal_to_group(SIGKILL);
    (void)service_->pidfd().send_signal(SIGKILL);  // it may have changed its group
    return;
  }
  tell("stopping", {.stopping = true});
  (void)service_->pidfd().send_signal(SIGTERM);
  set_timer(std::max(settings_.stop_timeout, 1ms));
}

void Supervisor::handle_signal() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo != SIGHUP)
      stop();
    else if (service_)
      (void)service_->pidfd().send_signal(SIGHUP);
  }
}

void Supervisor::handle_timer() {
  std::uint64_t times = 0;
  if (::read(timer_.get(), &times, sizeof times) != sizeof times) return;  // set again meanwhile
  if (state_ == State::pausing) wait_for_connection();
  if (state_ == State::stopping) stop();
}

void Supervisor::handle_end() {
  (void)service_->send_signal_to_group(SIGKILL);  // kills what the service leaves behind
  const auto status = service_->wait();
  service_.reset();
  tell("the service " + (status ? to_string(*status) : status.error().message()));
  if (state_ == State::stopping) {
    state_ = State::ended;
  } else if (status && status->success() && has_run_for(settings_.first_pause)) {
    failures_ = 0;
    wait_for_connection();
  } else {
    pause();  // even after a quick success: the connection may still be waiting
  }
}

void Supervisor::handle(Source source) {
  switch (source) {
    case Source::signals: return handle_signal();
    case Source::timer: return handle_timer();
    case Source::service:
      if (service_) handle_end();
      return;
    case Source::listener:
      if (state_ == State::waiting) start();
      return;
  }
}

int Supervisor::run() {
  wait_for_connection();
  tell("waiting for a connection", {.ready = true});
  while (state_ != State::ended) {
    std::array<epoll_event, 8> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (count == -1 && errno != EINTR)
      throw std::system_error(errno, std::system_category(), "epoll_wait");
    for (int i = 0; i < count && state_ != State::ended; ++i)
      handle(static_cast<Source>(events[static_cast<std::size_t>(i)].data.u64));
  }
  return 0;
}

}  // namespace supervise
