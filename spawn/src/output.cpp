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

namespace {

// Why a child was not waited for to its end.
void note_delay(Output& output, std::error_code error) noexcept {
  output.timed_out = error.value() == ETIMEDOUT;
  output.canceled = error.value() == ECANCELED;
}

}  // namespace

std::string Output::describe() const {
  const bool goes_on = !status && (detail::is_too_late(status.error()) ||
                                   (kill_error && status.error() == kill_error));
  std::string text = status                ? to_string(*status)
                     : canceled && goes_on ? "had not ended when the wait was canceled"
                     : goes_on             ? "has not ended in time"
                               : "ended, its status unknown (" + status.error().message() + ')';
  if (timed_out && !goes_on) text += ", timed out";
  if (canceled && !goes_on) text += ", canceled";
  if (kill_error)
    text += (goes_on ? ", could not be killed (" : ", its process group could not be killed (") +
            kill_error.message() + ')';
  return text;
}

Result<Output> Child::communicate(const OutputOptions& options) {
  const detail::Deadline deadline = detail::deadline_after(options.timeout);
  Output output{.status = detail::failure(ETIMEDOUT)};
  detail::Inlet inlets[] = {{stdout_pipe(), output.out, output.out_cut},
                            {stderr_pipe(), output.err, output.err_cut}};
  detail::Exchange exchange({stdin_pipe(), options.input, output.input_taken}, inlets,
                            options.max_size);
  const auto ended = exchange.run(deadline);
  if (!ended && !detail::is_too_late(ended.error())) return std::unexpected(ended.error());
  wait_before(output, deadline);
  if (!ended) note_delay(output, ended.error());
  return output;
}

void Child::wait_before(Output& output, const detail::Deadline& deadline) {
  output.status = wait_before(deadline);
  if (!output.status) note_delay(output, output.status.error());
}

// Who would wait for the end of what is written to a terminal, or write what is read from it?
detail::Mistake Command::State::refuse_terminals(const SpawnChanges& changes) const {
  for (int number = 0; number < 3; ++number)
    if (streams[number].kind_ == Stdio::Kind::terminal && !detail::find_placed(changes, number))
      return detail::wrong_value(
          SpawnStep::standard_stream,
          std::string(detail::stream_names[number]) + ", a terminal, which is not collected",
          number);
  return std::nullopt;
}

Result<Output, SpawnError> Command::Attempt::output(State& state, Workspace& work,
                                                    const OutputOptions& options,
                                                    const SpawnChanges& changes) {
  if (auto mistake = state.refuse_terminals(changes)) return std::unexpected(*std::move(mistake));
  if (!options.input.empty() && !state.takes_input(changes))
    return std::unexpected(
        detail::wrong_value(SpawnStep::standard_stream, "stdin, which is not the input", 0));
  const detail::Deadline deadline = detail::deadline_after(options.timeout);
  const Stdio in = options.input.empty() ? Stdio::null() : Stdio::pipe();
  const Stdio out = Stdio::pipe();
  const Defaults defaults{{&in, &out, &out}};
  auto child = spawn(state, work, &defaults, changes);
  if (!child) return std::unexpected(std::move(child.error()));
  child->policy_ = DropPolicy::kill;  // whatever happens here, it is not left

  Output output{.status = detail::failure(ETIMEDOUT)};
  detail::Inlet inlets[] = {{child->stdout_pipe(), output.out, output.out_cut},
                            {child->stderr_pipe(), output.err, output.err_cut}};
  detail::Exchange exchange({child->stdin_pipe(), options.input, output.input_taken}, inlets,
                            options.max_size);
  const auto ended = exchange.run(deadline);
  if (!ended && !detail::is_too_late(ended.error()))
    return std::unexpected(SpawnError{SpawnStep::standard_stream, ended.error(), -1, "a pipe"});
  if (ended)
    child->wait_before(output, deadline);
  else
    note_delay(output, ended.error());
  if (output.timed_out || output.canceled) {
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

Result<Output, SpawnError> Command::output(const OutputOptions& options) {
  State& state = this->state();
  if (state.mistake) return std::unexpected(*state.mistake);
  return Attempt::output(state, state.workspace, options, detail::no_changes);
}

}  // namespace v0
}  // namespace sysfd
