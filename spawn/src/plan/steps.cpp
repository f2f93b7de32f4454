// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/syscall.h>

#include <csignal>

#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// Not inlined: so many steps are added in so many places.
void Steps::push(const Step& step) {
  steps_.push_back(step);
}

namespace {

// For stdin, or for stdout and stderr: what confines the child may allow one and not the other.
constexpr int flags_of_null(int target) noexcept {
  return target == 0 ? O_RDONLY : O_WRONLY;
}

constexpr Step stream_step(int number) noexcept {
  return {Step::keep_or_open_null,    number, flags_of_null(number), 0, 0, 0,
          SpawnStep::standard_stream, number};
}

constexpr long bit(int signo) noexcept {
  return 1L << (signo - 1);
}

// As add_signal_steps() and the streams that are inherited.
constexpr Step usual[] = {
    {Step::set_to_default, bit(SIGPIPE) | bit(SIGCHLD), 0, 0, 0, 0, SpawnStep::signals, -1},
    stream_step(0),
    stream_step(1),
    stream_step(2),
};

}  // namespace

std::span<const Step> usual_steps() noexcept {
  return usual;
}

void add_descriptor_steps(const FdPlan& fds, Steps& steps) {
  for (const FdAction& action : fds.actions()) {
    const auto add = [&](long call, auto... arguments) {
      steps.add(action.step, action.index, call, arguments...);
    };
    switch (action.kind) {
      case FdAction::Kind::duplicate: add(SYS_dup3, action.source, action.target, 0); break;
      case FdAction::Kind::save: add(SYS_dup3, action.source, action.target, O_CLOEXEC); break;
      case FdAction::Kind::keep: add(SYS_fcntl, action.target, F_SETFD, 0); break;
      case FdAction::Kind::inherit:
        add(Step::keep_or_open_null, action.target, flags_of_null(action.target));
        break;
      case FdAction::Kind::open_null:
        add(Step::open_null, action.target, flags_of_null(action.target));
        break;
    }
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
