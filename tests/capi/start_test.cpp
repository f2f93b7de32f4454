// SPDX-License-Identifier: MIT
//
// Ways to start, and what comes of it.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "capi/objects.hpp"

namespace sysfd_test {
namespace {

TEST(CStatus, RunsAProgramToItsEnd) {
  const auto it = shell("exit 3");
  std::int32_t status = -1;
  EXPECT_EQ(sysfd_command_status(it.get(), &status, nullptr), 0);
  EXPECT_EQ(sysfd_exit_status_code(status), 3);
  EXPECT_EQ(sysfd_command_status(it.get(), nullptr, nullptr), 0);
}

TEST(COutput, CollectsWhatAProgramWrites) {
  const auto it = shell("cat; echo err >&2; exit 1");
  sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
  options.input = "in";
  options.input_size = 2;
  const auto output = made<COutput>(
      [&](auto out) { return sysfd_command_output(it.get(), &options, out, nullptr); });
  sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
  ASSERT_EQ(sysfd_output_get(output.get(), &info), 0);
  EXPECT_EQ(std::string_view(info.out, info.out_size), "in");
  EXPECT_EQ(std::string_view(info.err, info.err_size), "err\n");
  EXPECT_EQ(info.flags, 0U);
  EXPECT_EQ(info.status_code, 0);
  EXPECT_EQ(sysfd_exit_status_code(info.status), 1);
  EXPECT_EQ(info.stages, 1U);
  EXPECT_EQ(info.input_taken, 2U);
  std::int32_t status = 0;
  EXPECT_EQ(sysfd_output_stage(output.get(), 0, &status), 0);
  EXPECT_EQ(sysfd_output_stage(output.get(), 1, &status), -EINVAL);
  EXPECT_EQ(
      text_of([&](char* to, std::size_t n) { return sysfd_output_describe(output.get(), to, n); }),
      "exited with code 1");
}

TEST(COutput, EndsAtItsTimeout) {
  SYSFD_REQUIRE_ISOLATION();
  const auto it = shell("echo started; exec sleep 1000");
  const auto soon = timeout_of(200'000'000);
  sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
  options.timeout = &soon;
  options.max_size = 3;
  const auto output = made<COutput>(
      [&](auto out) { return sysfd_command_output(it.get(), &options, out, nullptr); });
  sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
  ASSERT_EQ(sysfd_output_get(output.get(), &info), 0);
  EXPECT_TRUE(info.flags & SYSFD_OUTPUT_TIMED_OUT);
  EXPECT_FALSE(info.flags & SYSFD_OUTPUT_SUCCESS);
}

TEST(CChild, IsKilledWhenItIsFreed) {
  SYSFD_REQUIRE_ISOLATION();
  const auto it = command("sleep", {"1000"});
  auto child = spawned(it);
  const int pidfd = sysfd_duplicate(sysfd_child_pidfd_borrow(child.get()));
  EXPECT_EQ(sysfd_child_on_drop(child.get(), SYSFD_DROP_KILL, nullptr), 0);
  child.reset();
  EXPECT_EQ(sysfd_pidfd_send_signal(pidfd, 0, 0), -ESRCH);
  EXPECT_EQ(sysfd_close_take(pidfd), 0);
}

TEST(CChild, GivesItsPipesAway) {
  const auto it = shell("cat; echo err >&2");
  EXPECT_EQ(sysfd_command_stdin_from(it.get(), SYSFD_STDIO_PIPE), 0);
  EXPECT_EQ(sysfd_command_stdout_to(it.get(), SYSFD_STDIO_PIPE), 0);
  EXPECT_EQ(sysfd_command_stderr_to(it.get(), SYSFD_STDIO_PIPE), 0);
  const auto child = spawned(it);
  EXPECT_EQ(::write(sysfd_child_stdin_pipe_borrow(child.get()), "x", 1), 1);
  EXPECT_EQ(sysfd_close_take(sysfd_child_stdin_pipe_release(child.get())), 0);
  EXPECT_EQ(sysfd_child_stdin_pipe_borrow(child.get()), -ENOENT);
  const int borrowed = sysfd_child_stdout_pipe_borrow(child.get());
  EXPECT_EQ(sysfd_child_stdout_pipe_release(child.get()), borrowed);
  EXPECT_GE(sysfd_child_stderr_pipe_borrow(child.get()), 3);
  const int err = sysfd_child_stderr_pipe_release(child.get());
  char byte = 0;
  EXPECT_EQ(::read(borrowed, &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  EXPECT_EQ(exit_code_of(child), 0);
  EXPECT_EQ(sysfd_close_take(borrowed), 0);
  EXPECT_EQ(sysfd_close_take(err), 0);
  EXPECT_EQ(sysfd_child_terminal_borrow(child.get()), -ENOENT);
}

TEST(CChild, Communicates) {
  const auto it = command("cat");
  EXPECT_EQ(sysfd_command_stdin_from(it.get(), SYSFD_STDIO_PIPE), 0);
  EXPECT_EQ(sysfd_command_stdout_to(it.get(), SYSFD_STDIO_PIPE), 0);
  EXPECT_EQ(sysfd_command_stderr_to(it.get(), SYSFD_STDIO_LIKE_STDOUT), 0);
  const auto child = spawned(it);
  sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
  options.input = "hello";
  options.input_size = 5;
  const auto output =
      made<COutput>([&](auto out) { return sysfd_child_communicate(child.get(), &options, out); });
  EXPECT_EQ(out_of(output), "hello");
}

TEST(CChild, WaitsAndTerminates) {
  SYSFD_REQUIRE_ISOLATION();
  const auto it = command("sleep", {"1000"});
  sysfd_session session = SYSFD_SESSION_INIT;
  session.flags = SYSFD_SESSION_PROCESS_GROUP;
  EXPECT_EQ(sysfd_command_session(it.get(), &session), 0);
  const auto child = spawned(it);
  std::int32_t status = 7;
  const auto soon = timeout_of(1);
  EXPECT_EQ(sysfd_child_try_wait(child.get(), &status), -EAGAIN);
  EXPECT_EQ(sysfd_child_wait_for(child.get(), &soon, &status), -ETIMEDOUT);
  EXPECT_EQ(sysfd_child_close_descriptors(child.get()), -EAGAIN);
  EXPECT_EQ(sysfd_child_send_signal_to_group(child.get(), 0), 0);
  EXPECT_EQ(sysfd_child_kill_cgroup(child.get()), -EOPNOTSUPP);
  EXPECT_EQ(status, 7);
  EXPECT_EQ(sysfd_child_terminate(child.get(), nullptr, &status), 0);
  EXPECT_EQ(sysfd_exit_status_signal(status), SIGTERM);
}

TEST(CChild, TellsHowItWasStarted) {
  const auto it = command("true");
  const auto child = spawned(it);
  sysfd_spawn_report report = SYSFD_SPAWN_REPORT_INIT;
  EXPECT_EQ(sysfd_child_report(child.get(), &report), 0);
  EXPECT_EQ(report.busy_retries, 0);
  EXPECT_GT(sysfd_child_pid(child.get()), 0);
  EXPECT_EQ(exit_code_of(child), 0);
}

TEST(CChild, IsEmptyWhenItWasClosedOrDetached) {
  const auto it = command("true");
  const auto closed = spawned(it);
  EXPECT_EQ(exit_code_of(closed), 0);
  EXPECT_EQ(sysfd_child_close_descriptors(closed.get()), 0);
  EXPECT_EQ(sysfd_child_pidfd_borrow(closed.get()), -EBADF);
  EXPECT_EQ(sysfd_child_detach_release(closed.get()), -EBADF);
  EXPECT_EQ(sysfd_child_send_signal_to_group(closed.get(), 0), -EOPNOTSUPP);
  EXPECT_EQ(exit_code_of(closed), 0);
  EXPECT_GT(sysfd_child_pid(closed.get()), 0);

  const auto detached = spawned(it);
  const int pidfd = sysfd_child_detach_release(detached.get());
  sysfd_output* output = nullptr;
  sysfd_spawn_report report = SYSFD_SPAWN_REPORT_INIT;
  EXPECT_EQ(sysfd_child_detach_release(detached.get()), -EINVAL);
  EXPECT_EQ(sysfd_child_pidfd_borrow(detached.get()), -EINVAL);
  EXPECT_EQ(sysfd_child_pid(detached.get()), -EINVAL);
  EXPECT_EQ(sysfd_child_wait(detached.get(), nullptr), -EINVAL);
  EXPECT_EQ(sysfd_child_try_wait(detached.get(), nullptr), -EINVAL);
  EXPECT_EQ(sysfd_child_wait_for(detached.get(), nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_child_terminate(detached.get(), nullptr, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_child_communicate(detached.get(), nullptr, &output), -EINVAL);
  EXPECT_EQ(sysfd_child_send_signal_to_group(detached.get(), 0), -EINVAL);
  EXPECT_EQ(sysfd_child_kill_cgroup(detached.get()), -EINVAL);
  EXPECT_EQ(sysfd_child_close_descriptors(detached.get()), -EINVAL);
  EXPECT_EQ(sysfd_child_on_drop(detached.get(), SYSFD_DROP_WAIT, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_child_report(detached.get(), &report), -EINVAL);
  EXPECT_EQ(sysfd_child_stdin_pipe_release(detached.get()), -EINVAL);
  EXPECT_EQ(sysfd_pidfd_wait(pidfd, nullptr), 0);
  EXPECT_EQ(sysfd_close_take(pidfd), 0);
}

TEST(CPreparedCommand, StartsManyChildrenWithChanges) {
  const int first = sysfd_memfd("first", 0);
  const int second = sysfd_memfd("second", 0);
  const auto it = shell("echo $0 $NAME; pwd; echo x >&3");
  EXPECT_EQ(sysfd_command_pass_borrow(it.get(), first, 3), 0);
  const auto prepared =
      made<CPrepared>([&](auto out) { return sysfd_command_prepare(it.get(), out, nullptr); });
  sysfd_child* child = nullptr;
  EXPECT_EQ(sysfd_command_spawn(it.get(), &child, nullptr), -EINVAL) << "it is empty";
  EXPECT_EQ(sysfd_command_arg(it.get(), "x"), -EINVAL);
  EXPECT_EQ(sysfd_command_exec(it.get(), nullptr), -EINVAL);

  const char* arguments[] = {"zero", nullptr};
  const char* environment[] = {"NAME=value", nullptr};
  sysfd_spawn_changes changes = SYSFD_SPAWN_CHANGES_INIT;
  changes.arguments = arguments;
  changes.environment = environment;
  changes.working_directory = "/dev";
  changes.descriptors = &second;
  changes.descriptor_count = 1;
  const auto output = made<COutput>([&](auto out) {
    return sysfd_prepared_command_output(prepared.get(), nullptr, &changes, out, nullptr);
  });
  EXPECT_EQ(out_of(output), "zero value\n/dev\n");
  char byte = 0;
  EXPECT_EQ(::pread(second, &byte, 1, 0), 1);
  EXPECT_EQ(::pread(first, &byte, 1, 0), 0);

  const sysfd_placed_fd placed[] = {{first, 1}, {second, 2}};
  sysfd_spawn_changes streams = SYSFD_SPAWN_CHANGES_INIT;
  streams.placed = placed;
  streams.placed_count = 2;
  const auto one = made<CChild>([&](auto out) {
    return sysfd_prepared_command_spawn(prepared.get(), &streams, out, nullptr);
  });
  EXPECT_EQ(exit_code_of(one), 0);
  std::int32_t status = 7;
  EXPECT_EQ(sysfd_prepared_command_status(prepared.get(), &streams, &status, nullptr), 0);
  EXPECT_EQ(status, 0);

  const sysfd_spawn_changes* all[] = {&streams, nullptr};
  std::array<sysfd_child*, 2> children{};
  streams.placed_count = 1;
  EXPECT_EQ(sysfd_prepared_command_spawn_all(prepared.get(), all, 1, children.data(), nullptr), 1);
  EXPECT_EQ(exit_code_of(CChild(children[0])), 0);

  const int bad = -1;
  changes.descriptors = &bad;
  EXPECT_EQ(sysfd_prepared_command_spawn(prepared.get(), &changes, &child, nullptr), -EBADF);
  EXPECT_EQ(child, nullptr);
  EXPECT_EQ(sysfd_close_take(first), 0);
  EXPECT_EQ(sysfd_close_take(second), 0);
}

TEST(CPreparedCommand, AnInvalidCommandIsNotEmptied) {
  const auto it = command("");
  sysfd_prepared_command* prepared = nullptr;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  EXPECT_EQ(sysfd_command_prepare(it.get(), &prepared, &error), -ENOENT) << error.text;
  EXPECT_EQ(error.step, SYSFD_STEP_PROGRAM);
  EXPECT_EQ(prepared, nullptr);
  EXPECT_EQ(sysfd_command_arg(it.get(), "x"), 0);
}

TEST(CPendingChild, IsFinished) {
  const auto it = shell("exit 4");
  const auto pending = made<CPending>([&](auto out) {
    return sysfd_command_spawn_async(it.get(), SYSFD_CONFIRM_BY_DESCRIPTOR, out, nullptr);
  });
  EXPECT_EQ(sysfd_command_arg(it.get(), "x"), -EINVAL) << "it is empty";
  EXPECT_GT(sysfd_pending_child_pid(pending.get()), 0);
  pollfd entry = {sysfd_pending_child_fd_borrow(pending.get()), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, -1), 1);
  sysfd_child* child = nullptr;
  ASSERT_EQ(sysfd_pending_child_try_finish(pending.get(), &child, nullptr), 0);
  EXPECT_EQ(exit_code_of(CChild(child)), 4);
  child = nullptr;
  EXPECT_EQ(sysfd_pending_child_try_finish(pending.get(), &child, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_pending_child_finish(pending.get(), &child, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_pending_child_pid(pending.get()), -EINVAL);
  EXPECT_EQ(sysfd_pending_child_fd_borrow(pending.get()), -EINVAL);
  EXPECT_EQ(sysfd_pending_child_cancel(pending.get()), -EINVAL);
  EXPECT_EQ(child, nullptr);
}

TEST(CPendingChild, TellsWhyItWasNotStarted) {
  const auto it = command("/no/such");
  const auto pending = made<CPending>([&](auto out) {
    return sysfd_command_spawn_async(it.get(), SYSFD_CONFIRM_BY_FINISH, out, nullptr);
  });
  EXPECT_EQ(sysfd_pending_child_fd_borrow(pending.get()), -ENOENT);
  sysfd_child* child = nullptr;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  const auto limit = timeout_of(SYSFD_FOREVER);
  EXPECT_EQ(sysfd_pending_child_finish_for(pending.get(), &limit, &child, &error), -ENOENT);
  EXPECT_EQ(error.step, SYSFD_STEP_EXEC);
}

TEST(CPendingChild, IsCanceled) {
  SYSFD_REQUIRE_ISOLATION();
  const auto it = command("sleep", {"1000"});
  const auto prepared =
      made<CPrepared>([&](auto out) { return sysfd_command_prepare(it.get(), out, nullptr); });
  const auto pending = made<CPending>([&](auto out) {
    return sysfd_prepared_command_spawn_async(prepared.get(), nullptr, SYSFD_CONFIRM_BY_FINISH, out,
                                              nullptr);
  });
  EXPECT_EQ(sysfd_pending_child_cancel(pending.get()), 0);
}

TEST(CSpawnAll, StartsAllThatCanBeStarted) {
  const auto good = command("true");
  const auto bad = command("/no/such");
  sysfd_command* commands[] = {good.get(), bad.get()};
  sysfd_child* children[2] = {};
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_spawn_error* errors[2] = {nullptr, &error};
  EXPECT_EQ(sysfd_spawn_all(commands, 2, children, errors), 1);
  EXPECT_EQ(error.step, SYSFD_STEP_EXEC);
  EXPECT_EQ(error.code, ENOENT);
  EXPECT_STREQ(error.text, "exec of \"/no/such\": No such file or directory");
  EXPECT_EQ(children[1], nullptr);
  EXPECT_EQ(exit_code_of(CChild(children[0])), 0);
  EXPECT_EQ(exit_code_of(spawned(good)), 0) << "it can be used again";
  commands[1] = good.get();
  EXPECT_EQ(sysfd_spawn_all(commands, 2, children, nullptr), -EINVAL);
  error.size = 0;
  EXPECT_EQ(sysfd_spawn_all(commands, 1, children, &errors[1]), -EINVAL) << "not initialized";
}

TEST(CSpawnAll, TellsTheErrorOfAnEarlierCall) {
  const auto bad = command("true");
  EXPECT_EQ(sysfd_command_stdin_from_borrow(bad.get(), -1), -EBADF);
  sysfd_command* const commands[] = {bad.get()};
  sysfd_child* child = nullptr;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_spawn_error* const errors[] = {&error};
  EXPECT_EQ(sysfd_spawn_all(commands, 1, &child, nullptr), -EBADF);
  EXPECT_EQ(sysfd_spawn_all(commands, 1, &child, errors), -EBADF);
  EXPECT_EQ(error.step, SYSFD_STEP_STANDARD_STREAM);
}

TEST(CPipeline, ConnectsCommands) {
  const auto first = command("echo", {"b\na"});
  const auto second = command("sort");
  const auto third = shell("cat; exit 2");
  const auto pipeline = pipeline_of(first, second);
  EXPECT_EQ(sysfd_pipeline_append(pipeline.get(), third.get(), nullptr), 0);
  EXPECT_EQ(sysfd_pipeline_append(pipeline.get(), third.get(), nullptr), -EINVAL) << "it is empty";
  const auto output = made<COutput>(
      [&](auto out) { return sysfd_pipeline_output(pipeline.get(), nullptr, out, nullptr); });
  EXPECT_EQ(out_of(output), "a\nb\n");
  sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
  ASSERT_EQ(sysfd_output_get(output.get(), &info), 0);
  EXPECT_EQ(info.stages, 3U);
  EXPECT_FALSE(info.flags & SYSFD_OUTPUT_SUCCESS);
  EXPECT_EQ(sysfd_exit_status_code(info.status), 2);
  std::int32_t status = 7;
  EXPECT_EQ(sysfd_output_stage(output.get(), 0, &status), 0);
  EXPECT_EQ(status, 0);

  std::array<sysfd_child*, 3> children{};
  EXPECT_EQ(sysfd_pipeline_spawn(pipeline.get(), 2, children.data(), nullptr), -ERANGE);
  EXPECT_EQ(children[0], nullptr);
  ASSERT_EQ(sysfd_pipeline_spawn(pipeline.get(), 3, children.data(), nullptr), 3);
  for (sysfd_child* child : children)
    EXPECT_GE(exit_code_of(CChild(child)), 0);
}

TEST(CPipeline, TellsTheStageThatFailed) {
  const auto first = command("true");
  const auto second = command("/no/such");
  sysfd_pipeline* none = nullptr;
  EXPECT_EQ(sysfd_pipeline_new(first.get(), first.get(), &none, nullptr), -EINVAL);
  const auto pipeline = pipeline_of(first, second);
  std::array<sysfd_child*, 2> children{};
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  EXPECT_EQ(sysfd_pipeline_spawn(pipeline.get(), 2, children.data(), &error), -ENOENT);
  EXPECT_EQ(error.stage, 1);
}

TEST(CPipeline, TellsTheErrorOfAnEarlierCall) {
  const auto good = command("true");
  const auto bad = command("true");
  EXPECT_EQ(sysfd_command_stdin_from_borrow(bad.get(), -1), -EBADF);
  sysfd_pipeline* none = nullptr;
  const auto expect_stage = [](auto call, int stage) {
    sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
    EXPECT_EQ(call(&error), -EBADF);
    EXPECT_EQ(error.step, SYSFD_STEP_STANDARD_STREAM);
    EXPECT_EQ(error.code, EBADF);
    EXPECT_EQ(error.stage, stage);
  };
  expect_stage([&](auto error) { return sysfd_pipeline_new(bad.get(), good.get(), &none, error); },
               0);
  expect_stage([&](auto error) { return sysfd_pipeline_new(good.get(), bad.get(), &none, error); },
               1);
  EXPECT_EQ(none, nullptr);
  const auto other = command("true");
  const auto pipeline = pipeline_of(good, other);
  expect_stage([&](auto error) { return sysfd_pipeline_append(pipeline.get(), bad.get(), error); },
               2);
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  error.size = 0;
  EXPECT_EQ(sysfd_pipeline_append(pipeline.get(), other.get(), &error), -EINVAL);
}

TEST(CSpawnSlots, AreReserved) {
  EXPECT_EQ(sysfd_reserve_spawn_slots(65), -EINVAL);
  run_apart([] {
    EXPECT_EQ(sysfd_reserve_spawn_slots(3), 3);
    ::close_range(3, ~0U, 0);
  });
}

}  // namespace
}  // namespace sysfd_test
