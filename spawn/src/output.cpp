// SPDX-License-Identifier: MIT
//
// Talking to children to their end.
#include <sysfd/output.hpp>

#include <csignal>

#include <sysfd/child.hpp>

#include "exchange.hpp"

namespace sysfd {
inline namespace v0 {

std::string Output::describe() const {
  std::string text;
  if (status)
    text = to_string(*status);
  else if (status.error() == std::errc::timed_out)
    return "has not ended in time";
  else
    text = "ended, its status unknown (" + status.error().message() + ')';
  return timed_out ? text + ", timed out" : text;
}

Result<Output> Child::communicate(const OutputOptions& options) {
  const auto deadline = detail::deadline_in(options.timeout);
  auto output = talk_until(options, deadline);
  if (output) wait_until(*output, deadline);
  return output;
}

// Without waiting for its end.
Result<Output> Child::talk_until(const OutputOptions& options, const Deadline& deadline) {
  Output output{.status = detail::failure(ETIMEDOUT)};
  detail::Inlet inlets[] = {{stdout_pipe(), output.out, output.out_cut},
                            {stderr_pipe(), output.err, output.err_cut}};
  const auto ended = detail::exchange({stdin_pipe(), options.input, output.input_taken}, inlets,
                                      options.max_size, deadline);
  if (!ended) return std::unexpected(ended.error());
  output.timed_out = !*ended;
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

void Child::kill_tree() noexcept {
  if (leads_group_) (void)send_signal_to_group(SIGKILL);
  if (!status_) (void)pidfd().send_signal(SIGKILL);
}

// Its group first, which some kernels can name only as long as it is not reaped. What those that it
// started may still write is not waited for; what is in the pipes is taken.
void Child::end_now(Output& output, const OutputOptions& options) {
  kill_tree();
  output.status = wait();
  detail::Inlet inlets[] = {{stdout_pipe(), output.out, output.out_cut},
                            {stderr_pipe(), output.err, output.err_cut}};
  detail::drain(inlets, options.max_size);
}

}  // namespace v0
}  // namespace sysfd
