// SPDX-License-Identifier: MIT
//
// The parent's part before there is a child: the descriptors beside the streams, passed ones and
// those that only its steps use.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include <sysfd/create.hpp>
#include <sysfd/detail/decimal.hpp>

#include "attempt.hpp"
#include "children_pid_namespace.hpp"

namespace sysfd {
inline namespace v0 {

using detail::error_code;
using detail::FdRequest;
using detail::Mistake;

Mistake Command::Attempt::prepare_descriptor(const State::Passed& passed, SpawnStep step, int index,
                                             std::uint64_t limit) {
  const auto wrong = [&](const char* reason) {
    return SpawnError{step, error_code(EBADF), index,
                      "to be number " + detail::decimal(passed.target) + reason};
  };
  if (passed.handed_over) return wrong(", which an earlier child was given");
  const bool is_other = step == SpawnStep::descriptor && !changes_.descriptors.empty();
  const int source =
      is_other ? changes_.descriptors[static_cast<std::size_t>(index)].get() : passed.source;
  if (source < 0) return wrong(", which is none");
  if (passed.target < 0) return wrong("");
  if (static_cast<std::uint64_t>(passed.target) >= limit) return wrong(", beyond the limit");
  work_.fds.add({.kind = FdRequest::Kind::descriptor,
                 .source = source,
                 .target = passed.target,
                 .step = step,
                 .index = index,
                 .is_lent = is_other || !passed.owned});
  return std::nullopt;
}

Mistake Command::Attempt::prepare_passed() {
  if (!changes_.descriptors.empty() && changes_.descriptors.size() != state_.passed.size())
    return detail::wrong_value(SpawnStep::descriptor, detail::decimal(changes_.descriptors.size()) +
                                                          " instead of " +
                                                          detail::decimal(state_.passed.size()));
  if (state_.passed.empty() && state_.listeners.empty() && changes_.placed.empty())
    return std::nullopt;
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  std::uint64_t limit = now.rlim_cur;
  for (const ResourceLimit& wanted : state_.resources.limits)
    if (wanted.resource == RLIMIT_NOFILE) limit = std::max(limit, wanted.soft);
  const auto add = [&](const std::vector<State::Passed>& list, SpawnStep step) -> Mistake {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (step == SpawnStep::descriptor && placed_as(list[i].target)) continue;
      if (auto mistake = prepare_descriptor(list[i], step, static_cast<int>(i), limit))
        return mistake;
    }
    return std::nullopt;
  };
  if (auto mistake = add(state_.passed, SpawnStep::descriptor)) return mistake;
  if (!changes_.placed.empty())
    if (auto mistake = (this->*state_.prepared->parts->prepare_placed)(limit)) return mistake;
  return add(state_.listeners, SpawnStep::listen_fds);
}

Mistake Command::Attempt::prepare_session_of_terminal() {
  if (!made_->child_terminal) return std::nullopt;
  if (made_->session.controlling_terminal)
    return detail::wrong_value(SpawnStep::controlling_terminal, "beside a new terminal");
  made_->session.new_session = true;
  made_->session.controlling_terminal = *made_->child_terminal;
  made_->plan_session = &detail::plan_session;
  return detail::check(made_->session);
}

Mistake Command::Attempt::prepare_descriptors() {
  if (auto mistake = prepare_streams()) return mistake;
  if (auto mistake = prepare_passed()) return mistake;
  if (said_of(2) == Stdio::Kind::like_stdout)
    if (auto mistake = prepare_like_stdout(2)) return mistake;
  return prepare_session_of_terminal();
}

// But for the streams.
Mistake Command::Attempt::prepare_placed(std::uint64_t limit) {
  for (std::size_t i = 0; i < changes_.placed.size(); ++i) {
    const PlacedFd& placed = changes_.placed[i];
    const int index = static_cast<int>(state_.passed.size() + i);
    if (placed.number >= 0 && placed.number < 3) continue;
    if (!placed.fd && placed.number >= 0) continue;
    if (placed.number < 0 || placed.fd->get() < 0 ||
        static_cast<std::uint64_t>(placed.number) >= limit)
      return error_at(SpawnStep::descriptor, error_code(EBADF), index);
    work_.fds.add({.kind = FdRequest::Kind::descriptor,
                   .source = placed.fd->get(),
                   .target = placed.number,
                   .step = SpawnStep::descriptor,
                   .index = index,
                   .is_lent = true});
  }
  return std::nullopt;
}

Mistake Command::Attempt::prepare_report() {
  auto made = pipe();
  if (!made) return SpawnError{SpawnStep::start, made.error(), -1, "of which a pipe is to tell"};
  made_->report = std::move(*made);
  return std::nullopt;
}

std::optional<OwnedFd> Command::Attempt::take_report() noexcept {
  if (!made_ || !made_->report) return std::nullopt;
  OwnedFd read = std::move(made_->report->read);
  made_->report.reset();
  return read;
}

// cwd() is no descriptor that the child could come back by when it has left the directory.
Mistake Command::Attempt::prepare_directory() {
  const bool is_left = state_.root.is_given() || joins(Namespace::mount);
  if (!is_left || !(state_.root.is_cwd() || directory().is_cwd())) return std::nullopt;
  auto opened = open(cwd(), ".", O_PATH | O_DIRECTORY);
  if (!opened)
    return error_at(state_.root.is_cwd() ? SpawnStep::root_directory : SpawnStep::working_directory,
                    opened.error(), -1);
  made_->directory = std::move(*opened);
  return std::nullopt;
}

// -1: none is needed.
int Command::Attempt::number_of(const State::Directory& wanted) const noexcept {
  if (!wanted.is_cwd()) return wanted.fd.value_or(-1);
  return made_->directory ? made_->directory->get() : -1;
}

// What the child's steps use after the descriptors have been placed.
Mistake Command::Attempt::prepare_held() {
  if (auto mistake = prepare_directory()) return mistake;
  Mistake mistake;
  const auto hold = [&](int fd, SpawnStep step, int index = -1, bool is_own = false) {
    if (fd < 0 && !mistake) mistake = error_at(step, error_code(EBADF), index);
    work_.fds.hold(fd, step, index, is_own);
  };
  if (state_.program_fd) hold(*state_.program_fd, SpawnStep::exec);
  const auto hold_directory = [&](const State::Directory& wanted, SpawnStep step) {
    if (!wanted.is_cwd() || made_->directory) hold(number_of(wanted), step, -1, wanted.is_cwd());
  };
  if (state_.root.fd) hold_directory(state_.root, SpawnStep::root_directory);
  if (directory().fd) hold_directory(directory(), SpawnStep::working_directory);
  if (made_->cgroup && kind_ == Kind::in_place)
    hold(made_->cgroup->get(), SpawnStep::cgroup, -1, true);
  if (made_->session.controlling_terminal)
    hold(made_->session.controlling_terminal->get(), SpawnStep::controlling_terminal, -1,
         made_->child_terminal.has_value());
  if (made_->session.foreground_of)
    hold(made_->session.foreground_of->get(), SpawnStep::foreground_group);
  const auto& joins = state_.namespaces.join;
  for (std::size_t i = 0; i < joins.size(); ++i)
    hold(joins[i].of.get(), SpawnStep::join_namespace, static_cast<int>(i));

  if (made_->report) hold(made_->report->write.get(), SpawnStep::start, -1, true);
  return mistake;
}

// A child that cannot tell its parent by a number watches its pidfd.
Mistake Command::Attempt::prepare_parent_death() {
  if (kind_ == Kind::in_place) return std::nullopt;
  if (!is_in_other_pid_namespace() && !detail::children_are_in_other_pid_namespace())
    return std::nullopt;
  auto process = PidFd::open(::getpid());
  if (!process) return SpawnError{SpawnStep::parent_death, process.error(), -1, ""};
  made_->own_process = std::move(*process);
  work_.fds.hold(made_->own_process->fd().get(), SpawnStep::parent_death, -1, true);
  return std::nullopt;
}

bool Command::Attempt::is_own(int fd) const noexcept {
  const auto has = [&](const auto& own) { return own && own->get() == fd; };
  return std::ranges::any_of(made_->child_ends, has) ||
         std::ranges::any_of(made_->parent_ends, has) || has(made_->child_terminal) ||
         has(made_->parent_terminal) || has(made_->cgroup) || has(made_->directory) ||
         has(made_->own_pid_namespace) ||
         (made_->own_process && made_->own_process->fd().get() == fd) ||
         (made_->report && (made_->report->read.get() == fd || made_->report->write.get() == fd));
}

// A descriptor that was lent and is not open any more has a number that something which was made
// just now may have got.
Mistake Command::Attempt::refuse_own_descriptors() const {
  for (const FdRequest& request : work_.fds.requests())
    if (!request.is_own && request.kind == FdRequest::Kind::descriptor && is_own(request.source))
      return error_at(request.step, error_code(EBADF), request.index);
  for (const auto& held : work_.fds.held())
    if (!held.is_own && is_own(held.source))
      return error_at(held.step, error_code(EBADF), held.index);
  return std::nullopt;
}

Mistake Command::Attempt::settle_sources() {
  if (auto mistake = refuse_own_descriptors()) return mistake;
  // Where the child starts with a copy of the table it is too late.
  if (kind_ != Kind::in_place && !starts_with_copy() && !state_.inherits)
    work_.fds.lower_sources([this](int source) { return made_->slots.lower(source); });
  return std::nullopt;
}

}  // namespace v0
}  // namespace sysfd
