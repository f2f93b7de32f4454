// SPDX-License-Identifier: MIT
//
// Tests that a process has one state for all its threads, and its copy another one.
#include "start/process_state.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <iterator>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "support/refuse_calls.hpp"
#include "support/run_apart.hpp"
#include "support/scratch_directory.hpp"

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

// It would be written to. A forked copy of this process looks for the state again.
TEST(ProcessState, IsNotAFileWithSuchAName) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "memfd:sysfd process state 1 (deleted)";
  std::ofstream(path) << "something else";
  const auto file = must(open(cwd(), path, O_RDONLY));
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (std::uintptr_t low = 0x10'0000; low < 0x4000'0000; low += 0x1000'0000) {
    void* const wanted = reinterpret_cast<void*>(low);
    void* const mapped =
        ::mmap(wanted, page, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, file.get(), 0);
    if (mapped != wanted) continue;
    run_apart([&] { EXPECT_NE(static_cast<void*>(&process_state()), mapped); });
    ::munmap(mapped, page);
    return;
  }
  FAIL() << "no place before all others";
}

TEST(ProcessState, WakesWhoWaitsForIt) {
  run_apart([] {
    auto& state = process_state();
    std::optional<detail::ProcessStateLock> lock(std::in_place, state);
    std::atomic<pid_t> waiter = 0;
    std::jthread thread([&] {
      waiter = ::gettid();
      const detail::ProcessStateLock its_own(state);
    });
    const auto is_waiting = [&] {
      std::ifstream stat("/proc/self/task/" + std::to_string(waiter) + "/wchan");
      std::string where;
      stat >> where;
      return waiter != 0 && where.contains("futex");
    };
    for (int i = 0; i < 2000 && !is_waiting(); ++i)
      ::poll(nullptr, 0, 1);
    lock.reset();
  });
}

TEST(ProcessState, LeavesNothingMappedThatTheKernelWouldCopy) {
  run_apart([] {
    refuse_calls({{SYS_madvise, EINVAL, RefusedCall::Match{2, MADV_DONTFORK}}});
    (void)process_state();
    std::ifstream maps("/proc/self/maps");
    const std::string all{std::istreambuf_iterator<char>(maps), {}};
    EXPECT_EQ(all.find("/memfd:sysfd process state"), all.npos);
  });
}

}  // namespace
}  // namespace sysfd_test
