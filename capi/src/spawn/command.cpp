// SPDX-License-Identifier: MIT
//
// What a command is told, apart from its attributes.
#include <sysfd/command.hpp>

#include <string>

#include "../listen_objects.hpp"
#include "setters.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::BorrowedFd;
using sysfd::Command;
using sysfd::OwnedFd;
using sysfd::SpawnStep;
using sysfd::Stdio;

namespace {

static_assert(SYSFD_SEARCH_CALLER_PATH == static_cast<int>(sysfd::ProgramSearch::caller_path) &&
              SYSFD_SEARCH_NOWHERE == static_cast<int>(sysfd::ProgramSearch::nowhere));
static_assert(SYSFD_BEFORE_IDENTITY == static_cast<int>(sysfd::DirectoryChange::before_identity) &&
              SYSFD_AFTER_IDENTITY == static_cast<int>(sysfd::DirectoryChange::after_identity));

bool is_change(int change) noexcept {
  return change == SYSFD_BEFORE_IDENTITY || change == SYSFD_AFTER_IDENTITY;
}

using SetStream = Command& (Command::*)(Stdio) &;

int set_stream(sysfd_command* command, int stdio, SetStream set_it) {
  const auto set_to = [&](Stdio made) {
    return set(command, SpawnStep::standard_stream, 0,
               [&](Command& into) { (into.*set_it)(std::move(made)); });
  };
  switch (stdio) {
    case SYSFD_STDIO_INHERIT: return set_to(Stdio::inherit());
    case SYSFD_STDIO_NULL: return set_to(Stdio::null());
    case SYSFD_STDIO_PIPE: return set_to(Stdio::pipe());
    case SYSFD_STDIO_TERMINAL: return set_to(Stdio::terminal());
    case SYSFD_STDIO_LIKE_STDOUT: return set_to(Stdio::like_stdout());
    default: return set(command, SpawnStep::standard_stream, EINVAL, [](Command&) {});
  }
}

int set_stream_borrow(sysfd_command* command, int fd, SetStream set_it) {
  return set_borrowed(command, SpawnStep::standard_stream, fd,
                      [&](Command& into, BorrowedFd borrowed) { (into.*set_it)(borrowed); });
}

int set_stream_take(sysfd_command* command, int fd, SetStream set_it) {
  return set_taken(command, SpawnStep::standard_stream, fd,
                   [&](Command& into, OwnedFd owned) { (into.*set_it)(std::move(owned)); });
}

template <class Make>
int make_command(sysfd_command** command, Make make_it) {
  if (!command) return -EINVAL;
  return without_exceptions([&] { return make(command, make_it()); });
}

}  // namespace

int sysfd_command_new(const char* program, sysfd_command** command) {
  return make_command(command, [&] { return Command(program); });
}

int sysfd_command_new_borrow(int program, const char* argument0, sysfd_command** command) {
  if (program < 0) return -EBADF;
  return make_command(command, [&] { return Command(lent(program), argument0); });
}

int sysfd_command_new_shell(const char* line, sysfd_command** command) {
  return make_command(command, [&] { return Command::shell(line); });
}

void sysfd_command_free(sysfd_command* command) {
  delete command;
}

int sysfd_command_search(sysfd_command* command, int where) {
  const bool is_known = where >= SYSFD_SEARCH_CHILD_PATH && where <= SYSFD_SEARCH_NOWHERE;
  return set(command, SpawnStep::program, is_known ? 0 : EINVAL,
             [&](Command& into) { into.search(static_cast<sysfd::ProgramSearch>(where)); });
}

int sysfd_command_search_directories(sysfd_command* command, const char* const* directories) {
  return set(command, SpawnStep::program, directories ? 0 : EINVAL,
             [&](Command& into) { into.search(Strings(directories)); });
}

int sysfd_command_shell_fallback(sysfd_command* command) {
  return set(command, SpawnStep::program, 0, [](Command& into) { into.shell_fallback(); });
}

