// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sysfd/detail/decimal.hpp>

#include "plan/attributes/attributes.hpp"
#include "plan/plan_part.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

Result<void, SpawnError> check(const Session& session) {
  if (session.process_group && (*session.process_group < 0 || session.new_session))
    return rejected(SpawnStep::process_group,
                    session.new_session ? "in a new session" : decimal(*session.process_group));
  if (session.controlling_terminal && !session.new_session)
    return rejected(SpawnStep::controlling_terminal, "without a new session");
  return {};
}

namespace {

PartResult gather_session(Planning& planning) {
  const auto gather = [&](const std::optional<BorrowedFd>& terminal, SpawnStep step,
                          bool is_own = false) -> Result<void, SpawnError> {
    if (!terminal) return {};
    if (terminal->get() < 0) return std::unexpected(planning.error_at(step, error_code(EBADF)));
    planning.fds().keep_until_exec(terminal->get(), step, -1, is_own);
    return {};
  };
  const Session& session = *planning.session;
  const bool is_new = planning.plan.resources && planning.plan.resources->child_terminal;
  if (auto done = gather(session.controlling_terminal, SpawnStep::controlling_terminal, is_new);
      !done)
    return std::unexpected(std::move(done.error()));
  if (auto done = gather(session.foreground_of, SpawnStep::foreground_group); !done)
    return std::unexpected(std::move(done.error()));
  return Reuse::yes;
}

void add_session_steps(Planning& planning) {
  const Session& session = *planning.session;
  Steps& steps = planning.steps();
  if (session.new_session) steps.add(SpawnStep::session, -1, SYS_setsid);
  if (session.process_group)
    steps.add(SpawnStep::process_group, -1, SYS_setpgid, 0, *session.process_group);
  if (session.controlling_terminal)
    steps.add(SpawnStep::controlling_terminal, -1, SYS_ioctl,
              planning.fds().place_of(session.controlling_terminal->get()), TIOCSCTTY, 0);
  if (session.foreground_of)
    steps.add(SpawnStep::foreground_group, -1, Step::take_foreground,
              planning.fds().place_of(session.foreground_of->get()));
}

}  // namespace

const PlanPart session_part{gather_session, add_session_steps};

}  // namespace detail

Result<> set_window_size(BorrowedFd terminal, WindowSize size) noexcept {
  const winsize value{size.rows, size.columns, 0, 0};
  if (::syscall(SYS_ioctl, terminal.get(), TIOCSWINSZ, &value) == -1) return detail::last_error();
  return {};
}

}  // namespace v0
}  // namespace sysfd
