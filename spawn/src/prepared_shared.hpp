// SPDX-License-Identifier: MIT
//
// What a PreparedCommand has: the Command, and a workspace for each child that is being started.
#ifndef SYSFD_SPAWN_SRC_PREPARED_SHARED_HPP
#define SYSFD_SPAWN_SRC_PREPARED_SHARED_HPP

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <sysfd/prepared_command.hpp>

#include "attempt.hpp"

namespace sysfd {
inline namespace v0 {

struct PreparedCommand::Shared {
  explicit Shared(std::unique_ptr<Command::State> prepared) : state(std::move(prepared)) {}
  ~Shared() { delete at_hand.load(std::memory_order_acquire); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  std::unique_ptr<Command::State> state;  // nobody changes it any more
  // Workspaces that nobody uses: one at hand, and those of others who were spawning at the same
  // time.
  std::atomic<Command::Workspace*> at_hand = nullptr;
  std::mutex mutex;
  std::vector<std::unique_ptr<Command::Workspace>> others;
  std::size_t made = 0;
};

// A workspace for one spawn.
class PreparedCommand::Lease {
 public:
  explicit Lease(Shared& shared)
      : shared_(shared), work_(shared.at_hand.exchange(nullptr, std::memory_order_acquire)) {
    if (!work_) work_ = another();
  }
  ~Lease() {
    Command::Workspace* expected = nullptr;
    if (shared_.at_hand.compare_exchange_strong(expected, work_.get(), std::memory_order_release)) {
      (void)work_.release();
      return;
    }
    const std::lock_guard lock(shared_.mutex);
    shared_.others.push_back(std::move(work_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  Command::Workspace& work() const noexcept { return *work_; }

 private:
  std::unique_ptr<Command::Workspace> another() {
    const std::lock_guard lock(shared_.mutex);
    auto& others = shared_.others;
    if (others.empty()) {
      others.reserve(shared_.made + 1);  // so that they can be put back whatever happens
      auto made = std::make_unique<Command::Workspace>();
      made->reserve(shared_.state->passed.size() + shared_.state->listeners.size());
      ++shared_.made;
      return made;
    }
    auto taken = std::move(others.back());
    others.pop_back();
    return taken;
  }

  Shared& shared_;
  std::unique_ptr<Command::Workspace> work_;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PREPARED_SHARED_HPP