int sysfd_command_argument0(sysfd_command* command, const char* value) {
  return set(command, SpawnStep::argument, 0, [&](Command& into) { into.argument0(value); });
}

int sysfd_command_arg(sysfd_command* command, const char* value) {
  return set(command, SpawnStep::argument, 0, [&](Command& into) { into.arg(value); });
}

int sysfd_command_args(sysfd_command* command, const char* const* values) {
  return set(command, SpawnStep::argument, values ? 0 : EINVAL,
             [&](Command& into) { into.args(values); });
}

int sysfd_command_env(sysfd_command* command, const char* name, const char* value) {
  return set(command, SpawnStep::environment, 0, [&](Command& into) { into.env(name, value); });
}

int sysfd_command_remove_env(sysfd_command* command, const char* name) {
  return set(command, SpawnStep::environment, 0, [&](Command& into) { into.remove_env(name); });
}

int sysfd_command_clear_env(sysfd_command* command) {
  return set(command, SpawnStep::environment, 0, [](Command& into) { into.clear_env(); });
}

int sysfd_command_environment(sysfd_command* command, const char* const* entries) {
  return set(command, SpawnStep::environment, entries ? 0 : EINVAL,
             [&](Command& into) { into.environment(entries); });
}

int sysfd_command_working_directory(sysfd_command* command, const char* path, int change) {
  return set(command, SpawnStep::working_directory, is_change(change) ? 0 : EINVAL,
             [&](Command& into) {
               into.working_directory(path, static_cast<sysfd::DirectoryChange>(change));
             });
}

int sysfd_command_working_directory_borrow(sysfd_command* command, int directory, int change) {
  const int error = !is_directory(directory) ? EBADF : !is_change(change) ? EINVAL : 0;
  return set(command, SpawnStep::working_directory, error, [&](Command& into) {
    into.working_directory(lent(directory), static_cast<sysfd::DirectoryChange>(change));
  });
}

int sysfd_command_root_directory(sysfd_command* command, const char* path) {
  return set(command, SpawnStep::root_directory, 0,
             [&](Command& into) { into.root_directory(path); });
}

int sysfd_command_root_directory_borrow(sysfd_command* command, int directory) {
  return set(command, SpawnStep::root_directory, is_directory(directory) ? 0 : EBADF,
             [&](Command& into) { into.root_directory(lent(directory)); });
}

int sysfd_command_cgroup_borrow(sysfd_command* command, int directory) {
  return set_borrowed(command, SpawnStep::cgroup, directory,
                      [](Command& into, BorrowedFd borrowed) { into.cgroup(borrowed); });
}

int sysfd_command_landlock_borrow(sysfd_command* command, int ruleset) {
  return set_borrowed(command, SpawnStep::landlock, ruleset,
                      [](Command& into, BorrowedFd borrowed) { into.landlock(borrowed); });
}

int sysfd_command_stdin_from(sysfd_command* command, int stdio) {
  return set_stream(command, stdio, &Command::stdin_from);
}

int sysfd_command_stdin_from_borrow(sysfd_command* command, int fd) {
  return set_stream_borrow(command, fd, &Command::stdin_from);
}

int sysfd_command_stdin_from_take(sysfd_command* command, int fd) {
  return set_stream_take(command, fd, &Command::stdin_from);
}

int sysfd_command_stdout_to(sysfd_command* command, int stdio) {
  return set_stream(command, stdio, &Command::stdout_to);
}

int sysfd_command_stdout_to_borrow(sysfd_command* command, int fd) {
  return set_stream_borrow(command, fd, &Command::stdout_to);
}

int sysfd_command_stdout_to_take(sysfd_command* command, int fd) {
  return set_stream_take(command, fd, &Command::stdout_to);
}

int sysfd_command_stderr_to(sysfd_command* command, int stdio) {
  return set_stream(command, stdio, &Command::stderr_to);
}

