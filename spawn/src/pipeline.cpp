// SPDX-License-Identifier: MIT
#include <sysfd/pipeline.hpp>

#include <algorithm>
#include <csignal>
#include <utility>

#include <sysfd/create.hpp>

#include "attempt.hpp"
#include "exchange.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

// Whatever was to become of it: a pipeline starts whole or not at all.
void kill_all(std::vector<Child> children) noexcept {
  for (Child& child : children) {
    const PidFd process = std::move(child).detach();
    (void)process.send_signal(SIGKILL);
    (void)process.wait();
  }
}

SpawnError pipe_error(std::error_code code, int stream) {
  constexpr const char* subjects[] = {"stdin, a pipe", "stdout, a pipe", "stderr, a pipe"};
  return {SpawnStep::standard_stream, code, stream, subjects[stream]};
}

}  // namespace

bool PipelineOutput::success() const noexcept {
  const auto succeeded = [](const Result<ExitStatus>& status) {
    return status && status->success();
  };
  return !timed_out && std::ranges::all_of(statuses, succeeded);
}

Pipeline::Pipeline(Command first, Command second) {
  stages_.push_back(std::move(first));
  stages_.push_back(std::move(second));
}

Pipeline& Pipeline::operator|=(Command next) & {
  stages_.push_back(std::move(next));
  return *this;
}

std::expected<std::vector<Child>, SpawnError> Pipeline::spawn() {
  return start(Stdio::inherit(), Stdio::inherit(), Stdio::inherit());
}

// The arguments say what the streams are that are neither pipes nor said by the Commands.
std::expected<std::vector<Child>, SpawnError> Pipeline::start(const Stdio& first_stdin,
                                                              const Stdio& last_stdout,
                                                              const Stdio& every_stderr) {
  std::vector<Child> children;
  const auto fail = [&](SpawnError error, std::size_t stage) {
    error.stage = static_cast<int>(stage);
    kill_all(std::move(children));
    return std::unexpected(std::move(error));
  };
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Command::State& state = stages_[i].state();
    if (i > 0 && state.says(0)) return fail(pipe_error(detail::error_code(EINVAL), 0), i);
    if (i + 1 < stages_.size() && state.says(1))
      return fail(pipe_error(detail::error_code(EINVAL), 1), i);
    if (state.mistake) return fail(*state.mistake, i);
  }

  children.reserve(stages_.size());
  std::optional<OwnedFd> from_before;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const bool is_first = i == 0, is_last = i + 1 == stages_.size();
    std::optional<Pipe> between;
    if (!is_last) {
      auto made = pipe();
      if (!made) return fail(pipe_error(made.error(), 1), i);
      between = std::move(*made);
    }
    const Stdio from = from_before ? Stdio(*from_before) : Stdio::inherit();
    const Stdio to = between ? Stdio(between->write) : Stdio::inherit();
    const Command::Attempt::Defaults defaults{is_first ? &first_stdin : &from,
                                              is_last ? &last_stdout : &to, &every_stderr};
    Command::State& state = stages_[i].state();
    auto child = Command::Attempt::spawn(state, state.workspace, &defaults, {});
    if (!child) return fail(std::move(child.error()), i);
    children.push_back(std::move(*child));
    if (between) from_before = std::move(between->read);
  }
  return children;
}

std::expected<PipelineOutput, SpawnError> Pipeline::output(const OutputOptions& options) {
  for (std::size_t i = 0; i < stages_.size(); ++i)
    if (auto mistake = stages_[i].state().refuse_terminals()) {
      mistake->stage = static_cast<int>(i);
      return std::unexpected(*std::move(mistake));
    }
  if (!options.input.empty() && !stages_.front().state().takes_input())
    return std::unexpected(pipe_error(detail::error_code(EINVAL), 0));
  auto errors = pipe();
  if (!errors) return std::unexpected(pipe_error(errors.error(), 2));
  const auto deadline = detail::deadline_in(options.timeout);
  auto children = start(options.input.empty() ? Stdio::null() : Stdio::pipe(), Stdio::pipe(),
                        Stdio(errors->write));
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
  if (!ended) {
    kill_all(*std::move(children));
    return std::unexpected(SpawnError{SpawnStep::standard_stream, ended.error(), -1, "a pipe"});
  }
  output.timed_out = !*ended;
  for (Child& child : *children) {
    if (output.timed_out || !deadline) break;
    const auto status = child.wait_until(*deadline);
    output.timed_out = status && !*status;
  }
  for (Child& child : *children) {
    if (output.timed_out) child.kill_tree();
    output.statuses.push_back(child.wait());
  }
  if (output.timed_out) exchange.drain();
  return output;
}

}  // namespace v0
}  // namespace sysfd
