// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "capi/objects.hpp"

namespace sysfd_test {
namespace {

// Has something that only the tree holds open.
class Held {
 public:
  Held() { EXPECT_EQ(sysfd_pipe(0, fds_), 0); }
  ~Held() { EXPECT_EQ(sysfd_close_take(fds_[0]), 0); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  void go_with(const CCommand& it) { EXPECT_EQ(sysfd_command_pass_take(it.get(), fds_[1], 9), 0); }
  bool becomes_free() const { return sees_end(20'000); }
  bool is_free() const { return sees_end(0); }

 private:
  bool sees_end(int milliseconds) const {
    pollfd entry{fds_[0], 0, 0};
    return ::poll(&entry, 1, milliseconds) == 1;
  }

  int fds_[2] = {-1, -1};
};

sysfd_ending ending_of(const CChild& child) {
  sysfd_ending ending = SYSFD_ENDING_INIT;
  EXPECT_EQ(sysfd_child_ending(child.get(), &ending), 0);
  return ending;
}

class CContained : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
  }
};

TEST_F(CContained, TreesEndWithTheChild) {
  Held held;
  auto it = shell("setsid sleep 1000 & exec sleep 1000");
  held.go_with(it);
  EXPECT_EQ(sysfd_command_contain(it.get(), nullptr), 0);
  auto child = spawned(it);
  it.reset();
  EXPECT_LE(sysfd_child_containment(child.get()), SYSFD_CONTAINED_BY_USER_AND_PID_NAMESPACE);
  sysfd_ending none = SYSFD_ENDING_INIT;
  EXPECT_EQ(sysfd_child_ending(child.get(), &none), -EAGAIN);
  sysfd_cgroup_usage usage = SYSFD_CGROUP_USAGE_INIT;
  EXPECT_EQ(sysfd_child_usage(child.get(), &usage), -EOPNOTSUPP);
  child.reset();
  EXPECT_TRUE(held.becomes_free());
}

TEST_F(CContained, TreesMayHaveACgroup) {
  sysfd_cgroup* found = nullptr;
  sysfd_error why = SYSFD_ERROR_INIT;
  const int code = sysfd_cgroup_own(&found, &why);
  const CCgroup own(found);
  if (code < 0) GTEST_SKIP() << "needs cgroups of version 2: " << why.text;
  const auto it = shell("exit 3");
  sysfd_containment containment = SYSFD_CONTAINMENT_INIT;
  containment.flags = SYSFD_CONTAIN_OWN_CGROUP | SYSFD_CONTAIN_OUTLIVES_OWNER;
  containment.reach = SYSFD_REACH_BEST_EFFORT;
  containment.parent = own.get();
  EXPECT_EQ(sysfd_command_contain(it.get(), &containment), 0);
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_child* started = nullptr;
  if (sysfd_command_spawn(it.get(), &started, &error) < 0 && error.step == SYSFD_STEP_CGROUP)
    GTEST_SKIP() << error.text;
  const CChild child(started);
  EXPECT_EQ(exit_code_of(child), 3);
  sysfd_cgroup_usage usage = SYSFD_CGROUP_USAGE_INIT;
  EXPECT_EQ(sysfd_child_usage(child.get(), &usage), 0);
  EXPECT_NE(usage.set & SYSFD_USAGE_CPU_USER, 0U);
  EXPECT_EQ(ending_of(child).reason, SYSFD_END_EXITED);
  EXPECT_GE(sysfd_sweep_trees(own.get(), &why), 0) << why.text;
}

TEST_F(CContained, ChildrenTellWhyTheyHaveEnded) {
  const auto exits = shell("exit 3");
  const auto exited = spawned(exits);
  EXPECT_EQ(sysfd_child_containment(exited.get()), SYSFD_NOT_CONTAINED);
  EXPECT_EQ(exit_code_of(exited), 3);
  const auto ending = ending_of(exited);
  EXPECT_EQ(ending.reason, SYSFD_END_EXITED);
  EXPECT_EQ(ending.set, std::uint32_t{SYSFD_ENDING_STATUS});
  EXPECT_EQ(sysfd_exit_status_code(ending.status), 3);
  const auto dies = shell("kill -TERM $$");
  const auto died = spawned(dies);
  EXPECT_LT(exit_code_of(died), 0);
  EXPECT_EQ(ending_of(died).reason, SYSFD_END_SIGNAL);
}

TEST_F(CContained, TreesCannotDoWhatWouldBreakThem) {
  const auto it = command("true");
  EXPECT_EQ(sysfd_command_contain(it.get(), nullptr), 0);
  EXPECT_EQ(sysfd_command_leave_no_zombie(it.get()), 0);
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_child* none = nullptr;
  EXPECT_EQ(sysfd_command_spawn(it.get(), &none, &error), -EINVAL);
  EXPECT_EQ(error.step, SYSFD_STEP_CONTAINMENT);
}

TEST_F(CContained, PipelinesAreOneTree) {
  Held held;
  const auto first = shell("setsid sleep 1000 >/dev/null & exit 3"), second = shell("cat; exit 4");
  held.go_with(first);
  const auto line = pipeline_of(first, second);
  EXPECT_EQ(sysfd_pipeline_contain(line.get(), nullptr), 0);
  sysfd_child* started[2] = {};
  ASSERT_EQ(sysfd_pipeline_spawn(line.get(), 2, started, nullptr), 2);
  std::array children{CChild(started[0]), CChild(started[1])};
  for (const CChild& child : children)
    EXPECT_LE(sysfd_child_containment(child.get()), SYSFD_CONTAINED_BY_USER_AND_PID_NAMESPACE);
  EXPECT_EQ(exit_code_of(children[1]), 4);
  EXPECT_EQ(exit_code_of(children[0]), 3);
  children[0].reset();
  EXPECT_FALSE(held.is_free()) << "the second one is there yet";
  children[1].reset();
  EXPECT_TRUE(held.becomes_free());
}

TEST_F(CContained, TreesMayStayInTheNamespacesOfTheCaller) {
  const auto it = shell("exit 3");
  sysfd_containment containment = SYSFD_CONTAINMENT_INIT;
  containment.reach = SYSFD_REACH_SAME_NAMESPACES;
  EXPECT_EQ(sysfd_command_contain(it.get(), &containment), 0);
  const auto child = spawned(it);
  EXPECT_EQ(sysfd_child_containment(child.get()), SYSFD_CONTAINED_BY_SUBREAPER);
  EXPECT_EQ(exit_code_of(child), 3);
}

TEST_F(CContained, PipelinesHaveNoStageWithATreeOfItsOwn) {
  const auto first = command("true"), second = command("true");
  EXPECT_EQ(sysfd_command_contain(second.get(), nullptr), 0);
  const auto line = pipeline_of(first, second);
  sysfd_containment given = SYSFD_CONTAINMENT_INIT;
  given.reach = SYSFD_REACH_SAME_NAMESPACES + 1;
  EXPECT_EQ(sysfd_pipeline_contain(line.get(), &given), -EINVAL) << "and it is as it was";
  given.reach = SYSFD_REACH_BEST_EFFORT;
  EXPECT_EQ(sysfd_pipeline_contain(line.get(), &given), 0);
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_child* none[2] = {};
  EXPECT_EQ(sysfd_pipeline_spawn(line.get(), 2, none, &error), -EINVAL);
  EXPECT_EQ(error.step, SYSFD_STEP_CONTAINMENT);
  EXPECT_EQ(error.stage, 1);
}

TEST(CContainments, WithMistakesAreErrors) {
  const auto refused = [](const sysfd_containment& given) {
    const auto it = command("true");
    EXPECT_EQ(sysfd_command_contain(it.get(), &given), -EINVAL);
    sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
    sysfd_child* none = nullptr;
    EXPECT_EQ(sysfd_command_spawn(it.get(), &none, &error), -EINVAL);
    return error.step == SYSFD_STEP_CONTAINMENT;
  };
  sysfd_containment given = SYSFD_CONTAINMENT_INIT;
  given.flags = 0x8;
  EXPECT_TRUE(refused(given));
  given = SYSFD_CONTAINMENT_INIT;
  given.reach = SYSFD_REACH_SAME_NAMESPACES + 1;
  EXPECT_TRUE(refused(given));
  given = SYSFD_CONTAINMENT_INIT;
  given.reserved = 1;
  EXPECT_TRUE(refused(given));
  sysfd_cgroup_limits limits = SYSFD_CGROUP_LIMITS_INIT;
  limits.flags = 0x80;
  given = SYSFD_CONTAINMENT_INIT;
  given.limits = &limits;
  EXPECT_TRUE(refused(given));
  EXPECT_EQ(sysfd_command_contain(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_sweep_trees(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_child_containment(nullptr), -EINVAL);
  EXPECT_EQ(sysfd_child_ending(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_child_usage(nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_output_ending(nullptr, nullptr), -EINVAL);
}

TEST(COutputs, EndWithTheChildOrWithItsPipes) {
  int fds[2];
  ASSERT_EQ(sysfd_pipe(0, fds), 0);
  const auto waits = shell("(read line <&9) & echo early");
  EXPECT_EQ(sysfd_command_pass_take(waits.get(), fds[0], 9), 0);
  const auto early = made<COutput>(
      [&](auto out) { return sysfd_command_output(waits.get(), nullptr, out, nullptr); });
  EXPECT_EQ(out_of(early), "early\n");
  EXPECT_EQ(sysfd_close_take(fds[1]), 0);

  sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
  options.until = SYSFD_UNTIL_PIPES_CLOSE;
  const auto later = shell("(sleep 0.01; echo late) & echo early");
  const auto all = made<COutput>(
      [&](auto out) { return sysfd_command_output(later.get(), &options, out, nullptr); });
  EXPECT_EQ(out_of(all), "early\nlate\n");
  sysfd_ending ending = SYSFD_ENDING_INIT;
  EXPECT_EQ(sysfd_output_ending(all.get(), &ending), 0);
  EXPECT_EQ(ending.reason, SYSFD_END_EXITED);

  options.until = 2;
  sysfd_output* none = nullptr;
  EXPECT_EQ(sysfd_command_output(later.get(), &options, &none, nullptr), -EINVAL);
}

struct Taken {
  std::vector<std::string> calls;
  static void take(void* data, int stream, const char* bytes, std::size_t size) {
    const std::string text = bytes ? std::string(bytes, size) : "(end)";
    static_cast<Taken*>(data)->calls.push_back(std::to_string(stream) + text);
  }
};

TEST(COutputs, AreGivenToASinkWhileTheChildRuns) {
  Taken taken;
  sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
  options.sink = Taken::take;
  options.sink_data = &taken;
  options.max_size = 2;
  const auto pieces = shell("printf 'a\\nbc'");
  const auto output = made<COutput>(
      [&](auto out) { return sysfd_command_output(pieces.get(), &options, out, nullptr); });
  EXPECT_EQ(out_of(output), "a\n");
  std::ranges::sort(taken.calls);  // the order of the two ends is not fixed
  EXPECT_EQ(taken.calls, (std::vector<std::string>{"0(end)", "0a\nbc", "1(end)"}));

  taken.calls.clear();
  options.longest_line = 3;
  options.max_size = 0;
  const auto lines = shell("printf 'one\\n\\nlonger' >&2");
  const auto child = made<CChild>([&](auto out) {
    sysfd_command_stderr_to(lines.get(), SYSFD_STDIO_PIPE);
    return sysfd_command_spawn(lines.get(), out, nullptr);
  });
  const auto told =
      made<COutput>([&](auto out) { return sysfd_child_communicate(child.get(), &options, out); });
  EXPECT_EQ(taken.calls, (std::vector<std::string>{"1one", "1", "1lon", "1ger", "1(end)"}));

  taken.calls.clear();
  const auto pipeline = pipeline_of(shell("echo first >&2"), shell("cat; echo second"));
  const auto both = made<COutput>(
      [&](auto out) { return sysfd_pipeline_output(pipeline.get(), &options, out, nullptr); });
  std::ranges::sort(taken.calls);
  EXPECT_EQ(taken.calls,
            (std::vector<std::string>{"0(end)", "0ond", "0sec", "1(end)", "1fir", "1st"}));
}

TEST(COutputs, RefuseDataWithoutASink) {
  int data = 0;
  sysfd_output* none = nullptr;
  sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
  options.sink_data = &data;
  EXPECT_EQ(sysfd_command_output(shell(":").get(), &options, &none, nullptr), -EINVAL);
  options.sink_data = nullptr;
  options.longest_line = 1;
  EXPECT_EQ(sysfd_command_output(shell(":").get(), &options, &none, nullptr), -EINVAL);
}

TEST_F(CContained, ChildrenAreAskedToEndWithinTheGrace) {
  const auto grace = timeout_of(20'000'000'000);
  bool was_asked = false;
  for (std::int64_t nanoseconds = 20'000'000; nanoseconds < 30'000'000'000 && !was_asked;
       nanoseconds *= 2) {
    const auto timeout = timeout_of(nanoseconds);
    sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
    options.timeout = &timeout;
    options.grace = &grace;
    const auto it = shell("trap 'echo asked; exit 7' TERM; while :; do sleep 0.01; done");
    const auto output = made<COutput>(
        [&](auto out) { return sysfd_command_output(it.get(), &options, out, nullptr); });
    was_asked = out_of(output) == "asked\n";
    sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
    EXPECT_EQ(sysfd_output_get(output.get(), &info), 0);
    EXPECT_NE(info.flags & SYSFD_OUTPUT_TIMED_OUT, 0U);
    sysfd_ending ending = SYSFD_ENDING_INIT;
    EXPECT_EQ(sysfd_output_ending(output.get(), &ending), 0);
    EXPECT_EQ(ending.reason, SYSFD_END_TIMEOUT);
  }
  EXPECT_TRUE(was_asked);
}

TEST(COutputs, HaveWhatTheTerminalGot) {
  const auto it = command("echo", {"text"});
  EXPECT_EQ(sysfd_command_terminal(it.get(), 24, 80), 0);
  EXPECT_EQ(sysfd_command_stdin_from(it.get(), SYSFD_STDIO_NULL), 0);
  const auto output = made<COutput>(
      [&](auto out) { return sysfd_command_output(it.get(), nullptr, out, nullptr); });
  ASSERT_TRUE(output);
  sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
  EXPECT_EQ(sysfd_output_get(output.get(), &info), 0);
  EXPECT_EQ(std::string(info.terminal, info.terminal_size), "text\r\n");
  // As a program sees it that knows an older struct.
  info.size = sizeof info - sizeof info.terminal - sizeof info.terminal_size;
  info.terminal = nullptr;
  EXPECT_EQ(sysfd_output_get(output.get(), &info), 0);
  EXPECT_EQ(info.terminal, nullptr);
}

TEST(COutputs, OfAPipelineHaveNoEnding) {
  const auto first = command("true"), second = command("true");
  const auto line = pipeline_of(first, second);
  const auto output = made<COutput>(
      [&](auto out) { return sysfd_pipeline_output(line.get(), nullptr, out, nullptr); });
  sysfd_ending ending = SYSFD_ENDING_INIT;
  EXPECT_EQ(sysfd_output_ending(output.get(), &ending), -ENODATA);
}

}  // namespace
}  // namespace sysfd_test
