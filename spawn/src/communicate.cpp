// SPDX-License-Identifier: MIT
//
// Talking to children to their end.
#include "communicate.hpp"

#include <sysfd/child.hpp>

#include "child.hpp"
#include "exchange.hpp"
#include "plan/plan_part.hpp"
#include "start/spawn.hpp"

namespace sysfd {
inline namespace v0 {

namespace {

using detail::ChildAccess;

// Notes why a child was not waited for to its end.
void note_delay(Output& output, std::error_code error) noexcept {
  output.timed_out = error.value() == ETIMEDOUT;
  output.canceled = error.value() == ECANCELED;
}

// What the caller has ended has not ended by itself.
void note_ending(const Child& child, Output& output) {
  if (auto ending = child.ending()) output.ending = *std::move(ending);
  if (output.status && (output.timed_out || output.canceled))
    output.ending.reason = EndReason::timeout;
}

void note_end(Child& child, Output& output, const detail::Deadline& deadline) {
  output.status = ChildAccess::wait_before(child, deadline);
  if (!output.status) note_delay(output, output.status.error());
}

// The terminal is given back when the child has ended, also by an exception.
struct ForegroundAfter {
  const detail::CommandSpec& spec;
  const detail::SpawnScratch& scratch;
  bool has_child = false;

  ~ForegroundAfter() {
    if (has_child) detail::restore_foreground(spec, scratch);
  }
};

}  // namespace

Result<Output> Child::communicate(const OutputOptions& options) {
  const detail::Deadline deadline = detail::deadline_after(options.timeout);
  Output output{.status = detail::failure(ETIMEDOUT)};
  detail::ReadPipe readers[] = {
      {stdout_pipe(), output.out, output.out_cut, OutputStream::out},
      {stderr_pipe(), output.err, output.err_cut, OutputStream::err},
      {terminal(), output.terminal, output.terminal_cut, OutputStream::terminal}};
  detail::Exchange exchange({stdin_pipe(), options.input, output.input_taken}, readers, options);
  if (options.until == OutputEnd::child_ends && pidfd_) exchange.end_with(fd());
  const auto ended = exchange.run(deadline);
  if (!ended && !detail::is_too_late(ended.error())) return std::unexpected(ended.error());
  note_end(*this, output, deadline);
  if (!ended) note_delay(output, ended.error());
  note_ending(*this, output);
  return output;
}

namespace detail {

Result<Output, SpawnError> collect_output(CommandSpec& spec, SpawnScratch& scratch,
                                          const OutputOptions& options,
                                          const SpawnChanges& changes) {
  const StreamSpec in{.kind = options.input.empty() ? StreamKind::null : StreamKind::pipe};
  const StreamSpec out{.kind = StreamKind::pipe};
  const DefaultStreams defaults{{&in, &out, &out}, &descriptors_part};
  const SpawnRequest request{.default_streams = &defaults, .changes = changes};
  if (auto done = spec.reject_terminals(request, 1); !done)
    return std::unexpected(std::move(done.error()));
  if (!options.input.empty() && !spec.takes_input(request))
    return std::unexpected(
        invalid_argument(SpawnStep::standard_stream, "stdin, which is not the input", 0));
  const Deadline deadline = deadline_after(options.timeout);
  ForegroundAfter foreground{spec, scratch};
  auto child = spawn_child(spec, request, scratch);
  if (!child) return std::unexpected(std::move(child.error()));
  foreground.has_child = true;
  ChildAccess::set_drop_policy(*child, DropPolicy::kill);  // whatever happens here, it is not left

  Output output{.status = failure(ETIMEDOUT)};
  ReadPipe readers[] = {
      {child->stdout_pipe(), output.out, output.out_cut, OutputStream::out},
      {child->stderr_pipe(), output.err, output.err_cut, OutputStream::err},
      {child->terminal(), output.terminal, output.terminal_cut, OutputStream::terminal}};
  Exchange exchange({child->stdin_pipe(), options.input, output.input_taken}, readers, options);
  if (options.until == OutputEnd::child_ends) exchange.end_with(child->fd());
  const auto ended = exchange.run(deadline);
  if (!ended && !is_too_late(ended.error()))
    return std::unexpected(SpawnError{SpawnStep::standard_stream, ended.error(), -1, "a pipe"});
  if (ended)
    note_end(*child, output, deadline);
  else
    note_delay(output, ended.error());
  if (output.timed_out && options.grace.duration() > options.grace.duration().zero()) {
    ChildAccess::ask_to_end(*child);
    const Deadline end_of_grace = deadline_after(options.grace);
    (void)exchange.run(end_of_grace);
    output.status = ChildAccess::wait_before(*child, end_of_grace);
  }
  note_ending(*child, output);
  if ((output.timed_out || output.canceled) && !output.status) {
    const Killed killed = ChildAccess::kill(*child);
    output.kill_error = killed.child ? killed.child : killed.group;
    output.status =
        ChildAccess::await_kill(*child, killed, Clock::now() + kill_patience_at_deadline);
    // Takes what is in the pipes, and does not wait for what the child's own children may write.
    exchange.drain();
    note_ending(*child, output);
    ChildAccess::forget(*child);
  }
  return output;
}

}  // namespace detail

}  // namespace v0
}  // namespace sysfd
