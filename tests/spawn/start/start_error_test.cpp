// SPDX-License-Identifier: MIT
//
// Tests the errors of starts, made from what a child would have reported. Starts no process.
#include "start/start_error.hpp"

#include <cerrno>
#include <csignal>
#include <string>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#include "command_state.hpp"

namespace sysfd_test {
namespace {

using detail::ChildArgs;

using detail::FailedStart;

// A Command for /bin/true, as if its child had been planned.
struct Planned {
  Planned() { EXPECT_TRUE(detail::plan_spawn(state().spec, {}, state().scratch)); }
  detail::CommandState& state() { return detail::state_of(command); }
  ChildArgs& args() { return state().scratch.child.args; }
  FailedStart start() { return {state().spec, state().scratch, true}; }

  Command command{"/bin/true"};
};

TEST(StartError, OfCloneNamesWhatCloneWasAskedFor) {
  Planned planned;
  auto& options = planned.state().scratch.child.clone;
  const auto step = [&](int error) {
    return clone_error(planned.start(), detail::error_code(error)).step;
  };
  EXPECT_EQ(step(EINVAL), SpawnStep::clone);
  options.namespaces = Namespace::net;
  EXPECT_EQ(step(EPERM), SpawnStep::namespaces);
  EXPECT_EQ(step(EAGAIN), SpawnStep::clone);
  options.cgroup = 5;
  EXPECT_EQ(step(EBUSY), SpawnStep::cgroup);
  options.namespaces = {};
  EXPECT_EQ(step(EINVAL), SpawnStep::cgroup);
  EXPECT_EQ(step(ENOMEM), SpawnStep::clone);
}

TEST(StartError, OfAStepHasItsErrnoAndIndex) {
  Planned planned;
  planned.command.pass(BorrowedFd::unsafe_borrow(0), 9);
  planned.args().progress = ChildArgs::Progress::failed;
  planned.args().failed_step = SpawnStep::descriptor;
  planned.args().error = -EMFILE;
  planned.args().index = 0;
  const SpawnError error = failed_step_error(planned.start());
  EXPECT_EQ(error.step, SpawnStep::descriptor);
  EXPECT_EQ(error.code.value(), EMFILE);
  EXPECT_EQ(error.index, 0);
  EXPECT_EQ(error.subject, "to be number 9");
}

TEST(StartError, NamesThePathThatAStepOpensItself) {
  Planned planned;
  planned.args().failed_step = SpawnStep::oom_score_adjust;
  planned.args().error = -ENOENT;
  EXPECT_EQ(failed_step_error(planned.start()).subject, "/proc/thread-self/oom_score_adj");
}

TEST(StartError, OfAChildThatEndedTellsHow) {
  Planned planned;
  const Result<ExitStatus> unknown = detail::failure(ECHILD);
  planned.args().progress = ChildArgs::Progress::started;
  const SpawnError ended = child_error(planned.start(), unknown);
  EXPECT_EQ(ended.step, SpawnStep::start);
  EXPECT_EQ(ended.code.value(), ECANCELED);
  EXPECT_EQ(ended.subject, "which has ended");
}

TEST(StartError, OfAChildThatDoesNotShareMemoryIsENOSYS) {
  Planned planned;
  planned.args().progress = ChildArgs::Progress::not_started;
  const Result<ExitStatus> status = ExitStatus::exited(127);
  EXPECT_EQ(child_error(planned.start(), status).code.value(), ENOSYS);
}

TEST(StartError, OfExecExplainsWhatIsMissing) {
  Planned planned;
  Command script("/nonexistent/program");
  auto& [spec, scratch] = detail::state_of(script);
  ASSERT_TRUE(detail::plan_spawn(spec, {}, scratch));
  scratch.child.args.failed_step = SpawnStep::exec;
  scratch.child.args.error = -ENOENT;
  EXPECT_EQ(detail::failed_step_error({spec, scratch, true}).subject, "/nonexistent/program");
}

}  // namespace
}  // namespace sysfd_test
