// SPDX-License-Identifier: MIT
//
// sysfd itself: a Command that is made anew for each start, which is what programs do; one Command
// that is started again and again, as it is or prepared; in two calls, spawn() and wait(), or in
// one, status(). Then prepared ones that nobody waits for, many at once, and a Command that tries
// again while its program is open for writing.
//
// not passed: closed, all at once
// passes: any numbers, in any order
// waits by: waitid by pidfd
// link: sysfd::spawn
//
// peer: sysfd
// starts by: clone3 (VM, VFORK, PIDFD)
// makes namespaces: nothing
//
// peer: sysfd, status
// starts by: clone3 (VM, PIDFD)
// runs to the end: yes
// makes namespaces: nothing
//
// peer: sysfd, same Command
// starts by: clone3 (VM, VFORK, PIDFD)
//
// peer: sysfd, same Command, status
// starts by: clone3 (VM, PIDFD)
// runs to the end: yes
//
// peer: sysfd, prepared
// starts by: clone3 (VM, VFORK, PIDFD)
//
// peer: sysfd, prepared, status
// starts by: clone3 (VM, PIDFD)
// runs to the end: yes
//
// peer: sysfd, spawn_async
// starts by: clone3 (VM, PIDFD)
//
// peer: sysfd, spawn_all
// starts by: clone3 (VM, PIDFD)
//
// peer: sysfd, retry_busy
// starts by: clone3 (VM, VFORK, PIDFD)
// only in: busy
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <map>
#include <optional>

#include <sysfd/command.hpp>
#include <sysfd/namespaces.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "peers/peer.hpp"

namespace sysfd_bench {
namespace {

sysfd::Namespaces namespaces_of(const Request& request) {
  using sysfd::Namespace;
  static const std::map<std::string, Namespace> kinds = {
      {"user", Namespace::user}, {"mount", Namespace::mount}, {"pid", Namespace::pid},
      {"ipc", Namespace::ipc},   {"uts", Namespace::uts},     {"net", Namespace::net}};
  sysfd::Namespaces namespaces{.user_map = {{.outside = ::geteuid()}},
                               .group_map = {{.outside = ::getegid()}}};
  for (const std::string& each : request.namespaces)
    namespaces.create = namespaces.create | kinds.at(each);
  return namespaces;
}

sysfd::Command command_for(const Request& request) {
  sysfd::Command command(request.program);
  command.args(request.arguments);
  for (const Passed& each : request.passed)
    command.pass(sysfd::BorrowedFd::unsafe_borrow(each.source), each.number);
  if (!request.namespaces.empty()) command.namespaces(namespaces_of(request));
  return command;
}

int error_of(const sysfd::Result<sysfd::ExitStatus, sysfd::SpawnError>& status) {
  if (!status) return status.error().code.value();
  return status->success() ? 0 : ECANCELED;
}

int end_of(sysfd::Child& child) {
  const auto status = child.wait();
  if (!status) return status.error().value();
  return status->success() ? 0 : ECANCELED;
}

// Makes what has spawn() and status(): for each start anew, or once.
class Anew {
 public:
  int prepare(const Request& request) {
    request_ = request;
    return 0;
  }
  sysfd::Command get() const { return command_for(request_); }

 private:
  Request request_;
};

class Same {
 public:
  explicit Same(int retries = 0) : retries_(retries) {}
  int prepare(const Request& request) {
    command_.emplace(command_for(request));
    if (retries_ > 0) command_->retry_busy(retries_);
    return 0;
  }
  sysfd::Command& get() { return *command_; }

 private:
  int retries_;
  std::optional<sysfd::Command> command_;
};

class Prepared {
 public:
  int prepare(const Request& request) {
    auto prepared = command_for(request).prepare();
    if (!prepared) return prepared.error().code.value();
    prepared_.emplace(*std::move(prepared));
    return 0;
  }
  sysfd::PreparedCommand& get() { return *prepared_; }

 private:
  std::optional<sysfd::PreparedCommand> prepared_;
};

template <class What>
class TwoCalls : public Starter {
 public:
  template <class... Arguments>
  explicit TwoCalls(Arguments... arguments) : what_(arguments...) {}
  int prepare(const Request& request) override { return what_.prepare(request); }
  int start() override {
    auto child = what_.get().spawn();
    if (!child) return child.error().code.value();
    children_.push_back(*std::move(child));
    return 0;
  }
  int wait() override {
    const int error = end_of(children_.front());
    children_.pop_front();
    return error;
  }

 protected:
  What& what() { return what_; }
  void started(sysfd::Child child) { children_.push_back(std::move(child)); }

 private:
  What what_;
  std::deque<sysfd::Child> children_;
};

template <class What>
class OneCall : public Starter {
 public:
  int prepare(const Request& request) override { return what_.prepare(request); }
  int start() override { return error_of(what_.get().status()); }
  int wait() override { return 0; }

 private:
  What what_;
};

class ManyAtOnce : public TwoCalls<Prepared> {
 public:
  int start() override { return start_many(1); }
  int start_many(int count) override {
    const std::vector<sysfd::SpawnChanges> changes(static_cast<std::size_t>(count));
    for (auto& child : sysfd::spawn_all(what().get(), changes)) {
      if (!child) return child.error().code.value();
      started(*std::move(child));
    }
    return 0;
  }
};

class Asynchronous : public Starter {
 public:
  int prepare(const Request& request) override { return what_.prepare(request); }
  int start() override {
    auto pending = what_.get().spawn_async();
    if (!pending) return pending.error().code.value();
    pending_.push_back(*std::move(pending));
    return 0;
  }
  int wait() override {
    auto child = pending_.front().finish();
    pending_.pop_front();
    return child ? end_of(*child) : child.error().code.value();
  }

 private:
  Prepared what_;
  std::deque<sysfd::PendingChild> pending_;
};

}  // namespace

std::vector<Peer> peers() {
  constexpr std::size_t slots = 8;
  if (!sysfd::reserve_spawn_slots(slots)) return {};
  const char* const version = SYSFD_BENCH_VERSION;
  return {{"sysfd", version, maker<TwoCalls<Anew>>()},
          {"sysfd, status", version, maker<OneCall<Anew>>()},
          {"sysfd, same Command", version, maker<TwoCalls<Same>>()},
          {"sysfd, same Command, status", version, maker<OneCall<Same>>()},
          {"sysfd, prepared", version, maker<TwoCalls<Prepared>>()},
          {"sysfd, prepared, status", version, maker<OneCall<Prepared>>()},
          {"sysfd, spawn_async", version, maker<Asynchronous>()},
          {"sysfd, spawn_all", version, maker<ManyAtOnce>()},
          {"sysfd, retry_busy", version, maker<TwoCalls<Same>>(100)}};
}

}  // namespace sysfd_bench
