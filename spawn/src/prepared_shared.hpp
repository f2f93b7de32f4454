// SPDX-License-Identifier: MIT
//
// What a PreparedCommand has: the Command, and a workspace for each child that is being started.
#ifndef SYSFD_SPAWN_SRC_PREPARED_SHARED_HPP
#define SYSFD_SPAWN_SRC_PREPARED_SHARED_HPP

#include <array>
#include <atomic>
#include <memory>
#include <utility>

#include <sysfd/prepared_command.hpp>

#include "attempt.hpp"

namespace sysfd {
inline namespace v0 {

struct PreparedCommand::Shared {
  Shared() = default;
  ~Shared() {
    for (const auto& place : at_hand)
      delete place.load(std::memory_order_acquire);
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  std::unique_ptr<Command::State> state;  // nobody changes it any more
  // Workspaces that nobody uses. No lock: in a copy of this process (fork(2)) nobody would open one
  // that another thread held.
  std::array<std::atomic<Command::Workspace*>, 32> at_hand{};
};

// Has a Command's state be that of a PreparedCommand, and gives it back as it was unless that
// succeeds. What can fail is made before.
class PreparedCommand::Takeover {
 public:
  Takeover(Shared& shared, std::unique_ptr<Command::State>& state,
           Command::State::Prepared&& asked) noexcept
      : shared_(shared), command_(&state) {
    state->prepared = std::move(asked);
    state->use_descriptors();  // for SpawnChanges, and for the pipe that reports
    shared_.state = std::move(state);
  }
  ~Takeover() {
    if (!command_) return;
    shared_.state->prepared.reset();
    *command_ = std::move(shared_.state);
  }
  Takeover(const Takeover&) = delete;
  Takeover& operator=(const Takeover&) = delete;

  void succeed() noexcept { command_ = nullptr; }

 private:
  Shared& shared_;
  std::unique_ptr<Command::State>* command_;  // the Command's; null once it has given it up
};

// A workspace for one spawn.
class PreparedCommand::Lease {
 public:
  explicit Lease(Shared& shared)
      : shared_(shared),
        work_(shared.at_hand.front().exchange(nullptr, std::memory_order_acquire)) {
    if (!work_) take_another();
  }
  ~Lease() {
    if (gives_back_to(shared_.at_hand.front()))
      (void)work_.release();
    else
      give_back_elsewhere();
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  Command::Workspace& work() const noexcept { return *work_; }

 private:
  using Place = std::atomic<Command::Workspace*>;

  bool gives_back_to(Place& place) noexcept {
    Command::Workspace* expected = nullptr;
    return place.compare_exchange_strong(expected, work_.get(), std::memory_order_release,
                                         std::memory_order_relaxed);
  }
  // Where several threads start children at the same time.
  [[gnu::noinline]] void take_another() {
    for (Place& place : shared_.at_hand) {
      if (!place.load(std::memory_order_relaxed)) continue;
      work_.reset(place.exchange(nullptr, std::memory_order_acquire));
      if (work_) return;
    }
    work_ = std::make_unique<Command::Workspace>();
    work_->reserve(shared_.state->passed.size() + shared_.state->listeners.size());
  }
  [[gnu::noinline]] void give_back_elsewhere() noexcept {
    for (Place& place : shared_.at_hand)
      if (gives_back_to(place)) return (void)work_.release();
  }

  Shared& shared_;
  std::unique_ptr<Command::Workspace> work_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PREPARED_SHARED_HPP
