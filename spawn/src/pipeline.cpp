// SPDX-License-Identifier: MIT
#include <sysfd/pipeline.hpp>

#include <algorithm>
#include <memory>
#include <utility>

#include <sysfd/create.hpp>

#include "attempt.hpp"
#include "child_end.hpp"
#include "child_stages.hpp"
#include "exchange.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

SpawnError pipe_error(std::error_code code, int stream) {
  constexpr const char* subjects[] = {"stdin, a pipe", "stdout, a pipe", "stderr, a pipe"};
  return {SpawnStep::standard_stream, code, stream, subjects[stream]};
}

}  // namespace

bool PipelineOutput::success() const noexcept {
  const auto succeeded = [](const Result<ExitStatus>& status) {
    return status && status->success();
  };
  return !timed_out && !canceled && std::ranges::all_of(statuses, succeeded);
}

Pipeline::Pipeline(Command first, Command second) {
  stages_.push_back(std::move(first));
  stages_.push_back(std::move(second));
}

std::vector<Command>& Pipeline::stages() {
  if (stages_.empty()) detail::contract_violation("use of a Pipeline that was moved from");
  return stages_;
}

Pipeline& Pipeline::operator|=(Command next) & {
  stages().push_back(std::move(next));
  return *this;
}

Result<std::vector<Child>, SpawnError> Pipeline::spawn() {
  auto children = start(Stdio::inherit(), Stdio::inherit(), Stdio::inherit());
  if (children)
    for (std::size_t i = 0; i < stages_.size(); ++i)
      (*children)[i].policy_ = stages_[i].state().drop_policy;
  return children;
}

// The arguments say what the streams are that are neither pipes nor said by the Commands. A
// pipeline starts whole or not at all: until all run, every stage is killed when it is dropped, and
// the Commands keep what they own.
Result<std::vector<Child>, SpawnError> Pipeline::start(const Stdio& first_stdin,
                                                       const Stdio& last_stdout,
                                                       const Stdio& every_stderr) {
  std::vector<Command>& stages = this->stages();
  std::vector<Child> children;
  const auto fail = [&](SpawnError error, std::size_t stage) {
    const std::size_t started = children.size();
    children.clear();
    give_foreground_back(started);
    error.stage = static_cast<int>(stage);
    return std::unexpected(std::move(error));
  };
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const Command::State& state = stages[i].state();
    if (i > 0 && state.says(0)) return fail(pipe_error(detail::error_code(EINVAL), 0), i);
    if (i + 1 < stages.size() && state.says(1))
      return fail(pipe_error(detail::error_code(EINVAL), 1), i);
    if (state.mistake) return fail(*state.mistake, i);
  }

  const auto ends_together = std::make_shared<Child::Stages>(stages.size());
  children.reserve(stages.size());
  std::optional<OwnedFd> from_before;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const bool is_first = i == 0, is_last = i + 1 == stages.size();
    std::optional<Pipe> between;
    if (!is_last) {
      auto made = pipe();
      if (!made) return fail(pipe_error(made.error(), 1), i);
      between = std::move(*made);
    }
    const Stdio from = from_before ? Stdio::made(*from_before) : Stdio::inherit();
    const Stdio to = between ? Stdio::made(between->write) : Stdio::inherit();
    const Command::Attempt::Defaults defaults{
        {is_first ? &first_stdin : &from, is_last ? &last_stdout : &to, &every_stderr}};
    auto child = Command::Attempt::spawn_stage(stages[i].state(), defaults);
    if (!child) return fail(std::move(child.error()), i);
    child->policy_ = DropPolicy::kill;
    child->stages_ = ends_together;
    children.push_back(std::move(*child));
    if (between) from_before = std::move(between->read);
  }
  for (Command& stage : stages)
    Command::Attempt::hand_over(stage.state());
  return children;
}

// Of so many stages that have run: the last one first, as each has found the one before it there.
void Pipeline::give_foreground_back(std::size_t stages) noexcept {
  while (stages > 0) {
    const Command::State& state = stages_[--stages].state();
    Command::Attempt::give_foreground_back(state, state.workspace);
  }
}

Result<PipelineOutput, SpawnError> Pipeline::output(const OutputOptions& options) {
  std::vector<Command>& stages = this->stages();
  for (std::size_t i = 0; i < stages.size(); ++i)
    if (auto mistake = stages[i].state().refuse_terminals()) {
      mistake->stage = static_cast<int>(i);
      return std::unexpected(*std::move(mistake));
    }
  if (!options.input.empty() && !stages.front().state().takes_input())
    return std::unexpected(pipe_error(detail::error_code(EINVAL), 0));
  auto errors = pipe();
  if (!errors) return std::unexpected(pipe_error(errors.error(), 2));
  const detail::Deadline deadline = detail::deadline_after(options.timeout);
  auto children = start(options.input.empty() ? Stdio::null() : Stdio::pipe(), Stdio::pipe(),
                        Stdio::made(errors->write));
  if (!children) return std::unexpected(std::move(children.error()));
  std::optional<OwnedFd> error_pipe = std::move(errors->read);
  (void)OwnedFd(std::move(errors->write));

  PipelineOutput output;
  std::vector<detail::Inlet> inlets;
  inlets.emplace_back(children->back().stdout_pipe(), output.out, output.out_cut);
  inlets.emplace_back(error_pipe, output.err, output.err_cut);
  for (Child& child : *children)
    if (child.stderr_pipe()) inlets.emplace_back(child.stderr_pipe(), output.err, output.err_cut);
  detail::Exchange exchange({children->front().stdin_pipe(), options.input, output.input_taken},
                            inlets, options.max_size);
  const auto ended = exchange.run(deadline);
  if (!ended && !detail::is_too_late(ended.error()))
    return std::unexpected(SpawnError{SpawnStep::standard_stream, ended.error(), -1, "a pipe"});
  std::error_code delay = ended ? std::error_code() : ended.error();
  for (Child& child : *children) {
    if (delay) break;
    const auto status = child.wait_before(deadline);
    if (!status && detail::is_too_late(status.error())) delay = status.error();
  }
  output.timed_out = delay == std::errc::timed_out;
  output.canceled = delay == std::errc::operation_canceled;
  if (!delay) {
    for (Child& child : *children)
      output.statuses.push_back(child.wait());
    give_foreground_back(stages.size());
    return output;
  }
  std::vector<detail::Killed> killed;
  killed.reserve(children->size());
  for (Child& child : *children)
    killed.push_back(child.kill());
  const auto end = detail::Clock::now() + detail::kill_patience_at_deadline;
  for (std::size_t i = 0; i < killed.size(); ++i) {
    output.statuses.push_back((*children)[i].await_kill(killed[i], end));
    for (const std::error_code& error : {killed[i].child, killed[i].group})
      if (!output.kill_error) output.kill_error = error;
  }
  exchange.drain();
  for (Child& child : *children)
    (void)std::move(child).detach();  // it was waited for, or not for longer
  give_foreground_back(stages.size());
  return output;
}

}  // namespace v0
}  // namespace sysfd
