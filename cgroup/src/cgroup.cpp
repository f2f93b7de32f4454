// SPDX-License-Identifier: MIT
#include <sysfd/cgroup.hpp>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include <cerrno>
#include <climits>
#include <memory>
#include <string_view>

#include <sysfd/create.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/detail/without_exceptions.hpp>

#include "above.hpp"
#include "cgroup_files.hpp"
#include "processes.hpp"

namespace sysfd {
inline namespace v0 {

using detail::cgroup_error;
using detail::error_code;
using detail::system_call;

namespace {

constexpr int as_directory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

bool is_one_component(std::string_view text) noexcept {
  return !text.empty() && text != "." && text != ".." && !text.contains('/') &&
         !text.contains('\n');
}

Result<ControllerSet, CgroupError> controllers_in(BorrowedFd directory, const char* file) {
  const auto content = detail::read_file(directory, file);
  if (!content) return std::unexpected(content.error());
  return detail::controllers_of(*content);
}

// One by one: the error is that of one.
Result<void, CgroupError> change_controllers(BorrowedFd cgroup, char sign, ControllerSet changed) {
  for (const Controller each : {Controller::cpu, Controller::cpuset, Controller::io,
                                Controller::memory, Controller::pids, Controller::hugetlb}) {
    if (!changed.contains(each)) continue;
    const std::string name = ControllerSet(each).text();
    const long answer = detail::write_file(cgroup, "cgroup.subtree_control", sign + name);
    if (answer < 0) return cgroup_error(CgroupStep::enable, static_cast<int>(-answer), name);
  }
  return {};
}

// Without a descriptor: there may be none that is free.
bool has_file(BorrowedFd cgroup, const char* name) noexcept {
  return system_call(SYS_faccessat, cgroup.get(), name, F_OK) != -ENOENT;
}

// Only the root of the whole hierarchy has no type.
bool is_root(BorrowedFd cgroup) noexcept {
  return !has_file(cgroup, "cgroup.type");
}

}  // namespace

Result<Cgroup, CgroupError> Cgroup::own() {
  auto directory = detail::open_own_cgroup();
  if (!directory) return std::unexpected(std::move(directory).error());
  return Cgroup(*std::move(directory));
}

Result<Cgroup, CgroupError> Cgroup::open(BorrowedFd directory, CStr path) {
  const char* const name = path.get() ? path.get() : "";
  auto opened = sysfd::open(directory, path, O_RDONLY | O_DIRECTORY);
  if (!opened) return cgroup_error(CgroupStep::open, opened.error().value(), name);
  if (const auto checked = detail::check_cgroup(*opened); !checked)
    return cgroup_error(CgroupStep::open, checked.error().value(), name);
  return Cgroup(*std::move(opened));
}

Result<Cgroup, CgroupError> Cgroup::create(const Cgroup& parent, CStr name,
                                           const CgroupLimits& limits) {
  const BorrowedFd above = parent.directory_;
  const std::string text = name.get() ? name.get() : "";
  const auto fails = [&](int error) { return cgroup_error(CgroupStep::create, error, text); };
  if (!is_one_component(text)) return fails(EINVAL);
  if (text.size() > NAME_MAX) return fails(ENAMETOOLONG);  // the kernel takes longer ones
  if (const ControllerSet needed = limits.controllers(); !needed.empty())
    if (auto done = parent.enable(needed); !done) return std::unexpected(std::move(done).error());

  std::string path = "../" + text;
  const auto mark = detail::fork_mark();
  if (!mark) return fails(mark.error().value());
  const long made = system_call(SYS_mkdirat, above.get(), text.c_str(), 0755);
  if (made < 0) return fails(static_cast<int>(-made));
  auto directory = sysfd::open(above, text, as_directory);
  if (!directory) {
    system_call(SYS_unlinkat, above.get(), text.c_str(), AT_REMOVEDIR);
    return fails(directory.error().value());
  }
  Cgroup cgroup(*std::move(directory));
  cgroup.path_ = std::move(path);
  cgroup.mark_ = *mark;
  if (auto kill = sysfd::open(cgroup.directory_, "cgroup.kill", O_WRONLY))
    cgroup.kill_ = *std::move(kill);
  const auto type = detail::read_file(cgroup.directory_, "cgroup.type");
  if (!type) return std::unexpected(type.error());
  if (*type == "domain invalid\n") return fails(EOPNOTSUPP);
  if (auto done = cgroup.set(limits); !done) return std::unexpected(std::move(done).error());
  return cgroup;
}

Cgroup::Cgroup(Cgroup&& other) noexcept
    : directory_(std::move(other.directory_)),
      kill_(std::exchange(other.kill_, std::nullopt)),
      path_(std::exchange(other.path_, {})),
      mark_(other.mark_) {}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  if (this == &other) return *this;
  std::destroy_at(this);
  std::construct_at(this, std::move(other));
  return *this;
}

// Tries an open for writing, which the kernel asks of a process that starts another one there.
static std::optional<CgroupError> start_obstacle_in(BorrowedFd parent) {
  const auto own = detail::open_own_cgroup();
  if (!own) return own.error();
  const auto common = detail::open_common_ancestor(*own, parent);
  const auto fails = [](std::error_code code) {
    return CgroupError{CgroupStep::start, code, "cgroup.procs"};
  };
  if (!common) return fails(error_code(ENOENT));
  const auto opened = sysfd::open(*common, "cgroup.procs", O_WRONLY);
  if (!opened) return fails(opened.error());
  return std::nullopt;
}

Result<CgroupAbilities, CgroupError> Cgroup::abilities() const {
  CgroupAbilities found;
  const auto available = controllers_in(directory_, "cgroup.controllers");
  if (!available) return std::unexpected(available.error());
  const auto enabled = controllers_in(directory_, "cgroup.subtree_control");
  if (!enabled) return std::unexpected(enabled.error());
  const auto in_version_1 = detail::controllers_of_version_1();
  if (!in_version_1) return std::unexpected(in_version_1.error());
  found.available = *available;
  found.enabled = *enabled;
  found.in_version_1 = *in_version_1;
  if (const auto processes = detail::read_file(directory_, "cgroup.procs"))
    found.needs_leaf = !processes->empty() && !is_root(directory_);
  else if (processes.error().code != error_code(EOPNOTSUPP))  // threaded: no leaf
    return std::unexpected(processes.error());
  found.start_obstacle = start_obstacle_in(directory_);

  std::uint64_t number = 0;
  system_call(SYS_getrandom, &number, sizeof number, GRND_NONBLOCK);
  const auto made = create(*this, "sysfd-probe-" + std::to_string(number));
  if (made)
    found.has_kill = has_file(made->directory_, "cgroup.kill");
  else
    found.create_obstacle = made.error();
  return found;
}

Result<void, CgroupError> Cgroup::enable(ControllerSet controllers) const {
  const auto enabled = controllers_in(directory_, "cgroup.subtree_control");
  if (!enabled) return std::unexpected(enabled.error());
  return change_controllers(directory_, '+', controllers - *enabled);
}

// Moves all processes of `from`. They may fork meanwhile.
static Result<void, CgroupError> move_all(BorrowedFd from, BorrowedFd to) {
  const auto fails = [](int error) {
    return cgroup_error(CgroupStep::move, error, "cgroup.procs");
  };
  constexpr int most_rounds = 100;
  for (int round = 0; round < most_rounds; ++round) {
    const auto numbers = detail::numbers_in(from);
    if (!numbers) return fails(numbers.error().code.value());
    if (numbers->empty()) return {};
    for (const pid_t number : *numbers) {
      const long answer = detail::write_file(to, "cgroup.procs", std::to_string(number));
      if (answer < 0 && answer != -ESRCH) return fails(static_cast<int>(-answer));
    }
  }
  return fails(EAGAIN);
}

namespace {

// Takes back what make_leaf_and_enable() has done, unless it is complete: after an exception, too.
struct HalfMadeLeaf {
  const BorrowedFd parent, leaf;
  const CStr name;
  const ControllerSet enabled_before;
  bool is_complete = false;

