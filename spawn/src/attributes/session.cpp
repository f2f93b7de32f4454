// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sysfd/detail/decimal.hpp>

#include "attributes.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

Mistake check(const Session& session) {
  if (session.process_group && (*session.process_group < 0 || session.new_session))
    return wrong_value(SpawnStep::process_group,
                       session.new_session ? "in a new session" : decimal(*session.process_group));
  if (session.controlling_terminal && !session.new_session)
    return wrong_value(SpawnStep::controlling_terminal, "without a new session");
  return std::nullopt;
}

void plan_session(const Session& session, const FdPlan& fds, Steps& steps) {
  if (session.new_session) steps.add(SpawnStep::session, -1, SYS_setsid);
  if (session.process_group)
    steps.add(SpawnStep::process_group, -1, SYS_setpgid, 0, *session.process_group);
  if (session.controlling_terminal)
    steps.add(SpawnStep::controlling_terminal, -1, SYS_ioctl,
              fds.place_of(session.controlling_terminal->get()), TIOCSCTTY, 0);
  if (session.foreground_of)
    steps.add(SpawnStep::foreground_group, -1, Step::take_foreground,
              fds.place_of(session.foreground_of->get()));
}

}  // namespace detail

Result<> set_window_size(BorrowedFd terminal, WindowSize size) noexcept {
  const winsize value{size.rows, size.columns, 0, 0};
  if (::syscall(SYS_ioctl, terminal.get(), TIOCSWINSZ, &value) == -1) return detail::last_error();
  return {};
}

}  // namespace v0
}  // namespace sysfd
