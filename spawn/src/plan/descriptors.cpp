// SPDX-License-Identifier: MIT
//
// The descriptors of the child: streams, passed ones, and those that are inherited.
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include <sysfd/detail/decimal.hpp>

#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"
#include "plan/streams.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

PartResult gather_descriptor(Planning& planning, const PassedFd& passed, SpawnStep step, int index,
                             std::uint64_t limit) {
  const auto fails = [&](const char* reason) {
    return std::unexpected(SpawnError{step, error_code(EBADF), index,
                                      "to be number " + decimal(passed.target) + reason});
  };
  if (passed.is_used_up) return fails(", which an earlier child was given");
  const auto& others = planning.request.changes.descriptors;
  const bool is_other = step == SpawnStep::descriptor && !others.empty();
  const int source = is_other ? others[static_cast<std::size_t>(index)].get() : passed.source.get();
  if (source < 0) return fails(", which is none");
  if (passed.target < 0) return fails("");
  if (static_cast<std::uint64_t>(passed.target) >= limit) return fails(", beyond the limit");
  planning.fds().add({.kind = FdRequest::Kind::descriptor,
                      .source = source,
                      .target = passed.target,
                      .step = step,
                      .index = index,
                      .is_borrowed = is_other || !passed.owned});
  // One that the Command owns is this child's only.
  return passed.owned && !planning.spec.snapshot ? Reuse::no : Reuse::yes;
}

std::uint64_t nofile_limit(const CommandSpec& spec) noexcept {
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  std::uint64_t limit = now.rlim_cur;
  if (spec.resources)
    for (const ResourceLimit& wanted : spec.resources->limits)
      if (wanted.resource == RLIMIT_NOFILE) limit = std::max(limit, wanted.soft);
  return limit;
}

PartResult gather_passed(Planning& planning) {
  const CommandSpec& spec = planning.spec;
  const SpawnChanges& changes = planning.request.changes;
  if (!changes.descriptors.empty() && changes.descriptors.size() != spec.passed.size())
    return rejected(SpawnStep::descriptor, decimal(changes.descriptors.size()) + " instead of " +
                                               decimal(spec.passed.size()));
  Reuse reuse = Reuse::yes;
  if (spec.passed.empty() && spec.listeners.empty() && changes.placed.empty()) return reuse;
  const std::uint64_t limit = nofile_limit(spec);
  const auto add = [&](const std::vector<PassedFd>& list, SpawnStep step) -> PartResult {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (step == SpawnStep::descriptor && planning.request.placed_as(list[i].target)) continue;
      const PartResult part =
          gather_descriptor(planning, list[i], step, static_cast<int>(i), limit);
      if (!part) return part;
      if (*part == Reuse::no) reuse = Reuse::no;
    }
    return reuse;
  };
  if (PartResult part = add(spec.passed, SpawnStep::descriptor); !part) return part;
  if (!changes.placed.empty())
    if (auto done = spec.snapshot->changes->gather_placed(planning, limit); !done)
      return std::unexpected(std::move(done.error()));
  return add(spec.listeners, SpawnStep::listen_fds);
}

Result<void, SpawnError> use_terminal(Planning& planning) {
  if (!planning.plan.resources || !planning.plan.resources->child_terminal) return {};
  ChildResources& resources = *planning.plan.resources;
  if (planning.session->controlling_terminal)
    return rejected(SpawnStep::controlling_terminal, "together with a new terminal");
  Session& session = resources.session_in_terminal;
  session = *planning.session;
  session.new_session = true;
  session.controlling_terminal = *resources.child_terminal;
  planning.session = &session;
  planning.session_part = &session_part;
  return check(session);
}

PartResult gather_descriptors(Planning& planning) {
  PartResult streams = gather_streams(planning);
  if (!streams) return streams;
  PartResult passed = gather_passed(planning);
  if (!passed) return passed;
  if (kind_of_stream(planning.spec, planning.request, 2) == StreamKind::like_stdout)
    if (PartResult like = gather_like_stdout(planning, 2); !like) return like;
  if (auto done = use_terminal(planning); !done) return std::unexpected(std::move(done.error()));
  return *streams == Reuse::no ? streams : passed;
}

// A descriptor that was borrowed and is not open any more has a number that something which was
// made just now may have got.
Result<void, SpawnError> reject_own_descriptors(const Planning& planning) {
  const auto& own = planning.plan.resources;
  if (!own) return {};
  const auto fails = [&](SpawnStep step, int index) {
    return std::unexpected(planning.error_at(step, error_code(EBADF), index));
  };
  for (const FdRequest& request : planning.fds().requests())
    if (!request.is_own && request.kind == FdRequest::Kind::descriptor && own->has(request.source))
      return fails(request.step, request.index);
  for (const auto& kept : planning.fds().kept())
    if (!kept.is_own && own->has(kept.source)) return fails(kept.step, kept.index);
  return {};
}

PartResult settle_descriptors(Planning& planning) {
  if (auto done = reject_own_descriptors(planning); !done)
    return std::unexpected(std::move(done.error()));
  const auto is_high = [](const FdRequest& request) {
    return request.kind == FdRequest::Kind::descriptor && request.source >= SlotLease::min_fd;
  };
  if (!std::ranges::any_of(planning.fds().requests(), is_high)) return Reuse::yes;
  // If the child starts with a copy of the table it is too late.
  if (!planning.is_in_place() && !planning.spec.inherits &&
      !starts_with_copy(planning.spec, planning.request.mode, planning.scratch))
    planning.fds().lower_sources(
        [&](int source) { return planning.resources().slots.lower(source); });
  return Reuse::no;  // another slot may be free the next time
}

Result<void, SpawnError> reject_pipes(const CommandSpec& spec, const SpawnRequest& request) {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const StreamKind kind = kind_of_stream(spec, request, number);
    if (kind == StreamKind::pipe || kind == StreamKind::terminal)
      return rejected(SpawnStep::standard_stream,
                      std::string(stream_names[number]) + ", where status() cannot use " +
                          (kind == StreamKind::pipe ? "pipe()" : "terminal()") +
                          ": nobody has its other end",
                      number);
  }
  return {};
}

PartResult gather_inheritance(Planning& planning) {
  planning.args().inherits = true;
  return Reuse::no;  // what is open may be another thing the next time
}

// What was passed under one of these numbers is there by now.
void add_inheritance_steps(Planning& planning) {
  const auto requests = planning.fds().requests();
  for (const int number : planning.spec.not_inherited)
    if (std::ranges::find(requests, number, &FdRequest::target) == requests.end())
      planning.steps().add(SpawnStep::descriptor, -1, Step::close_at_exec, number);
}

}  // namespace

// NOLINTNEXTLINE(cppcoreguidelines-interfaces-global-init): takes its address only
const DescriptorsPart descriptors_part{&parts_planner, gather_descriptors, settle_descriptors,
                                       reject_pipes};
const PlanPart inheritance_part{gather_inheritance, add_inheritance_steps};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
