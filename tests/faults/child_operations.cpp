// SPDX-License-Identifier: MIT
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <optional>

#include <sysfd/command.hpp>

#include "faults/operations.hpp"
#include "faults/subjects.hpp"

namespace sysfd_test {

std::vector<Operation> child_operations() {
  std::vector<Operation> all;
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {},
                       std::vector<long> leaves_child_without = {}) {
    all.push_back({std::string("spawn: Child::") + name, run, std::move(translations),
                   std::move(leaves_child_without)});
  };
  const auto waits = [&](const char* name, auto wait) {
    add(name, [=](Sweep& sweep) {
      Child child = ended_child();
      const auto status = sweep([&] { return wait(child); });
      if (status) sweep.check(status->code() == 7, "the status");
    });
  };
  waits("wait", [](Child& child) { return child.wait(); });
  waits("try_wait", [](Child& child) { return child.try_wait(); });
  waits("wait_for", [](Child& child) { return child.wait_for(10s); });
  waits("wait_until",
        [](Child& child) { return child.wait_until(std::chrono::steady_clock::now() + 10s); });
  add("wait_for while it runs", [](Sweep& sweep) {
    Child child = waiting_child();
    (void)sweep([&] { return expect_error(child.wait_for(1ms), std::errc::timed_out); });
  });
  add("wait, contained", [](Sweep& sweep) {
    if (!is_root()) return sweep.skip("needs root");
    Child child = must(program("exit").contain().spawn());
    const auto status = sweep([&] { return child.wait(); });
    if (status) sweep.check(status->code() == 7, "the status");
  });
  add(
      "terminate",
      [](Sweep& sweep) {
        Child child = waiting_child();
        const auto status = sweep([&] { return child.terminate(20ms); });
        if (status) sweep.check(status->signal().has_value(), "the status");
      },
      {}, kills);
  add(
      "terminate, contained",
      [](Sweep& sweep) {
        if (!is_root()) return sweep.skip("needs root");
        Child child = must(program("wait").contain().spawn());
        const auto status = sweep([&] { return child.terminate(20ms); });
        if (status) sweep.check(status->signal().has_value(), "the status");
      },
      {}, kills);
  add("communicate", [](Sweep& sweep) {
    Child child = must(program("copy").stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    const auto output = sweep([&] { return child.communicate({.input = "hello"}); });
    if (output) sweep.check(output->out == "hello", "the output");
  });
  add(
      "communicate, timeout",
      [](Sweep& sweep) {
        Child child =
            must(program("wait").stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
        const auto output = sweep([&] { return child.communicate({.timeout = 1ms}); });
        if (output) sweep.check(output->timed_out, "no timeout");
      },
      {}, kills);
  add("send_signal_to_group",
      [](Sweep& sweep) {
        Child child = must(program("wait").session({.process_group = 0}).spawn());
        (void)sweep([&] { return child.send_signal_to_group(SIGTERM); });
      },
      {{SYS_pidfd_send_signal, 0, EINVAL}});  // before Linux 6.9: the kernel knows no scope
  add("close_descriptors", [](Sweep& sweep) {
    Child child = must(program("exit").stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    (void)child.wait();
    (void)sweep([&] { return child.close_descriptors(); });
  });
  add("detach", [](Sweep& sweep) {
    Child child = waiting_child();
    const pid_t pid = child.pid();
    sweep([&] { (void)std::move(child).detach(); });
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  });
  add("ending", [](Sweep& sweep) {
    Child child = ended_child();
    (void)child.wait();
    const auto ending = sweep([&] { return child.ending(); });
    if (ending) sweep.check(ending->reason == EndReason::exited, "the reason");
  });
  add("usage", [](Sweep& sweep) {
    const auto child = program("exit").contain({.own_cgroup = true}).spawn();
    if (!child) return sweep.skip("needs cgroups of version 2");
    (void)sweep([&] { return child->usage(); });
  });
  const auto drops = [&](const char* name, DropPolicy policy, const char* word, auto change) {
    add(
        name,
        [=](Sweep& sweep) {
          Command command = program(word);
          change(command);
          std::optional<Child> child = must(command.on_drop(policy, 20ms).spawn());
          sweep([&] { child.reset(); });
        },
        {}, kills);
  };
  const auto nothing = [](Command&) {};
  drops("~Child, kill", DropPolicy::kill, "wait", nothing);
  drops("~Child, terminate", DropPolicy::terminate, "wait", nothing);
  drops("~Child, wait", DropPolicy::wait, "exit", nothing);
  drops("~Child, kill, with pipes", DropPolicy::kill, "copy",
        [](Command& command) { command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()); });
  drops("~Child, kill, group", DropPolicy::kill, "wait",
        [](Command& command) { command.session({.process_group = 0}); });
  add(
      "~Child, kill, contained",
      [](Sweep& sweep) {
        if (!is_root()) return sweep.skip("needs root");
        std::optional<Child> child = must(program("wait").contain().spawn());
        sweep([&] { child.reset(); });
      },
      {}, kills);
  return all;
}

}  // namespace sysfd_test
