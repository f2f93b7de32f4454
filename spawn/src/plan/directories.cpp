// SPDX-License-Identifier: MIT
//
// The root and the working directory of the child.
#include <fcntl.h>
#include <sys/syscall.h>

#include <sysfd/create.hpp>

#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

// The descriptor of a directory, or -1 if none is needed: cwd() has none, unless the child leaves
// that directory before.
int fd_of(const Planning& planning, const Directory& wanted) noexcept {
  if (!wanted.is_cwd()) return wanted.fd ? wanted.fd->get() : -1;
  const auto& resources = planning.plan.resources;
  return resources && resources->directory ? resources->directory->get() : -1;
}

PartResult gather_directory(Planning& planning, const Directory& wanted, SpawnStep step) {
  if (!wanted.fd) return Reuse::yes;
  const bool is_left =
      planning.spec.root.is_set() || joins(planning.spec.namespaces.get(), Namespace::mount);
  if (!wanted.is_cwd()) {
    if (wanted.fd->get() < 0) return std::unexpected(planning.error_at(step, error_code(EBADF)));
    planning.fds().keep_until_exec(wanted.fd->get(), step);
    return Reuse::yes;
  }
  if (!is_left) return Reuse::yes;
  auto& directory = planning.resources().directory;
  if (!directory) {
    auto opened = open(cwd(), ".", O_PATH | O_DIRECTORY);
    if (!opened) return std::unexpected(planning.error_at(step, opened.error()));
    directory = std::move(*opened);
  }
  planning.fds().keep_until_exec(directory->get(), step, -1, true);
  return Reuse::no;
}

PartResult gather_root(Planning& planning) {
  return gather_directory(planning, planning.spec.root, SpawnStep::root_directory);
}

void add_root_steps(Planning& planning) {
  const Directory& root = planning.spec.root;
  const auto add = [&](long call, auto argument) {
    planning.steps().add(SpawnStep::root_directory, -1, call, argument);
  };
  if (root.fd) add(SYS_fchdir, planning.fds().place_of(fd_of(planning, root)));
  add(SYS_chroot, root.path ? root.path->c_str() : ".");
  add(SYS_chdir, "/");
}

PartResult gather_working_directory(Planning& planning) {
  return gather_directory(planning, working_directory(planning.spec, planning.scratch),
                          SpawnStep::working_directory);
}

void add_working_directory_steps(Planning& planning) {
  const Directory& wanted = working_directory(planning.spec, planning.scratch);
  const auto add = [&](long call, auto argument) {
    planning.steps().add(SpawnStep::working_directory, -1, call, argument);
  };
  if (wanted.path)
    add(SYS_chdir, wanted.path->c_str());
  else if (const int fd = fd_of(planning, wanted); fd >= 0)
    add(SYS_fchdir, planning.fds().place_of(fd));
}

}  // namespace

const PlanPart root_part{gather_root, add_root_steps};
const PlanPart working_directory_part{gather_working_directory, add_working_directory_steps};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
