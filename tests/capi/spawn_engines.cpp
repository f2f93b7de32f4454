// SPDX-License-Identifier: MIT
//
// The two engines of spawn_cases.hpp.
#include <optional>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "capi/objects.hpp"
#include "capi/spawn_cases.hpp"

namespace sysfd_test {
namespace {

using Kind = Setting::Kind;
constexpr int closed = 1000;  // the number of a descriptor that is not open

void set_in_cpp(Command& to, const Setting& it, std::vector<OwnedFd>& files) {
  switch (it.kind) {
    case Kind::arg: to.arg(it.text); break;
    case Kind::argument0: to.argument0(it.text); break;
    case Kind::env: to.env(it.text, it.more); break;
    case Kind::remove_env: to.remove_env(it.text); break;
    case Kind::clear_env: to.clear_env(); break;
    case Kind::directory: to.working_directory(it.text); break;
    case Kind::root: to.root_directory(it.text); break;
    case Kind::search: to.search(static_cast<ProgramSearch>(it.number)); break;
    case Kind::pass:
      files.push_back(some_file());
      to.pass(files.back(), it.number);
      break;
    case Kind::pass_closed: to.pass(BorrowedFd::unsafe_borrow(closed), it.number); break;
    case Kind::stdin_null: to.stdin_from(Stdio::null()); break;
    case Kind::stdout_pipe: to.stdout_to(Stdio::pipe()); break;
    case Kind::stderr_like_stdout: to.stderr_to(Stdio::like_stdout()); break;
    case Kind::umask: to.resources({.umask = static_cast<mode_t>(it.number)}); break;
    case Kind::nice: to.resources({.nice = it.number}); break;
    case Kind::new_session: to.session({.new_session = true}); break;
    case Kind::process_group: to.session({.process_group = it.number}); break;
    case Kind::user: to.identity({.user = static_cast<uid_t>(it.number)}); break;
    case Kind::no_new_privileges: to.identity({.no_new_privileges = true}); break;
    case Kind::blocked: to.signals({.blocked = {it.number}}); break;
    case Kind::retry_busy: to.retry_busy(it.number); break;
    case Kind::parent_death: to.parent_death_signal(it.number); break;
  }
}

void set_in_c(sysfd_command* to, const Setting& it, std::vector<OwnedFd>& files) {
  sysfd_resources resources = SYSFD_RESOURCES_INIT;
  sysfd_session session = SYSFD_SESSION_INIT;
  sysfd_identity identity = SYSFD_IDENTITY_INIT;
  sysfd_signals signals = SYSFD_SIGNALS_INIT;
  switch (it.kind) {
    case Kind::arg: sysfd_command_arg(to, it.text); break;
    case Kind::argument0: sysfd_command_argument0(to, it.text); break;
    case Kind::env: sysfd_command_env(to, it.text, it.more); break;
    case Kind::remove_env: sysfd_command_remove_env(to, it.text); break;
    case Kind::clear_env: sysfd_command_clear_env(to); break;
    case Kind::directory: sysfd_command_working_directory(to, it.text, 0); break;
    case Kind::root: sysfd_command_root_directory(to, it.text); break;
    case Kind::search: sysfd_command_search(to, it.number); break;
    case Kind::pass:
      files.push_back(some_file());
      sysfd_command_pass_borrow(to, files.back().get(), it.number);
      break;
    case Kind::pass_closed: sysfd_command_pass_borrow(to, closed, it.number); break;
    case Kind::stdin_null: sysfd_command_stdin_from(to, SYSFD_STDIO_NULL); break;
    case Kind::stdout_pipe: sysfd_command_stdout_to(to, SYSFD_STDIO_PIPE); break;
    case Kind::stderr_like_stdout: sysfd_command_stderr_to(to, SYSFD_STDIO_LIKE_STDOUT); break;
    case Kind::umask:
      resources.flags = SYSFD_RESOURCES_UMASK;
      resources.umask = static_cast<std::uint32_t>(it.number);
      sysfd_command_resources(to, &resources);
      break;
    case Kind::nice:
      resources.flags = SYSFD_RESOURCES_NICE;
      resources.nice = it.number;
      sysfd_command_resources(to, &resources);
      break;
    case Kind::new_session:
      session.flags = SYSFD_SESSION_NEW;
      sysfd_command_session(to, &session);
      break;
    case Kind::process_group:
      session.flags = SYSFD_SESSION_PROCESS_GROUP;
      session.process_group = it.number;
      sysfd_command_session(to, &session);
      break;
    case Kind::user:
      identity.flags = SYSFD_IDENTITY_USER;
      identity.user = static_cast<std::uint32_t>(it.number);
      sysfd_command_identity(to, &identity);
      break;
    case Kind::no_new_privileges:
      identity.flags = SYSFD_IDENTITY_NO_NEW_PRIVILEGES;
      sysfd_command_identity(to, &identity);
      break;
    case Kind::blocked:
      signals.blocked = &it.number;
      signals.blocked_count = 1;
      sysfd_command_signals(to, &signals);
      break;
    case Kind::retry_busy: sysfd_command_retry_busy(to, it.number); break;
    case Kind::parent_death: sysfd_command_parent_death_signal(to, it.number); break;
  }
}

}  // namespace

SpawnOutcome run_in_cpp(const SpawnCase& it) {
  std::vector<OwnedFd> files;
  Command to(it.program);
  for (const Setting& setting : it.settings)
    set_in_cpp(to, setting, files);
  const auto run = to.output();
  if (!run)
    return {.step = static_cast<int>(run.error().step),
            .code = run.error().code.value(),
            .index = run.error().index,
            .text = run.error().describe(),
            .wait_status = std::nullopt,
            .out = {},
            .err = {}};
  return {.text = {}, .wait_status = run->status->wait_status(), .out = run->out, .err = run->err};
}

SpawnOutcome run_in_c(const SpawnCase& it) {
  std::vector<OwnedFd> files;
  const auto to = command(it.program);
  for (const Setting& setting : it.settings)
    set_in_c(to.get(), setting, files);
  sysfd_output* raw = nullptr;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  const int code = sysfd_command_output(to.get(), nullptr, &raw, &error);
  if (code < 0) {
    EXPECT_EQ(raw, nullptr);
    EXPECT_EQ(error.code, -code);
    return {.step = error.step,
            .code = error.code,
            .index = error.index,
            .text = error.text,
            .wait_status = std::nullopt,
            .out = {},
            .err = {}};
  }
  const COutput output(raw);
  sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
  EXPECT_EQ(sysfd_output_get(output.get(), &info), 0);
  return {.text = {},
          .wait_status = info.status,
          .out = std::string(info.out, info.out_size),
          .err = std::string(info.err, info.err_size)};
}

}  // namespace sysfd_test
