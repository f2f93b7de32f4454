// SPDX-License-Identifier: MIT
//
// Tests that a process has one state for all its threads, and its copy another one.
#include "start/process_state.hpp"

#include <array>
#include <latch>
#include <thread>
#include <vector>

#include "support/prelude.hpp"

#include "support/run_apart.hpp"

namespace sysfd_test {
namespace {

using detail::process_state;

TEST(ProcessState, IsOneForThreadsThatAskForItAtOnce) {
  for (int round = 0; round < 40; ++round) {
    run_apart([] {
      std::array<detail::ProcessState*, 8> states{};
      std::latch all_there(states.size());
      std::vector<std::jthread> threads;
      for (auto& state : states) {
        threads.emplace_back([&] {
          all_there.arrive_and_wait();
          state = &process_state();
        });
      }
      threads.clear();
      for (const auto* state : states)
        EXPECT_EQ(state, &process_state());
    });
  }
}

TEST(ProcessState, OfAForkedCopyIsNotLockedByItsParent) {
  auto& state = process_state();
  const detail::ProcessStateLock lock(state);
  run_apart([] { const detail::ProcessStateLock its_own(process_state()); });
}

}  // namespace
}  // namespace sysfd_test
