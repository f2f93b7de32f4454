// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstdlib>

#include <sysfd/command.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/spawn_all.hpp>
#include <sysfd/spawn_slots.hpp>

#include "faults/operations.hpp"
#include "faults/subjects.hpp"
#include "spawn/in_child/every_step.hpp"
#include "spawn/terminal.hpp"

namespace sysfd_test {
namespace {

using Made = Result<Child, SpawnError>;

// A keeper without memory cannot tell the status; since Linux 6.15 the kernel can.
void check_end(Sweep& sweep, Child& child, int code) {
  const auto status = child.wait();
  if (child.containment() != ContainmentKind::none && !sweep.is_dry() && errno_of(status) == ECHILD)
    return;
  sweep.check(status.has_value() && status->code() == code, "the status of the child");
}

// Starts a Command that `make` makes: its program ends with 7, or with `code`.
template <class Make>
auto starts(Make make, int code = 7) {
  return [=](Sweep& sweep) {
    Command command = make();
    auto child = sweep([&] { return command.spawn(); });
    if (child) check_end(sweep, *child, code);
  };
}

// The same in every step there is.
auto starts_every_step(Command (EveryStep::*make)() const) {
  return [=](Sweep& sweep) {
    if (!is_root()) return sweep.skip("needs root");
    const EveryStep all(sweep_program());
    Command command = (all.*make)();
    auto child = sweep([&] { return command.spawn(); });
    if (child) check_end(sweep, *child, 0);
  };
}

// Starts in the foreground of the terminal that the session of the copy gets.
template <class Start>
auto in_foreground(Start start) {
  return [=](Sweep& sweep) {
    if (::setsid() < 0) return sweep.skip("needs a session");
    ::signal(SIGHUP, SIG_IGN);
    const Terminal terminal;
    if (::ioctl(terminal.child.get(), TIOCSCTTY, 0) != 0) return sweep.skip("needs a terminal");
    start(sweep, Session{.process_group = 0, .foreground_of = terminal.child});
  };
}

}  // namespace

std::vector<Operation> spawn_operations() {
  std::vector<Operation> all;
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {},
                       std::vector<long> leaves_child_without = {}) {
    all.push_back({std::string("spawn: ") + name, run, std::move(translations),
                   std::move(leaves_child_without)});
  };
  add("Command, its setters", [](Sweep& sweep) {
    OwnedFd file = some_file(), other = some_file();
    sweep([&] {
      Command command("program");
      command.search(ProgramSearch::nowhere).args({"a", "b"}).env("NAME", "value");
      command.remove_env("OTHER").working_directory("/").root_directory("/");
      command.pass(std::move(file), 5)
          .listen_fds("name", std::move(other))
          .stdin_from(Stdio::null());
      command.identity({.groups = {{1, 2, 3}}}).signals({.ignored = {SIGUSR1}});
      command.resources({.limits = {{RLIMIT_CORE, 0, 0}}});
      command.namespaces({.create = Namespace::uts, .host_name = "name"});
      command.environment({"A=1", "B=2"}).search({"/bin", "/usr/bin"}).contain();
      command.argument0("name").clear_env().session({.new_session = true}).shell_fallback();
      command.stdout_to(Stdio::null()).stderr_to(Stdio::like_stdout()).forget_descriptor(5);
      command.on_drop(DropPolicy::wait);
    });
  });
  add("Command::shell", [](Sweep& sweep) { sweep([&] { (void)Command::shell("true"); }); });
  add("Command::spawn", starts([] { return program("exit"); }));
  add("Command::spawn, descriptors", [](Sweep& sweep) {
    const OwnedFd file = some_file();
    Command command = program("copy");
    command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).stderr_to(Stdio::null());
    command.pass(file, 5).pass(some_file(), 3).working_directory("/");
    auto child = sweep([&] { return command.spawn(); });
    if (!child) return;
    sweep.check(::write(child->stdin_pipe()->get(), "hello", 5) == 5, "the pipe");
    child->stdin_pipe().reset();
    std::array<char, 16> buffer{};
    sweep.check(::read(child->stdout_pipe()->get(), buffer.data(), buffer.size()) == 5,
                "what it wrote");
    check_end(sweep, *child, 0);
  });
  add("Command::spawn, found by PATH",
      [](Sweep& sweep) {
        const std::string path = sweep_program();
        const std::string directory = path.substr(0, path.rfind('/'));
        ::setenv("PATH", ("/nowhere:/usr/share:" + directory).c_str(), 1);
        Command command("sweep_program");
        command.arg("exit").env("NAME", "value");
        auto child = sweep([&] { return command.spawn(); });
        if (child) check_end(sweep, *child, 7);
      },
      {{SYS_execve, ENOENT, ENOENT}});
  add("Command::spawn, program by descriptor", [](Sweep& sweep) {
    const OwnedFd file = must(sysfd::open(cwd(), sweep_program(), O_RDONLY));
    Command command(file, "name");
    command.arg("exit");
    auto child = sweep([&] { return command.spawn(); });
    if (child) check_end(sweep, *child, 7);
  });
  add("Command::spawn, all attributes", starts_every_step(&EveryStep::attributes));
  add("Command::spawn, user namespace", starts_every_step(&EveryStep::user_namespace));
  add("Command::spawn, job", starts_every_step(&EveryStep::job));
  add("Command::spawn, joined pid namespace", starts_every_step(&EveryStep::joined_pid_namespace));
  all.back().stops_without = {SYS_setns};  // the thread could not come back
  add("Command::spawn, new terminal", starts_every_step(&EveryStep::new_terminal));
  add("Command::spawn, contained", starts_every_step(&EveryStep::tree));
  add("Command::spawn, best effort",
      starts([] { return program("exit").contain({.reach = Reach::best_effort}); }));
  add("Command::spawn, kill_with_parent",
      starts([] { return program("exit").kill_with_parent(); }));
  add("Command::spawn, parent_death_signal",
      starts([] { return program("exit").parent_death_signal(SIGTERM); }));
  add("Command::spawn, leave_no_zombie",
      [](Sweep& sweep) {
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);  // which would have to reap it
        Command command = program("exit");
        command.leave_no_zombie();
        auto child = sweep([&] { return command.spawn(); });
        if (child) (void)child->wait();
      },
      {{-1, 0, EOPNOTSUPP}});  // it cannot find out whose child the orphan would be
  add("Command::spawn, retry_busy", starts([] { return program("exit").retry_busy(3); }));
  add("Command::spawn, inherit_descriptors",
      starts([] { return program("exit").inherit_descriptors(); }));
  add("Command::spawn, listen_fds", [](Sweep& sweep) {
    const OwnedFd file = some_file();
    Command command = program("exit");
    command.listen_fds("name", file);
    auto child = sweep([&] { return command.spawn(); });
    if (child) check_end(sweep, *child, 7);
  });
  add("Command::spawn, foreground", in_foreground([](Sweep& sweep, const Session& session) {
        Command command = program("exit").session(session);
        auto child = sweep([&] { return command.spawn(); });
        if (child) check_end(sweep, *child, 7);
      }));
  add("Command::spawn, foreground, no such program",
      in_foreground([](Sweep& sweep, const Session& session) {
        Command command("/nowhere/program");
        command.session(session);
        (void)sweep(
            [&] { return expect_error(command.spawn(), std::errc::no_such_file_or_directory); });
      }));
  all.back().takes_terminal_back = true;
  for (const bool is_contained : {false, true}) {
    add(is_contained ? "Command::status, foreground, contained" : "Command::status, foreground",
        in_foreground([=](Sweep& sweep, const Session& session) {
          if (is_contained && !is_root()) return sweep.skip("needs root");
          Command command = program("exit").session(session);
          if (is_contained) command.contain();
          const auto status = sweep([&] { return command.status(); });
          if (status) sweep.check(status->code() == 7, "the status");
        }),
        {{SYS_sendto, 0, ECHILD}});
    all.back().takes_terminal_back = true;
  }
  add("Pipeline::output, foreground", in_foreground([](Sweep& sweep, const Session& session) {
        Pipeline pipeline = program("exit").session(session) | program("exit");
        (void)sweep([&]() -> Result<void, SpawnError> {
          const auto output = pipeline.output();
          if (!output) return std::unexpected(output.error());
          return {};
        });
      }));
  all.back().takes_terminal_back = true;
  add("Command::spawn, no such program", [](Sweep& sweep) {
    Command command("/nowhere/program");
    (void)sweep(
        [&] { return expect_error(command.spawn(), std::errc::no_such_file_or_directory); });
  });
  add("Command::status", [](Sweep& sweep) {
    Command command = program("exit");
    const auto status = sweep([&] { return command.status(); });
    if (status) sweep.check(status->code() == 7, "the status");
  });
  add("Command::status, attributes", [](Sweep& sweep) {
    Command command = program("exit");
    command.resources({.umask = 022}).pass(some_file(), 4).retry_busy(1);
    const auto status = sweep([&] { return command.status(); });
    if (status) sweep.check(status->code() == 7, "the status");
  });
  add("Command::status, contained",
      [](Sweep& sweep) {
        if (!is_root()) return sweep.skip("needs root");
        Command command = program("exit");
        command.contain();
        const auto status = sweep([&] { return command.status(); });
        if (status) sweep.check(status->code() == 7, "the status");
      },
      {{SYS_sendto, 0, ECHILD}});
  const auto collects = [](Sweep& sweep, Command command, const OutputOptions& options,
                           bool times_out = false) {
    const auto output = sweep([&]() -> Result<void, SpawnError> {
      auto done = command.output(options);
      if (!done) return std::unexpected(done.error());
      // What could not be read or written is reported here.
      if (!done->status.has_value())
        return std::unexpected(SpawnError{SpawnStep::wait, done->status.error(), -1, ""});
      sweep.check(done->timed_out == times_out, "timed out, or not");
      if (!times_out) sweep.check(done->out == "hello", "the output");
      return {};
    });
    (void)output;
  };
  add("Command::output",
      [=](Sweep& sweep) { collects(sweep, program("copy"), {.input = "hello"}); });
  add(
      "Command::output, timeout",
      [=](Sweep& sweep) { collects(sweep, program("wait"), {.timeout = 1ms}, true); },
      {{SYS_pidfd_send_signal, 0, ETIMEDOUT}}, kills);
  add(
      "Command::output, grace",
      [=](Sweep& sweep) { collects(sweep, program("wait"), {.timeout = 1ms, .grace = 5ms}, true); },
      {{SYS_pidfd_send_signal, 0, ETIMEDOUT}}, kills);
  add("Command::output, until the pipes close", [=](Sweep& sweep) {
    collects(sweep, program("copy"), {.input = "hello", .until = OutputEnd::pipes_close});
  });
  add("Command::exec", [](Sweep& sweep) {
    Command command = program("exit");
    command.pass(some_file(), 3).stdin_from(Stdio::null());
    (void)sweep([&] { return exec_in_copy([&] { return command.exec().code.value(); }); });
  });
  add("Command::exec, attributes", [](Sweep& sweep) {
    if (!is_root()) return sweep.skip("needs root");
    const EveryStep every(sweep_program());
    Command command = every.attributes();
    command.stdout_to(Stdio::null());
    (void)sweep([&] { return exec_in_copy([&] { return command.exec().code.value(); }); });
  });
  add("Command::prepare", [](Sweep& sweep) {
    Command command = program("exit");
    command.env("NAME", "value").pass(some_file(), 4);
    (void)sweep([&] { return std::move(command).prepare(); });
  });
  add("PreparedCommand::spawn", [](Sweep& sweep) {
    const auto prepared = must(program("exit").stdout_to(Stdio::pipe()).prepare());
    const CStr more[] = {"one"}, variables[] = {"NAME=value"};
    auto child = sweep([&] {
      return prepared.spawn(
          {.arguments = more, .environment = variables, .working_directory = CStr("/")});
    });
    if (child) check_end(sweep, *child, 7);
  });
  add("PreparedCommand::status", [](Sweep& sweep) {
    const auto prepared = must(program("exit").prepare());
    const auto status = sweep([&] { return prepared.status(); });
    if (status) sweep.check(status->code() == 7, "the status");
  });
  add("PreparedCommand::output", [](Sweep& sweep) {
    const auto prepared = must(program("copy").prepare());
    const auto output = sweep([&] { return prepared.output({.input = "hello"}); });
    if (output && output->status.has_value()) sweep.check(output->out == "hello", "the output");
  });
  for (const auto confirmation : {Confirmation::by_finish, Confirmation::by_descriptor}) {
    const bool by_finish = confirmation == Confirmation::by_finish;
    add(by_finish ? "Command::spawn_async, PendingChild::finish"
                  : "Command::spawn_async, descriptor, PendingChild::finish",
        [=](Sweep& sweep) {
          Command command = program("exit");
          command.pass(some_file(), 4);
          auto child = sweep([&]() -> Made {
            auto pending = std::move(command).spawn_async(confirmation);
            if (!pending) return std::unexpected(pending.error());
            return pending->finish();
          });
          if (child) check_end(sweep, *child, 7);
        });
  }
  const auto finishes = [&](const char* name, auto finish) {
    add(name, [=](Sweep& sweep) {
      Command command = program("exit");
      auto child = sweep([&]() -> Made {
        auto pending = std::move(command).spawn_async();
        if (!pending) return std::unexpected(pending.error());
        return finish(*pending);
      });
      if (child) check_end(sweep, *child, 7);
    });
  };
  finishes("PendingChild::finish_for",
           [](PendingChild& pending) { return pending.finish_for(10s); });
  finishes("PendingChild::finish_until", [](PendingChild& pending) {
    return pending.finish_until(std::chrono::steady_clock::now() + 10s);
  });
  add("PreparedCommand::spawn_async, PendingChild::finish", [](Sweep& sweep) {
    const auto prepared = must(program("exit").prepare());
    auto child = sweep([&]() -> Made {
      auto pending = prepared.spawn_async();
      if (!pending) return std::unexpected(pending.error());
      return pending->finish();
    });
    if (child) check_end(sweep, *child, 7);
  });
  add("Command::~Command, PreparedCommand::~PreparedCommand", [](Sweep& sweep) {
    std::optional<Command> command = program("exit").pass(some_file(), 4);
    std::optional<PreparedCommand> prepared = must(program("exit").pass(some_file(), 4).prepare());
    sweep([&] {
      command.reset();
      prepared.reset();
    });
  });
  add("set_window_size", [](Sweep& sweep) {
    const Terminal terminal;
    (void)sweep([&] { return set_window_size(terminal.parent, {.rows = 30, .columns = 100}); });
  });
  add("PendingChild::try_finish", [](Sweep& sweep) {
    Command command = program("exit");
    auto child = sweep([&]() -> Made {
      auto pending = std::move(command).spawn_async(Confirmation::by_descriptor);
      if (!pending) return std::unexpected(pending.error());
      for (;;) {
        pollfd entry{pending->fd().get(), POLLIN, 0};
        ::poll(&entry, 1, 1000);
        auto settled = pending->try_finish();
        if (settled || settled.error().code != std::errc::resource_unavailable_try_again)
          return settled;
      }
    });
    if (child) check_end(sweep, *child, 7);
  });
  add(
      "PendingChild::cancel",
      [](Sweep& sweep) {
        Command command = program("wait");
        (void)sweep([&]() -> Result<void, SpawnError> {
          auto pending = std::move(command).spawn_async();
          if (!pending) return std::unexpected(pending.error());
          pending->cancel();
          return {};
        });
      },
      {}, kills);
  add(
      "PendingChild::~PendingChild",
      [](Sweep& sweep) {
        Command command = program("wait");
        (void)sweep([&]() -> Result<void, SpawnError> {
          auto pending = std::move(command).spawn_async(Confirmation::by_descriptor);
          if (!pending) return std::unexpected(pending.error());
          return {};
        });
      },
      {}, kills);
  add("spawn_all", [](Sweep& sweep) {
    std::vector<Command> commands;
    commands.push_back(program("exit"));
    commands.push_back(program("exit"));
    std::optional<std::vector<Made>> children;
    (void)sweep([&] {
      children = spawn_all(commands);
      int code = 0;
      for (const Made& each : *children)
        if (!each) code = -each.error().code.value();
      if (code != 0) children->clear();  // kills those that were started
      return code;
    });
    for (Made& each : *children)
      if (each) check_end(sweep, *each, 7);
  });
  add("spawn_all of a prepared command", [](Sweep& sweep) {
    const auto prepared = must(program("exit").prepare());
    const std::array<SpawnChanges, 2> changes{};
    std::optional<std::vector<Made>> children;
    (void)sweep([&] {
      children = spawn_all(prepared, changes);
      int code = 0;
      for (const Made& each : *children)
        if (!each) code = -each.error().code.value();
      if (code != 0) children->clear();  // kills those that were started
      return code;
    });
    for (Made& each : *children)
      if (each) check_end(sweep, *each, 7);
  });
  add("Pipeline::spawn", [](Sweep& sweep) {
    Pipeline line = program("exit") | program("copy") | program("copy");
    auto children = sweep([&] { return line.spawn(); });
    if (children)
      for (std::size_t i = 0; i < children->size(); ++i)
        check_end(sweep, (*children)[i], i == 0 ? 7 : 0);
  });
  add("Pipeline::spawn, contained", [](Sweep& sweep) {
    if (!is_root()) return sweep.skip("needs root");
    Pipeline line = (program("exit") | program("copy")).contain();
    auto children = sweep([&] { return line.spawn(); });
    if (children)
      for (std::size_t i = 0; i < children->size(); ++i)
        check_end(sweep, (*children)[i], i == 0 ? 7 : 0);
  });
  add(
      "Pipeline::output",
      [](Sweep& sweep) {
        Pipeline line = program("copy") | program("copy");
        const auto output = sweep([&]() -> Result<PipelineOutput, SpawnError> {
          auto done = line.output({.input = "hello"});
          if (done)
            for (const auto& status : done->statuses)
              if (!status.has_value())
                return std::unexpected(SpawnError{SpawnStep::wait, status.error(), -1, ""});
          return done;
        });
        if (output) sweep.check(output->out == "hello" && output->success(), "the output");
      },
      {}, kills);
  add(
      "Pipeline::output, timeout",
      [](Sweep& sweep) {
        Pipeline line = program("wait") | program("copy");
        const auto output = sweep([&] { return line.output({.timeout = 1ms}); });
        if (output) sweep.check(output->timed_out, "no timeout");
      },
      {}, kills);
  add("Pipeline::operator|=", [](Sweep& sweep) {
    Pipeline line = program("exit") | program("copy");
    Command third = program("copy");
    sweep([&] { line |= std::move(third); });
  });
  add("reserve_spawn_slots",
      [](Sweep& sweep) {
        // The slots stay: in a copy of the process, with a table of its own.
        (void)sweep([] {
          return -std::abs(in_copy([] {
            const auto reserved = reserve_spawn_slots(4);
            return reserved ? 0 : reserved.error().value();
          }));
        });
      },
      {{SYS_fstat, 0, EBADF}});  // a placeholder that cannot be known again is not used
  return all;
}

}  // namespace sysfd_test
