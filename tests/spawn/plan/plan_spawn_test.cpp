// SPDX-License-Identifier: MIT
//
// Tests plans alone: the steps of the child, their order, and if the next child can use the plan
// again. Starts no process.
#include "plan/spawn_plan.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "command_state.hpp"
#include "plan/plan_part.hpp"

namespace sysfd_test {
namespace {

using detail::Reuse;
using detail::SpawnPlan;
using detail::SpawnRequest;
using detail::StartMode;
using detail::Step;

Result<SpawnPlan, SpawnError> plan_of(Command& command, const SpawnRequest& request = {}) {
  auto& [spec, scratch] = detail::state_of(command);
  return plan_spawn(spec, request, scratch);
}

std::vector<SpawnStep> steps_of(const SpawnPlan& plan) {
  std::vector<SpawnStep> steps;
  const auto& args = plan.child.args;
  for (const Step* step = args.steps; step != args.steps + args.step_count; ++step)
    if (steps.empty() || steps.back() != step->step) steps.push_back(step->step);
  return steps;
}

std::vector<std::string> candidates_of(const SpawnPlan& plan) {
  std::vector<std::string> candidates;
  for (const char* candidate = plan.child.args.candidates; *candidate;
       candidate += candidates.back().size() + 1)
    candidates.emplace_back(candidate);
  return candidates;
}

TEST(SpawnPlan, OfACommandWithoutMoreSetsSignalsAndStreamsOnly) {
  Command command("/bin/true");
  const auto plan = plan_of(command);
  ASSERT_TRUE(plan);
  EXPECT_EQ(steps_of(*plan), (std::vector{SpawnStep::signals, SpawnStep::standard_stream}));
  EXPECT_FALSE(plan->resources);
  EXPECT_EQ(plan->child.args.first_unneeded, 3U);
  EXPECT_EQ(plan->child.args.gap_count, 0U);
  EXPECT_EQ(plan->child.reuse, Reuse::yes);
  EXPECT_TRUE(plan->child.runs_concurrently);
  EXPECT_FALSE(plan->child.changes_credentials);
}

TEST(SpawnPlan, TakesTheStepsInOneOrder) {
  Command command("/bin/true");
  command.identity({.user = 1, .group = 1, .no_new_privileges = true})
      .resources({.umask = 022, .nice = 1})
      .session({.new_session = true})
      .namespaces({.create = Namespace::mount, .private_mounts = true})
      .root_directory("/")
      .working_directory("/tmp")
      .parent_death_signal(SIGTERM);
  const auto plan = plan_of(command);
  ASSERT_TRUE(plan);
  EXPECT_EQ(steps_of(*plan),
            (std::vector{SpawnStep::signals, SpawnStep::standard_stream, SpawnStep::session,
                         SpawnStep::umask, SpawnStep::nice, SpawnStep::dumpable, SpawnStep::mounts,
                         SpawnStep::root_directory, SpawnStep::working_directory, SpawnStep::groups,
                         SpawnStep::group, SpawnStep::user, SpawnStep::parent_death,
                         SpawnStep::no_new_privileges}));
  EXPECT_TRUE(plan->child.changes_credentials);
  EXPECT_TRUE(plan->child.leads_group);
  EXPECT_FALSE(plan->child.runs_concurrently);
}

TEST(SpawnPlan, ChangesTheDirectoryAfterTheIdentityIfAsked) {
  Command command("/bin/true");
  command.identity({.user = 1}).working_directory("/tmp", DirectoryChange::after_identity);
  const auto plan = plan_of(command);
  ASSERT_TRUE(plan);
  const auto steps = steps_of(*plan);
  EXPECT_LT(std::ranges::find(steps, SpawnStep::user),
            std::ranges::find(steps, SpawnStep::working_directory));
}

TEST(SpawnPlan, SearchesAPathForANameOnly) {
  Command by_path("/bin/true");
  Command by_name("true");
  by_name.env("PATH", "/one:relative:/two");
  const auto path = plan_of(by_path);
  const auto name = plan_of(by_name);
  ASSERT_TRUE(path && name);
  EXPECT_EQ(candidates_of(*path), std::vector<std::string>{"/bin/true"});
  EXPECT_EQ(candidates_of(*name), (std::vector<std::string>{"/one/true", "/two/true"}));
}

TEST(SpawnPlan, OwnsThePipesThatItMakes) {
  Command command("/bin/true");
  command.stdout_to(Stdio::pipe());
  const auto plan = plan_of(command);
  ASSERT_TRUE(plan && plan->resources);
  EXPECT_TRUE(plan->resources->parent_ends[1] && plan->resources->child_ends[1]);
  EXPECT_FALSE(plan->resources->parent_ends[0]);
}

TEST(SpawnPlan, ClosesWhatIsNotNeededBetweenDescriptors) {
  Command command("/bin/true");
  const OwnedFd fd = must(event_fd(0));
  const OwnedFd high = OwnedFd::adopt(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 60));
  command.pass(high, 7);
  const auto plan = plan_of(command);
  ASSERT_TRUE(plan);
  const auto& args = plan->child.args;
  EXPECT_EQ(args.first_unneeded, 61U);
  ASSERT_EQ(args.gap_count, 1U);
  EXPECT_EQ(args.gaps[0].first, 3U);
  EXPECT_EQ(args.gaps[0].last, 59U);
}

// A case for reuse by the next child.

struct ReuseCase {
  const char* name;
  void (*configure)(Command&);
  Reuse expected;
};

class PlanReuse : public testing::TestWithParam<ReuseCase> {};

TEST_P(PlanReuse, IsAsEachPartSays) {
  Command command("/bin/true");
  GetParam().configure(command);
  const auto plan = plan_of(command);
  ASSERT_TRUE(plan) << plan.error().describe();
  EXPECT_EQ(plan->child.reuse, GetParam().expected);
  EXPECT_TRUE(GetParam().expected == Reuse::yes || !plan->child.runs_concurrently);
}

const ReuseCase reuse_cases[] = {
    {"nothing", [](Command&) {}, Reuse::yes},
    {"arguments", [](Command& c) { c.args({"a", "b"}); }, Reuse::yes},
    {"environment", [](Command& c) { c.env("A", "b"); }, Reuse::yes},
    {"shell_fallback", [](Command& c) { c.shell_fallback(); }, Reuse::yes},
    {"null_streams", [](Command& c) { c.stdin_from(Stdio::null()); }, Reuse::yes},
    {"like_stdout", [](Command& c) { c.stderr_to(Stdio::like_stdout()); }, Reuse::yes},
    {"borrowed", [](Command& c) { c.pass(BorrowedFd::unsafe_borrow(0), 5); }, Reuse::yes},
    {"owned", [](Command& c) { c.pass(must(event_fd(0)), 5); }, Reuse::no},
    {"owned_stream", [](Command& c) { c.stdin_from(must(event_fd(0))); }, Reuse::no},
    {"pipe", [](Command& c) { c.stdin_from(Stdio::pipe()); }, Reuse::no},
    {"inherit", [](Command& c) { c.inherit_descriptors(); }, Reuse::no},
    {"listeners", [](Command& c) { c.listen_fds("a", BorrowedFd::unsafe_borrow(0)); }, Reuse::no},
    {"session", [](Command& c) { c.session({.new_session = true}); }, Reuse::yes},
    {"signals", [](Command& c) { c.signals({.all_to_default = true}); }, Reuse::yes},
    {"umask", [](Command& c) { c.resources({.umask = 022}); }, Reuse::yes},
    {"limits", [](Command& c) { c.resources({.limits = {{RLIMIT_CORE, 0, 0}}}); }, Reuse::no},
    {"user", [](Command& c) { c.identity({.user = 1}); }, Reuse::yes},
    {"new_namespace", [](Command& c) { c.namespaces({.create = Namespace::uts}); }, Reuse::yes},
    {"id_maps",
     [](Command& c) { c.namespaces({.create = Namespace::user, .user_map = {{0, 0, 1}}}); },
     Reuse::no},
    {"working_directory", [](Command& c) { c.working_directory("/"); }, Reuse::yes},
    {"root_directory", [](Command& c) { c.root_directory("/"); }, Reuse::yes},
    {"cwd_and_root", [](Command& c) { c.working_directory(cwd()).root_directory("/"); }, Reuse::no},
    {"parent_death", [](Command& c) { c.parent_death_signal(SIGTERM); }, Reuse::no},
    {"killed_with_parent", [](Command& c) { c.kill_with_parent(); }, Reuse::no},
};

INSTANTIATE_TEST_SUITE_P(Of, PlanReuse, testing::ValuesIn(reuse_cases),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(SpawnPlan, IsUsedAgainUntilASetterIsCalled) {
  Command command("/bin/true");
  command.session({.new_session = true});
  auto& scratch = detail::state_of(command).scratch;
  ASSERT_TRUE(plan_of(command));
  scratch.child.args.error = -1;  // a trace, which a new plan removes
  ASSERT_TRUE(plan_of(command));
  EXPECT_EQ(scratch.child.args.error, -1);
  command.env("A", "b");
  ASSERT_TRUE(plan_of(command));
  EXPECT_EQ(scratch.child.args.error, 0);
}

TEST(SpawnPlan, IsNotUsedAgainForExec) {
  Command command("/bin/true");
  ASSERT_TRUE(plan_of(command));
  const auto in_place = plan_of(command, {.mode = StartMode::in_place});
  ASSERT_TRUE(in_place);
  EXPECT_EQ(in_place->child.reuse, Reuse::no);
}

TEST(SpawnPlan, IsNotUsedAgainAfterAnError) {
  Command command("/bin/true");
  ASSERT_TRUE(plan_of(command));
  command.pass(BorrowedFd::unsafe_borrow(0), -1);
  const auto failed = plan_of(command);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().step, SpawnStep::descriptor);
  EXPECT_EQ(detail::state_of(command).scratch.child.reuse, Reuse::no);
}

bool has_variable(char* const* environment, std::string_view entry) {
  for (; *environment; ++environment)
    if (*environment == entry) return true;
  return false;
}

TEST(SpawnPlan, TakesTheEnvironmentOfTheMoment) {
  Command command("/bin/true");
  ASSERT_TRUE(plan_of(command));
  EXPECT_EQ(::setenv("SYSFD_TEST_PLAN", "now", 1), 0);
  const auto plan = plan_of(command);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(has_variable(plan->child.args.environment, "SYSFD_TEST_PLAN=now"));
  EXPECT_EQ(::unsetenv("SYSFD_TEST_PLAN"), 0);
}

TEST(SpawnPlan, NamesTheArgumentThatIsInvalid) {
  Command command("/bin/true");
  command.pass(BorrowedFd::unsafe_borrow(0), 4).pass(BorrowedFd::unsafe_borrow(1), 4);
  const auto plan = plan_of(command);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().step, SpawnStep::descriptor);
  EXPECT_EQ(plan.error().index, 1);
  EXPECT_EQ(plan.error().code.value(), EINVAL);
}

}  // namespace
}  // namespace sysfd_test
