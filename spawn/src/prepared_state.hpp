// SPDX-License-Identifier: MIT
//
// What a PreparedCommand has: the Command's state, and memory for each child that is being started.
#ifndef SYSFD_SPAWN_SRC_PREPARED_STATE_HPP
#define SYSFD_SPAWN_SRC_PREPARED_STATE_HPP

#include <array>
#include <atomic>
#include <memory>
#include <utility>

#include "command_state.hpp"
#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

struct PreparedState {
  PreparedState() = default;
  ~PreparedState() {
    for (const auto& place : free_scratches)
      delete place.load(std::memory_order_acquire);
  }
  PreparedState(const PreparedState&) = delete;
  PreparedState& operator=(const PreparedState&) = delete;

  CommandSpec& spec() const noexcept { return command->spec; }

  std::unique_ptr<CommandState> command;  // its spec does not change any more
  // Those that no start uses. No lock: in a copy of this process (fork(2)) nobody would release one
  // that another thread held.
  std::array<std::atomic<SpawnScratch*>, 32> free_scratches{};
};

// Makes a Command's state that of a PreparedCommand, and gives it back unchanged unless that
// succeeds.
class Takeover {
 public:
  Takeover(PreparedState& prepared, std::unique_ptr<CommandState>& state)
      : prepared_(prepared), command_(&state) {
    CommandSpec& spec = state->spec;
    spec.snapshot = std::make_unique<Snapshot>(take_snapshot(spec));
    parts_ = spec.parts;
    set_part(spec, &PlanParts::descriptors, descriptors_part);  // for SpawnChanges
    prepared_.command = std::move(state);
  }
  ~Takeover() {
    if (!command_) return;
    CommandSpec& spec = prepared_.spec();
    spec.snapshot.reset();
    spec.parts = parts_;
    *command_ = std::move(prepared_.command);
  }
  Takeover(const Takeover&) = delete;
  Takeover& operator=(const Takeover&) = delete;

  void succeed() noexcept { command_ = nullptr; }

 private:
  PreparedState& prepared_;
  std::unique_ptr<CommandState>* command_;  // the Command's; null once it has given it up
  PlanParts parts_;                         // the Command's
};

// The memory for one start.
class ScratchLease {
 public:
  explicit ScratchLease(PreparedState& state)
      : state_(state),
        scratch_(state.free_scratches.front().exchange(nullptr, std::memory_order_acquire)) {
    if (!scratch_) take_another();
  }
  ~ScratchLease() {
    if (gives_back_to(state_.free_scratches.front()))
      (void)scratch_.release();
    else
      give_back_elsewhere();
  }
  ScratchLease(const ScratchLease&) = delete;
  ScratchLease& operator=(const ScratchLease&) = delete;

  SpawnScratch& scratch() const noexcept { return *scratch_; }

 private:
  using Place = std::atomic<SpawnScratch*>;

  bool gives_back_to(Place& place) noexcept {
    SpawnScratch* expected = nullptr;
    return place.compare_exchange_strong(expected, scratch_.get(), std::memory_order_release,
                                         std::memory_order_relaxed);
  }
  // Needed if several threads start children at the same time.
  [[gnu::noinline]] void take_another() {
    for (Place& place : state_.free_scratches) {
      if (!place.load(std::memory_order_relaxed)) continue;
      scratch_.reset(place.exchange(nullptr, std::memory_order_acquire));
      if (scratch_) return;
    }
    scratch_ = std::make_unique<SpawnScratch>();
    scratch_->reserve(state_.spec().passed.size() + state_.spec().listeners.size());
  }
  [[gnu::noinline]] void give_back_elsewhere() noexcept {
    for (Place& place : state_.free_scratches)
      if (gives_back_to(place)) return (void)scratch_.release();
  }

  PreparedState& state_;
  std::unique_ptr<SpawnScratch> scratch_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PREPARED_STATE_HPP
