// SPDX-License-Identifier: MIT
#include "start/id_map_writer.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include <sysfd/detail/syscall.hpp>

#include "in_child/child_syscall.hpp"
#include "in_child/kernel.hpp"
#include "start/clone_child.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// With an exit signal of zero, so that nobody who waits for children comes across it.
Result<> IdMapWriter::start() noexcept {
  maps_.parent = ::getpid();
  // There may have been another writer, for a start that was not possible.
  maps_.is_wanted = IdMaps::undecided;
  maps_.writer_lives = 1;
  maps_.writer = -1;
  maps_.error = -ECANCELED;
  maps_.failed_step = maps_.users ? SpawnStep::user_map : SpawnStep::group_map;
  constexpr std::uint64_t flags = CLONE_VM | CLONE_FILES | CLONE_CHILD_CLEARTID;
  kernel::CloneArguments arguments{};
  arguments.flags = flags;
  arguments.child_tid = reinterpret_cast<std::uintptr_t>(&maps_.writer_lives);
  arguments.stack = reinterpret_cast<std::uintptr_t>(stack_.get());
  arguments.stack_size = stack_size;
  long answer = clone_and_run(SYS_clone3, address(&arguments),
                              static_cast<long>(kernel::clone_arguments_first_size), 0, 0,
                              &write_id_maps, &maps_);
  if (is_clone_refused(answer) && !is_emulated())
    answer = clone_and_run(SYS_clone, flags, address(stack_.get() + stack_size), 0,
                           address(&maps_.writer_lives), &write_id_maps, &maps_);
  if (answer < 0) return failure(static_cast<int>(-answer));
  maps_.writer = static_cast<pid_t>(answer);
  return {};
}

IdMapWriter::~IdMapWriter() {
  if (maps_.writer <= 0) return;
  if (__atomic_load_n(&maps_.is_wanted, __ATOMIC_ACQUIRE) == IdMaps::undecided)
    set_and_wake(maps_.is_wanted, IdMaps::unwanted);
  system_call_retried(SYS_wait4, maps_.writer, nullptr, __WALL, nullptr);
}

const IdMapWriterStart id_map_writer_start{
    [](IdMapWriter& writer) noexcept { return writer.start(); }};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
