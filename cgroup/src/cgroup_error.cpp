// SPDX-License-Identifier: MIT
#include <sysfd/cgroup_error.hpp>

#include <cerrno>

#include <sysfd/detail/join.hpp>

namespace sysfd {
inline namespace v0 {
namespace {

// What each step is called in a sentence.
const char* name_of(CgroupStep step) noexcept {
  switch (step) {
    case CgroupStep::find: return "cgroup of this process";
    case CgroupStep::open: return "open of the cgroup";
    case CgroupStep::create: return "new cgroup";
    case CgroupStep::enable: return "controller";
    case CgroupStep::limit: return "limit";
    case CgroupStep::move: return "move into the new cgroup by";
    case CgroupStep::kill: return "kill by";
    case CgroupStep::freeze: return "freeze by";
    case CgroupStep::read: return "read of";
    case CgroupStep::wait: return "wait for";
    case CgroupStep::remove: return "removal of the cgroup";
    case CgroupStep::start: return "start below by";
  }
  return "unknown step";
}

struct Advice {
  CgroupStep step;
  int code;
  const char* text;
};

// What the kernel's own text does not tell.
constexpr Advice advices[] = {
    {CgroupStep::find, EBADF, "not a cgroup of version 2"},
    {CgroupStep::open, EBADF, "not a cgroup of version 2"},
    {CgroupStep::create, EACCES,
     "the parent is not delegated to this user (systemd: Delegate=yes)"},
    {CgroupStep::create, EROFS, "cgroups are mounted read-only, as in most containers"},
    {CgroupStep::create, EINVAL, "the name must be one component of a path"},
    {CgroupStep::create, EOPNOTSUPP, "the parent is threaded, or below one that is"},
    {CgroupStep::enable, EBUSY,
     "processes live in the parent: move them to a cgroup below it first (make_leaf_and_enable)"},
    {CgroupStep::enable, ENOENT,
     "the parent does not have it: enable it above, or it is used by cgroups of version 1"},
    {CgroupStep::enable, EACCES,
     "the parent is not delegated to this user (systemd: Delegate=yes)"},
    {CgroupStep::enable, EROFS, "cgroups are mounted read-only, as in most containers"},
    {CgroupStep::limit, ENOENT, "its controller is not enabled"},
    {CgroupStep::move, EXDEV, "a process is in another pid namespace"},
    {CgroupStep::read, EXDEV, "a process is in another pid namespace"},
    {CgroupStep::kill, EXDEV, "a process is in another pid namespace"},
    {CgroupStep::kill, EOPNOTSUPP, "it is threaded: kill the cgroup above"},
    {CgroupStep::remove, EBUSY, "there are processes in it"},
    {CgroupStep::start, EACCES,
     "this process is not in what is delegated to its user: start it there (systemd-run --user)"},
    {CgroupStep::start, EROFS, "cgroups are mounted read-only, as in most containers"},
    {CgroupStep::start, ENOENT, "this process and the parent are in no common cgroup"},
};

const char* advice_for(CgroupStep step, int code) noexcept {
  for (const Advice& each : advices)
    if (each.step == step && each.code == code) return each.text;
  return nullptr;
}

}  // namespace

std::string CgroupError::describe() const {
  std::string text = name_of(step);
  if (!subject.empty()) detail::append(text, {" \"", subject, "\""});
  const char* const advice = advice_for(step, code.value());
  detail::append(text, {": ", code.message()});
  if (advice) detail::append(text, {": ", advice});
  return text;
}

}  // namespace v0
}  // namespace sysfd
