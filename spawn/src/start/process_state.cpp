// SPDX-License-Identifier: MIT
#include "start/process_state.hpp"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <bit>
#include <climits>
#include <cstdint>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

// The state is in a private mapping of a memfd: its name is in /proc/thread-self/maps, where other
// copies of the library find it. It is never unmapped.
constexpr const char* name = "sysfd process state 1";
constexpr std::string_view mapped_name = "/memfd:sysfd process state 1 (deleted)\n";

std::atomic<ProcessState*> found = nullptr;
// The mark of the process that has found it, and before, of that where one thread searches for it.
// A forked copy of that process has another mark, so it does not wait for a thread it has not got.
std::atomic<std::uint64_t> found_by = 0;
std::atomic<std::uint64_t> searched_by = 0;

// The start of the mapping, or null. A line of the file is "7f00-7f01 rw-p 00000000 00:01 5 PATH":
// before the path, nothing has a slash.
ProcessState* find() noexcept {
  const auto maps = open_proc_file("thread-self/maps");
  if (!maps) return nullptr;
  ByteReader reader(*maps);
  for (;;) {
    std::uintptr_t start = 0;
    int byte = reader.next();
    for (; byte != '-' && byte != ByteReader::end; byte = reader.next())
      start = start * 16 + static_cast<std::uintptr_t>(byte <= '9' ? byte - '0' : byte - 'a' + 10);
    while (byte != '/' && byte != '\n' && byte != ByteReader::end)
      byte = reader.next();
    for (const char expected : mapped_name) {
      if (byte != expected) break;
      if (byte == '\n')
        return reinterpret_cast<ProcessState*>(start);  // NOLINT(performance-no-int-to-ptr)
      byte = reader.next();
    }
    if (byte != '\n' && !reader.skip_line()) return nullptr;
  }
}

ProcessState* make() noexcept {
  constexpr std::size_t size = sizeof(ProcessState);
  const auto file = memfd(name);
  if (!file || system_call(SYS_ftruncate, file->get(), size) != 0) return nullptr;
  void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file->get(), 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (::madvise(mapped, size, MADV_DONTFORK) == 0) return static_cast<ProcessState*>(mapped);
  ::munmap(mapped, size);
  return nullptr;
}

ProcessState& find_or_make() noexcept {
  static ProcessState own_state{};
  ProcessState* state = find();
  if (!state) state = make();
  return state ? *state : own_state;
}

// A futex is 32 bits: those of `found_by` that every new mark changes.
void* found_by_futex() noexcept {
  constexpr bool is_little = std::endian::native == std::endian::little;
  return reinterpret_cast<std::uint32_t*>(&found_by) + (is_little ? 0 : 1);
}

void wait_until_found(std::uint64_t mark) noexcept {
  for (;;) {
    const std::uint64_t last = found_by.load(std::memory_order_acquire);
    if (last == mark) return;
    system_call(SYS_futex, found_by_futex(), FUTEX_WAIT | FUTEX_PRIVATE_FLAG,
                static_cast<std::uint32_t>(last), nullptr);
  }
}

}  // namespace

ProcessState& process_state() noexcept {
  const auto mark = fork_mark();
  if (!mark) return find_or_make();
  if (found_by.load(std::memory_order_acquire) != *mark) {
    std::uint64_t last = searched_by.load(std::memory_order_relaxed);
    if (last != *mark && searched_by.compare_exchange_strong(last, *mark)) {
      found.store(&find_or_make(), std::memory_order_relaxed);
      found_by.store(*mark, std::memory_order_release);
      system_call(SYS_futex, found_by_futex(), FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX);
    } else {
      wait_until_found(*mark);
    }
  }
  return *found.load(std::memory_order_relaxed);
}

ProcessStateLock::ProcessStateLock(ProcessState& state) noexcept : state_(state) {
  while (state_.is_locked.exchange(1, std::memory_order_acquire) != 0)
    system_call(SYS_futex, &state_.is_locked, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1, nullptr);
}

ProcessStateLock::~ProcessStateLock() {
  state_.is_locked.store(0, std::memory_order_release);
  system_call(SYS_futex, &state_.is_locked, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