  ~HalfMadeLeaf() {
    if (is_complete) return;
    (void)detail::without_exceptions([&] {
      if (const auto after = controllers_in(parent, "cgroup.subtree_control"))
        (void)change_controllers(parent, '-', *after - enabled_before);
      return 0;
    });
    (void)detail::without_exceptions([&] {
      (void)move_all(leaf, parent);
      return 0;
    });
    system_call(SYS_unlinkat, parent.get(), name.get(), AT_REMOVEDIR);
  }
};

}  // namespace

Result<Cgroup, CgroupError> Cgroup::make_leaf_and_enable(CStr name,
                                                         ControllerSet controllers) const {
  const auto before = controllers_in(directory_, "cgroup.subtree_control");
  if (!before) return std::unexpected(before.error());
  auto leaf = create(*this, name);
  if (!leaf) return leaf;
  leaf->keep();  // it must not kill what is moved there
  HalfMadeLeaf half_made{directory_, leaf->directory_, name, *before};
  Result<void, CgroupError> done;
  if (!is_root(directory_)) done = move_all(directory_, leaf->directory_);
  if (done) done = enable(controllers);
  if (!done) return std::unexpected(std::move(done).error());
  half_made.is_complete = true;
  return leaf;
}

}  // namespace v0
}  // namespace sysfd
