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

void note_end(Child& child, Output& output, const detail::Deadline& deadline) {
  output.status = ChildAccess::wait_before(child, deadline);
  if (!output.status) note_delay(output, output.status.error());
}

}  // namespace

Result<Output> Child::communicate(const OutputOptions& options) {
  const detail::Deadline deadline = detail::deadline_after(options.timeout);
  Output output{.status = detail::failure(ETIMEDOUT)};
  detail::ReadPipe readers[] = {{stdout_pipe(), output.out, output.out_cut},
                                {stderr_pipe(), output.err, output.err_cut}};
  detail::Exchange exchange({stdin_pipe(), options.input, output.input_taken}, readers,
                            options.max_size);
  const auto ended = exchange.run(deadline);
  if (!ended && !detail::is_too_late(ended.error())) return std::unexpected(ended.error());
  note_end(*this, output, deadline);
  if (!ended) note_delay(output, ended.error());
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
  if (auto done = spec.reject_terminals(request); !done)
    return std::unexpected(std::move(done.error()));
  if (!options.input.empty() && !spec.takes_input(request))
    return std::unexpected(
        invalid_argument(SpawnStep::standard_stream, "stdin, which is not the input", 0));
  const Deadline deadline = deadline_after(options.timeout);
  auto child = spawn_child(spec, request, scratch);
  if (!child) return std::unexpected(std::move(child.error()));
  ChildAccess::set_drop_policy(*child, DropPolicy::kill);  // whatever happens here, it is not left

  Output output{.status = failure(ETIMEDOUT)};
  ReadPipe readers[] = {{child->stdout_pipe(), output.out, output.out_cut},
                        {child->stderr_pipe(), output.err, output.err_cut}};
  Exchange exchange({child->stdin_pipe(), options.input, output.input_taken}, readers,
                    options.max_size);
  const auto ended = exchange.run(deadline);
  if (!ended && !is_too_late(ended.error()))
    return std::unexpected(SpawnError{SpawnStep::standard_stream, ended.error(), -1, "a pipe"});
  if (ended)
    note_end(*child, output, deadline);
  else
    note_delay(output, ended.error());
  if (output.timed_out || output.canceled) {
    const Killed killed = ChildAccess::kill(*child);
    output.kill_error = killed.child ? killed.child : killed.group;
    output.status =
        ChildAccess::await_kill(*child, killed, Clock::now() + kill_patience_at_deadline);
    // Takes what is in the pipes, and does not wait for what the child's own children may write.
    exchange.drain();
    (void)std::move(*child).detach();  // it was waited for, or not for longer
  }
  restore_foreground(spec, scratch);
  return output;
}

}  // namespace detail

}  // namespace v0
}  // namespace sysfd
