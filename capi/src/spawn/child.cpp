// SPDX-License-Identifier: MIT
//
// A child, and its output.
#include <sysfd/child.hpp>

#include <algorithm>

#include "setters.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

namespace {

using Stream = std::optional<sysfd::OwnedFd>& (sysfd::Child::*)() & noexcept;

int borrow(sysfd_child* child, Stream stream) noexcept {
  if (!child || !child->child) return -EINVAL;
  const auto& fd = ((*child->child).*stream)();
  return fd ? fd->get() : -ENOENT;
}

int release(sysfd_child* child, Stream stream) noexcept {
  if (!child || !child->child) return -EINVAL;
  return give(((*child->child).*stream)());
}

}  // namespace

sysfd_output::sysfd_output(sysfd::PipelineOutput of_many)
    : output{.status = std::ranges::all_of(of_many.statuses,
                                           [](const auto& each) { return each && each->success(); })
                           ? of_many.statuses.back()
                           : *std::ranges::find_if(
                                 of_many.statuses,
                                 [](const auto& each) { return !each || !each->success(); }),
             .out = std::move(of_many.out),
             .err = std::move(of_many.err),
             .out_cut = of_many.out_cut,
             .err_cut = of_many.err_cut,
             .timed_out = of_many.timed_out,
             .canceled = of_many.canceled,
             .input_taken = of_many.input_taken,
             .kill_error = of_many.kill_error},
      stages(std::move(of_many.statuses)) {}

void sysfd_c::OutputOptions::Call::operator()(sysfd::OutputStream stream,
                                              std::string_view bytes) const {
  function(data, static_cast<int>(stream), bytes.data(), bytes.size());
}

void sysfd_c::OutputOptions::Sink::take(sysfd::OutputStream stream, std::string_view piece) {
  if (lines_)
    lines_->take(stream, piece);
  else
    call_(stream, piece);
}

void sysfd_c::OutputOptions::Sink::end(sysfd::OutputStream stream) {
  if (lines_) lines_->end(stream);
  call_(stream, {});
}

int sysfd_c::OutputOptions::read(const sysfd_output_options* given) noexcept {
  sysfd_output_options read = SYSFD_OUTPUT_OPTIONS_INIT;
  if (const int error = read_struct(given, read); error != 0) return error;
  static_assert(SYSFD_UNTIL_CHILD_ENDS == static_cast<int>(sysfd::OutputEnd::child_ends) &&
                SYSFD_UNTIL_PIPES_CLOSE == static_cast<int>(sysfd::OutputEnd::pipes_close));
  static_assert(SYSFD_STREAM_OUT == static_cast<int>(sysfd::OutputStream::out) &&
                SYSFD_STREAM_ERR == static_cast<int>(sysfd::OutputStream::err) &&
                SYSFD_STREAM_TERMINAL == static_cast<int>(sysfd::OutputStream::terminal));
  if (read.until < SYSFD_UNTIL_CHILD_ENDS || read.until > SYSFD_UNTIL_PIPES_CLOSE ||
      is_missing(read.input, read.input_size) ||
      (!read.sink && (read.sink_data || read.longest_line > 0)))
    return -EINVAL;
  options_.input = std::span(static_cast<const std::byte*>(read.input), read.input_size);
  options_.max_size = read.max_size;
  options_.until = static_cast<sysfd::OutputEnd>(read.until);
  if (read.sink) options_.sink = &sink_.emplace(Call{read.sink, read.sink_data}, read.longest_line);
  if (const int error = read_timeout(read.grace, options_.grace); error != 0) return error;
  return read_timeout(read.timeout, options_.timeout);
}

int sysfd_child_pidfd_borrow(const sysfd_child* child) {
  if (!child || !child->child) return -EINVAL;
  return child->is_closed ? -EBADF : child->child->fd().get();
}

int32_t sysfd_child_pid(const sysfd_child* child) {
  return child && child->child ? child->child->pid() : -EINVAL;
}

int sysfd_child_stdin_pipe_borrow(sysfd_child* child) {
  return borrow(child, &sysfd::Child::stdin_pipe);
}

int sysfd_child_stdin_pipe_release(sysfd_child* child) {
  return release(child, &sysfd::Child::stdin_pipe);
}

int sysfd_child_stdout_pipe_borrow(sysfd_child* child) {
  return borrow(child, &sysfd::Child::stdout_pipe);
}

int sysfd_child_stdout_pipe_release(sysfd_child* child) {
  return release(child, &sysfd::Child::stdout_pipe);
}

int sysfd_child_stderr_pipe_borrow(sysfd_child* child) {
  return borrow(child, &sysfd::Child::stderr_pipe);
}

int sysfd_child_stderr_pipe_release(sysfd_child* child) {
  return release(child, &sysfd::Child::stderr_pipe);
}

int sysfd_child_terminal_borrow(sysfd_child* child) {
  return borrow(child, &sysfd::Child::terminal);
}

int sysfd_child_terminal_release(sysfd_child* child) {
  return release(child, &sysfd::Child::terminal);
}

int sysfd_child_report(const sysfd_child* child, sysfd_spawn_report* report) {
  if (!child || !child->child || check_output(report) != 0) return -EINVAL;
  const auto& found = child->child->report();
  sysfd_spawn_report filled = SYSFD_SPAWN_REPORT_INIT;
  filled.flags = (found.by_clone3 ? std::uint32_t{SYSFD_REPORT_BY_CLONE3} : 0U) |
                 (found.isolated_table ? std::uint32_t{SYSFD_REPORT_ISOLATED_TABLE} : 0U) |
                 (found.reaps_itself ? std::uint32_t{SYSFD_REPORT_REAPS_ITSELF} : 0U) |
                 (found.killed_with_parent ? std::uint32_t{SYSFD_REPORT_KILLED_WITH_PARENT} : 0U) |
                 (found.copied_memory ? std::uint32_t{SYSFD_REPORT_COPIED_MEMORY} : 0U);
  filled.busy_retries = found.busy_retries;
  write_struct(report, filled);
  return 0;
}

