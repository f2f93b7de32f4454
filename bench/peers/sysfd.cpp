// SPDX-License-Identifier: MIT
//
// sysfd itself: a Command that is started many times, one that was prepared, one that tries again
// while its program is open for writing; both in one call, from start to end; a prepared one that
// nobody waits for, and many of them at once.
#include <cerrno>
#include <deque>
#include <optional>

#include <sysfd/command.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "peers/peer.hpp"

namespace sysfd_bench {
namespace {

sysfd::Command command_for(const Request& request) {
  sysfd::Command command(request.program);
  command.args(request.arguments);
  for (const Passed& each : request.passed)
    command.pass(sysfd::BorrowedFd::unsafe_borrow(each.source), each.number);
  return command;
}

int end_of(sysfd::Child& child) {
  const auto status = child.wait();
  if (!status) return status.error().value();
  return status->success() ? 0 : ECANCELED;
}

int result_of(const sysfd::Result<sysfd::ExitStatus, sysfd::SpawnError>& status) {
  if (!status) return status.error().code.value();
  return status->success() ? 0 : ECANCELED;
}

// `What`: something with spawn().
template <class What>
class SysfdStarter : public Starter {
 public:
  int start() override {
    auto child = what_->spawn();
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
  void use(What what) { what_.emplace(std::move(what)); }
  What& what() { return *what_; }
  void started(sysfd::Child child) { children_.push_back(std::move(child)); }

 private:
  std::optional<What> what_;
  std::deque<sysfd::Child> children_;
};

class ByCommand : public SysfdStarter<sysfd::Command> {
 public:
  explicit ByCommand(int retries) : retries_(retries) {}
  int prepare(const Request& request) override {
    sysfd::Command command = command_for(request);
    if (retries_ > 0) command.retry_busy(retries_);
    use(std::move(command));
    return 0;
  }

 private:
  int retries_;
};

class ByPreparedCommand : public SysfdStarter<sysfd::PreparedCommand> {
 public:
  int prepare(const Request& request) override {
    auto prepared = command_for(request).prepare();
    if (!prepared) return prepared.error().code.value();
    use(*std::move(prepared));
    return 0;
  }
};

// In one call.
template <class Base>
class ToTheEnd : public Base {
 public:
  using Base::Base;
  int start() override { return result_of(this->what().status()); }
  int wait() override { return 0; }
};

class ManyAtOnce : public ByPreparedCommand {
 public:
  int start() override { return start_many(1); }
  int start_many(int count) override {
    const std::vector<sysfd::SpawnChanges> changes(static_cast<std::size_t>(count));
    for (auto& child : sysfd::spawn_all(what(), changes)) {
      if (!child) return child.error().code.value();
      started(*std::move(child));
    }
    return 0;
  }
};

class Asynchronous : public Starter {
 public:
  int prepare(const Request& request) override {
    auto prepared = command_for(request).prepare();
    if (!prepared) return prepared.error().code.value();
    prepared_.emplace(*std::move(prepared));
    return 0;
  }
  int start() override {
    auto pending = prepared_->spawn_async();
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
  std::optional<sysfd::PreparedCommand> prepared_;
  std::deque<sysfd::PendingChild> pending_;
};

Traits traits() {
  return {"clone3 (VM, VFORK, PIDFD)", "closed, all at once", "any numbers, in any order",
          "waitid by pidfd"};
}

Peer peer(const char* name, std::function<std::unique_ptr<Starter>()> make) {
  return {
      .name = name, .version = SYSFD_BENCH_VERSION, .traits = traits(), .make = std::move(make)};
}

Peer to_the_end(Peer peer) {
  peer.traits.starts_by = "clone3 (VM, PIDFD)";
  peer.runs_to_end = true;
  return peer;
}

}  // namespace

Peer sysfd_peer() {
  return peer("sysfd", [] { return std::make_unique<ByCommand>(0); });
}

Peer sysfd_prepared_peer() {
  return peer("sysfd, prepared", [] { return std::make_unique<ByPreparedCommand>(); });
}

Peer sysfd_status_peer() {
  return to_the_end(peer("sysfd, status", [] { return std::make_unique<ToTheEnd<ByCommand>>(0); }));
}

Peer sysfd_prepared_status_peer() {
  return to_the_end(peer("sysfd, prepared, status",
                         [] { return std::make_unique<ToTheEnd<ByPreparedCommand>>(); }));
}

Peer sysfd_async_peer() {
  Peer async = peer("sysfd, spawn_async", [] { return std::make_unique<Asynchronous>(); });
  async.traits.starts_by = "clone3 (VM, PIDFD)";
  return async;
}

Peer sysfd_all_peer() {
  Peer all = peer("sysfd, spawn_all", [] { return std::make_unique<ManyAtOnce>(); });
  all.traits.starts_by = "clone3 (VM, PIDFD)";
  return all;
}

Peer sysfd_retrying_peer() {
  Peer retrying = peer("sysfd, retry_busy", [] { return std::make_unique<ByCommand>(100); });
  retrying.in_tables = false;
  return retrying;
}

}  // namespace sysfd_bench
