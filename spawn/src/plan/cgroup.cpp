// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <new>

#include <sysfd/create.hpp>
#include <sysfd/detail/memory_limit.hpp>
#include <sysfd/detail/proc_file.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/refusal.hpp>
#include <sysfd/detail/syscall.hpp>

#include "in_child/kernel.hpp"
#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// A child that is born into a frozen cgroup does not run, and its parent waits for it with all
// signals blocked.
bool is_frozen(BorrowedFd cgroup) noexcept {
  const auto events = open(cgroup, "cgroup.events", O_RDONLY);
  if (!events) return false;
  char room[4];
  const auto frozen = find_field(*events, "frozen ", room);
  return frozen && *frozen == "1";
}

// clone3(2) checks this itself. The process that joins a cgroup by writing to its cgroup.procs
// might otherwise write to any file of that name.
bool is_of_cgroups(BorrowedFd directory) noexcept {
  struct statfs file_system{};
  const long answer = system_call_retried(SYS_fstatfs, directory.get(), &file_system);
  return answer == 0 ? file_system.f_type == kernel::cgroup2_magic : is_refusal(answer);
}

// The OOM killer kills all that share memory with the process that it chooses. A child whose parent
// is suspended is spared, but not while execve(2) gives the memory up: it gets a copy.
Result<> gather_copy(Planning& planning) noexcept {
  void* const mapped = ::mmap(nullptr, sizeof(CommonPage), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return last_error();
  auto& page = planning.resources().common_page;
  page.reset(new (mapped) CommonPage);
  planning.clone().report_of_copy = &page->args;
  return {};
}

PartResult gather_cgroup(Planning& planning) {
  const BorrowedFd given = *planning.spec.cgroup;
  const auto fails = [](std::error_code code, const char* subject = "") {
    return std::unexpected(SpawnError{SpawnStep::cgroup, code, -1, subject});
  };
  if (planning.plan.resources && planning.plan.resources->has(given.get()))
    return fails(error_code(EBADF));
  const bool is_cwd = given.get() == cwd().get();
  auto duplicate = is_cwd ? open(cwd(), ".", O_PATH | O_DIRECTORY) : given.duplicate();
  if (!duplicate) return fails(duplicate.error());
  if (planning.is_in_place() && !is_of_cgroups(*duplicate)) return fails(error_code(EBADF));
  if (is_frozen(given)) return fails(error_code(EBUSY), "frozen");
  auto& cgroup = planning.resources().cgroup;
  cgroup = std::move(*duplicate);
  planning.clone().cgroup = cgroup->get();
  if (planning.is_in_place())
    planning.fds().keep_until_exec(cgroup->get(), SpawnStep::cgroup, -1, true);
  else if (auto done = share_no_memory_below_limit(planning, *cgroup); !done)
    return fails(done.error());
  return Reuse::no;
}

// A new child is born into it.
void add_cgroup_steps(Planning& planning) {
  if (planning.is_in_place())
    planning.steps().add(SpawnStep::cgroup, -1, Step::join_cgroup,
                         planning.fds().place_of(planning.clone().cgroup));
}

}  // namespace

Result<> share_no_memory_below_limit(Planning& planning, BorrowedFd cgroup) {
  if (!has_memory_limit_without_caller(cgroup)) return {};
  return gather_copy(planning);
}

const PlanPart cgroup_part{gather_cgroup, add_cgroup_steps};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
