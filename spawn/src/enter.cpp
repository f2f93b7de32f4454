// SPDX-License-Identifier: MIT
#include "enter.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>

#include <sysfd/detail/syscall.hpp>

#include "kernel.hpp"
#include "raw_syscall.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::uint64_t clone_flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;

// Set once the kernel itself has said that it has no clone3. What a seccomp filter says is asked for
// anew each time.
std::atomic<bool> clone3_missing = false;

// valgrind ends the whole program for CLONE_FILES. It also lacks pidfd_send_signal, which every kernel
// that has CLONE_PIDFD has.
bool is_emulated() noexcept {
  static const bool emulated = raw_syscall(SYS_pidfd_send_signal, -1) != -EBADF;
  return emulated;
}

long by_clone3(Job& job) noexcept {
  // CLONE_FILES: the child starts with this process's own descriptor table instead of a copy, and
  // copies only what it needs.
  kernel::CloneArguments arguments{};
  arguments.flags = clone_flags | CLONE_FILES | kernel::clone_clear_sighand;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&job.pidfd);
  arguments.exit_signal = SIGCHLD;
  job.pidfd = -1;
  job.shares_table = true;
  job.resets_handlers = false;
  return clone_and_run(SYS_clone3, reinterpret_cast<long>(&arguments), sizeof arguments, 0,
                       run_child, &job);
}

long by_clone(Job& job) noexcept {
  job.pidfd = -1;
  job.shares_table = !is_emulated();
  job.resets_handlers = true;
  const std::uint64_t flags = clone_flags | (job.shares_table ? CLONE_FILES : 0) | SIGCHLD;
  return clone_and_run(SYS_clone, static_cast<long>(flags), 0, reinterpret_cast<long>(&job.pidfd),
                       run_child, &job);
}

}  // namespace

Result<pid_t> enter_child(Job& job) noexcept {
  long answer = -ENOSYS;
  if (!clone3_missing.load(std::memory_order_relaxed)) {
    answer = by_clone3(job);
    if (answer == -ENOSYS) clone3_missing.store(true, std::memory_order_relaxed);
  }
  // EPERM and E2BIG: from seccomp filters that are older than the call.
  if (answer == -ENOSYS || answer == -EPERM || answer == -E2BIG) answer = by_clone(job);
  if (answer < 0) return failure(static_cast<int>(-answer));
  return static_cast<pid_t>(answer);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