int sysfd_command_stderr_to_borrow(sysfd_command* command, int fd) {
  return set_stream_borrow(command, fd, &Command::stderr_to);
}

int sysfd_command_stderr_to_take(sysfd_command* command, int fd) {
  return set_stream_take(command, fd, &Command::stderr_to);
}

int sysfd_command_pass_borrow(sysfd_command* command, int fd, int number) {
  return set_borrowed(command, SpawnStep::descriptor, fd,
                      [&](Command& into, BorrowedFd borrowed) { into.pass(borrowed, number); });
}

int sysfd_command_pass_take(sysfd_command* command, int fd, int number) {
  return set_taken(command, SpawnStep::descriptor, fd,
                   [&](Command& into, OwnedFd owned) { into.pass(std::move(owned), number); });
}

int sysfd_command_inherit_descriptors(sysfd_command* command, const int* except, size_t count) {
  return set(command, SpawnStep::descriptor, is_missing(except, count) ? EINVAL : 0,
             [&](Command& into) { into.inherit_descriptors({.except = list(except, count)}); });
}

int sysfd_command_forget_descriptor(sysfd_command* command, int number) {
  return set(command, SpawnStep::descriptor, 0,
             [&](Command& into) { into.forget_descriptor(number); });
}

int sysfd_command_listen_fds_borrow(sysfd_command* command, const char* name, int fd) {
  return set_borrowed(command, SpawnStep::listen_fds, fd,
                      [&](Command& into, BorrowedFd borrowed) { into.listen_fds(name, borrowed); });
}

int sysfd_command_listen_fds_take(sysfd_command* command, const char* name, int fd) {
  return set_taken(command, SpawnStep::listen_fds, fd,
                   [&](Command& into, OwnedFd owned) { into.listen_fds(name, std::move(owned)); });
}

int sysfd_command_listen_fds_given_borrow(sysfd_command* command, const sysfd_listen_fds* given) {
  return set(command, SpawnStep::listen_fds, given ? 0 : EINVAL,
             [&](Command& into) { into.listen_fds(given->fds); });
}

int sysfd_command_listen_fds_given_take(sysfd_command* command, sysfd_listen_fds* given) {
  const int code = set(command, SpawnStep::listen_fds, given ? 0 : EINVAL,
                       [&](Command& into) { into.listen_fds(std::move(given->fds)); });
  if (code == 0 || !given) return code;
  for (std::size_t i = 0; i < given->fds.size(); ++i) {
    if (!given->fds.has(i)) continue;
    const OwnedFd closed = given->fds.take(i);
  }
  return code;
}

int sysfd_command_terminal(sysfd_command* command, uint16_t rows, uint16_t columns) {
  return set(command, SpawnStep::terminal, 0,
             [&](Command& into) { into.terminal({.rows = rows, .columns = columns}); });
}

int sysfd_command_on_drop(sysfd_command* command, int policy, const sysfd_timeout* grace) {
  sysfd::Timeout limit = default_grace();
  const int error = read_drop_policy(policy, grace, limit);
  return set(command, SpawnStep::start, -error,
             [&](Command& into) { into.on_drop(static_cast<sysfd::DropPolicy>(policy), limit); });
}

int sysfd_command_parent_death_signal(sysfd_command* command, int signo) {
  return set(command, SpawnStep::parent_death, 0,
             [&](Command& into) { into.parent_death_signal(signo); });
}

int sysfd_command_kill_with_parent(sysfd_command* command) {
  return set(command, SpawnStep::parent_death, 0, [](Command& into) { into.kill_with_parent(); });
}

int sysfd_command_leave_no_zombie(sysfd_command* command) {
  return set(command, SpawnStep::clone, 0, [](Command& into) { into.leave_no_zombie(); });
}

int sysfd_command_retry_busy(sysfd_command* command, int times) {
  return set(command, SpawnStep::exec, 0, [&](Command& into) { into.retry_busy(times); });
}
