// SPDX-License-Identifier: MIT
//
// Talking to children to their end.
#include <sysfd/output.hpp>

#include <sysfd/child.hpp>
#include <sysfd/command.hpp>

#include "attempt.hpp"
#include "child_end.hpp"
#include "exchange.hpp"

namespace sysfd {
inline namespace v0 {

std::string Output::describe() const {
  const bool goes_on = !status && (status.error() == std::errc::timed_out ||
                                   (kill_error && status.error() == kill_error));
  std::string text = status    ? to_string(*status)
                     : goes_on ? "has not ended in time"
                               : "ended, its status unknown (" + status.error().message() + ')';
  if (timed_out && !goes_on) text += ", timed out";
  if (kill_error)
    text += (goes_on ? ", could not be killed (" : ", its process group could not be killed (") +
            kill_error.message() + ')';
  return text;
}

Result<Output> Child::communicate(const OutputOptions& options) {
  const auto deadline = detail::deadline_in(options.timeout);
  Output output{.status = detail::failure(ETIMEDOUT)};
  detail::Inlet inlets[] = {{stdout_pipe(), output.out, output.out_cut},
                            {stderr_pipe(), output.err, output.err_cut}};
  detail::Exchange exchange({stdin_pipe(), options.input, output.input_taken}, inlets,
                            options.max_size);
  const auto ended = exchange.run(deadline);
  if (!ended) return std::unexpected(ended.error());
  output.timed_out = !*ended;
  wait_until(output, deadline);
  return output;
}

void Child::wait_until(Output& output, const Deadline& deadline) {
  if (!deadline) {
    output.status = wait();
    return;
  }
  const auto status = wait_until(*deadline);
  if (!status)
    output.status = std::unexpected(status.error());
  else if (*status)
    output.status = **status;
  else
    output.timed_out = true;
}

// Who would wait for the end of what is written to a terminal, or write what is read from it?
detail::Mistake Command::State::refuse_terminals() const {
  for (int number = 0; number < 3; ++number)
    if (streams[number].kind_ == Stdio::Kind::terminal)
      return detail::wrong_value(
          SpawnStep::standard_stream,
          std::string(detail::stream_names[number]) + ", a terminal, which is not collected",
          number);
  return std::nullopt;
}

std::expected<Output, SpawnError> Command::Attempt::output(State& state, Workspace& work,
                                                           const OutputOptions& options,
                                                           const SpawnChanges& changes) {
  if (auto mistake = state.refuse_terminals()) return std::unexpected(*std::move(mistake));
  if (!options.input.empty() && !state.takes_input())
    return std::unexpected(
        detail::wrong_value(SpawnStep::standard_stream, "stdin, which is not the input", 0));
  const auto deadline = detail::deadline_in(options.timeout);
  const Stdio in = options.input.empty() ? Stdio::null() : Stdio::pipe();
  const Stdio out = Stdio::pipe();
  const Defaults defaults{&in, &out, &out};
  auto child = spawn(state, work, &defaults, changes);
  if (!child) return std::unexpected(std::move(child.error()));
  child->policy_ = DropPolicy::kill;  // whatever happens here, it is not left

  Output output{.status = detail::failure(ETIMEDOUT)};
  detail::Inlet inlets[] = {{child->stdout_pipe(), output.out, output.out_cut},
                            {child->stderr_pipe(), output.err, output.err_cut}};
  detail::Exchange exchange({child->stdin_pipe(), options.input, output.input_taken}, inlets,
                            options.max_size);
  const auto ended = exchange.run(deadline);
  if (!ended)
    return std::unexpected(SpawnError{SpawnStep::standard_stream, ended.error(), -1, "a pipe"});
  output.timed_out = !*ended;
  if (!output.timed_out) child->wait_until(output, deadline);
  if (output.timed_out) {
    const auto killed = child->kill();
    output.kill_error = killed.child ? killed.child : killed.group;
    output.status =
        child->await_kill(killed, detail::Clock::now() + detail::kill_patience_at_deadline);
    // What those that it started may still write is not waited for; what is in the pipes is taken.
    exchange.drain();
    (void)std::move(*child).detach();  // it was waited for, or not for longer
  }
  give_foreground_back(state, work);
  return output;
}

std::expected<Output, SpawnError> Command::output(const OutputOptions& options) {
  State& state = this->state();
  if (state.mistake) return std::unexpected(*state.mistake);
  return Attempt::output(state, state.workspace, options, {});
}

}  // namespace v0
}  // namespace sysfd