int sysfd_child_wait(sysfd_child* child, int32_t* status) {
  return child && child->child ? write_status(child->child->wait(), status) : -EINVAL;
}

int sysfd_child_try_wait(sysfd_child* child, int32_t* status) {
  return child && child->child ? write_status(child->child->try_wait(), status) : -EINVAL;
}

int sysfd_child_wait_for(sysfd_child* child, const sysfd_timeout* timeout, int32_t* status) {
  auto limit = sysfd::Timeout::forever();
  if (!child || !child->child) return -EINVAL;
  if (const int error = read_timeout(timeout, limit); error != 0) return error;
  return write_status(child->child->wait_for(limit), status);
}

int sysfd_child_terminate(sysfd_child* child, const sysfd_timeout* grace, int32_t* status) {
  auto limit = sysfd::Timeout::forever();
  if (!child || !child->child) return -EINVAL;
  if (const int error = read_timeout(grace, limit); error != 0) return error;
  return write_status(child->child->terminate(limit), status);
}

int sysfd_child_on_drop(sysfd_child* child, int policy, const sysfd_timeout* grace) {
  sysfd::Timeout limit = default_grace();
  if (!child || !child->child) return -EINVAL;
  if (const int error = read_drop_policy(policy, grace, limit); error != 0) return error;
  child->child->on_drop(static_cast<sysfd::DropPolicy>(policy), limit);
  return 0;
}

int sysfd_child_communicate(sysfd_child* child, const sysfd_output_options* options,
                            sysfd_output** output) {
  OutputOptions read;
  if (!child || !child->child || !output) return -EINVAL;
  if (const int error = read.read(options); error != 0) return error;
  Room<sysfd_output> room;  // what the child has written can be read only once
  if (!room) return -ENOMEM;
  return without_exceptions([&] {
    auto done = child->child->communicate(read.get());
    return done ? room.make(output, std::move(*done)) : negative(done.error());
  });
}

int sysfd_child_send_signal_to_group(sysfd_child* child, int signo) {
  return child && child->child ? code_of(child->child->send_signal_to_group(signo)) : -EINVAL;
}

int sysfd_child_kill_cgroup(sysfd_child* child) {
  return child && child->child ? code_of(child->child->kill_cgroup()) : -EINVAL;
}

int sysfd_child_close_descriptors(sysfd_child* child) {
  if (!child || !child->child) return -EINVAL;
  const int code = code_of(child->child->close_descriptors());
  if (code == 0) child->is_closed = true;
  return code;
}

int sysfd_child_detach_release(sysfd_child* child) {
  if (!child || !child->child) return -EINVAL;
  if (child->is_closed) return -EBADF;
  const int pidfd = (*std::move(child->child)).detach().into_fd().release();
  child->child.reset();
  return pidfd;
}

void sysfd_child_free(sysfd_child* child) {
  delete child;
}

int sysfd_output_get(const sysfd_output* output, sysfd_output_info* info) {
  if (!output || check_output(info) != 0) return -EINVAL;
  const auto& found = output->output;
  sysfd_output_info filled = SYSFD_OUTPUT_INFO_INIT;
  filled.flags = (output->success ? std::uint32_t{SYSFD_OUTPUT_SUCCESS} : 0U) |
                 (found.out_cut ? std::uint32_t{SYSFD_OUTPUT_OUT_CUT} : 0U) |
                 (found.err_cut ? std::uint32_t{SYSFD_OUTPUT_ERR_CUT} : 0U) |
                 (found.timed_out ? std::uint32_t{SYSFD_OUTPUT_TIMED_OUT} : 0U) |
                 (found.canceled ? std::uint32_t{SYSFD_OUTPUT_CANCELED} : 0U) |
                 (found.terminal_cut ? std::uint32_t{SYSFD_OUTPUT_TERMINAL_CUT} : 0U);
  filled.status_code = found.status ? 0 : -negative(found.status.error());
  filled.status = found.status ? found.status->wait_status() : 0;
  filled.kill_code = found.kill_error ? -negative(found.kill_error) : 0;
  filled.stages = output->stages.empty() ? 1U : static_cast<std::uint32_t>(output->stages.size());
  filled.out = found.out.data();
  filled.out_size = found.out.size();
  filled.err = found.err.data();
  filled.err_size = found.err.size();
  filled.input_taken = found.input_taken;
  filled.terminal = found.terminal.data();
  filled.terminal_size = found.terminal.size();
  write_struct(info, filled);
  return 0;
}

int sysfd_output_stage(const sysfd_output* output, size_t stage, int32_t* status) {
  if (!output) return -EINVAL;
  if (output->stages.empty() && stage == 0) return write_status(output->output.status, status);
  return stage < output->stages.size() ? write_status(output->stages[stage], status) : -EINVAL;
}

int sysfd_output_describe(const sysfd_output* output, char* buffer, size_t size) {
  if (!output) return -EINVAL;
  return without_exceptions([&] { return write_text(output->output.describe(), buffer, size); });
}

void sysfd_output_free(sysfd_output* output) {
  delete output;
}
