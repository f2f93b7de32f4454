// SPDX-License-Identifier: MIT
//
// The C interface to starts, and to what they return: prepared commands, pending children,
// pipelines, children and outputs.
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <csignal>

#include "faults/capi_rows.hpp"
#include "spawn/terminal.hpp"

namespace sysfd_test {
namespace {

CPrepared prepared(const CCommand& it) {
  return made<CPrepared>([&](auto out) { return sysfd_command_prepare(it.get(), out, nullptr); });
}

CPipeline line_of(const char* first, const char* second) {
  return pipeline_of(c_program(first), c_program(second));
}

// Whether a command was not emptied.
bool is_there(const CCommand& it) {
  return sysfd_command_argument0(it.get(), "name") == 0;
}

int begin(sysfd_command* it, int confirmation, sysfd_pending_child** pending) {
  return sysfd_command_spawn_async(it, confirmation, pending, nullptr);
}
int begin(sysfd_prepared_command* it, int confirmation, sysfd_pending_child** pending) {
  return sysfd_prepared_command_spawn_async(it, nullptr, confirmation, pending, nullptr);
}

// Begins a start, and ends it by `finish`.
template <class Command, class Finish>
int finished(Command* it, int confirmation, Finish finish) {
  sysfd_pending_child* pending = nullptr;
  if (const int code = begin(it, confirmation, &pending); code < 0) return code;
  const int code = finish(pending);
  sysfd_pending_child_free(pending);
  return code;
}

void add_starts(CRows& rows) {
  static const sysfd_timeout seconds = timeout_of(10'000'000'000);
  // `call` is given what `make` makes, and starts a program that ends with 7.
  const auto starts = [&](const char* name, auto make, auto call) {
    rows.add(name, [=](CSweep& sweep) {
      const auto it = make();
      sysfd_child* child = nullptr;
      sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
      const int code = sweep([&] { return call(it.get(), &child, &error); });
      sweep.check((code >= 0) == (child != nullptr), "a child, or none");
      check_error(sweep, code, error);
      if (child) sweep.check(exit_code_of(CChild(child)) == 7, "the status");
    });
  };
  const auto exits = [] { return c_program("exit"); };
  const auto prepared_exits = [] { return prepared(program_with_descriptor("exit")); };
  starts("command_spawn", exits, sysfd_command_spawn);
  starts("command_spawn_async, pending_child_finish", exits, [](auto* it, auto... outputs) {
    return finished(it, SYSFD_CONFIRM_BY_FINISH,
                    [=](auto* pending) { return sysfd_pending_child_finish(pending, outputs...); });
  });
  starts("command_spawn_async, pending_child_finish_for", exits, [](auto* it, auto... outputs) {
    return finished(it, SYSFD_CONFIRM_BY_FINISH, [=](auto* pending) {
      return sysfd_pending_child_finish_for(pending, &seconds, outputs...);
    });
  });
  starts("command_spawn_async, pending_child_try_finish", exits, [](auto* it, auto... outputs) {
    return finished(it, SYSFD_CONFIRM_BY_DESCRIPTOR, [=](auto* pending) {
      for (;;) {
        pollfd entry{sysfd_pending_child_fd_borrow(pending), POLLIN, 0};
        ::poll(&entry, 1, 1000);
        const int code = sysfd_pending_child_try_finish(pending, outputs...);
        if (code != -EAGAIN) return code;
      }
    });
  });
  starts("prepared_command_spawn_async, pending_child_finish", prepared_exits,
         [](auto* it, auto... outputs) {
           return finished(it, SYSFD_CONFIRM_BY_FINISH, [=](auto* pending) {
             return sysfd_pending_child_finish(pending, outputs...);
           });
         });
  // With all that may be different.
  starts("prepared_command_spawn", prepared_exits, [](auto* it, auto... outputs) {
    static constexpr std::array<const char*, 2> strings{"NAME=value", nullptr};
    static constexpr int stdout_number = 1;
    static constexpr sysfd_placed_fd placed{1, 5};
    sysfd_spawn_changes changes = SYSFD_SPAWN_CHANGES_INIT;
    changes.arguments = changes.environment = strings.data();
    changes.descriptors = &stdout_number;
    changes.descriptor_count = 1;
    changes.placed = &placed;
    changes.placed_count = 1;
    changes.working_directory = "/";
    return sysfd_prepared_command_spawn(it, &changes, outputs...);
  });
  const auto gives_up = [&](const char* name, int confirmation, auto give_up) {
    rows.add(name,
             [=](CSweep& sweep) {
               const auto it = c_program("wait");
               (void)sweep([&] { return finished(it.get(), confirmation, give_up); });
             })
        .leaves_child_without = kills;
  };
  gives_up("pending_child_cancel", SYSFD_CONFIRM_BY_FINISH, sysfd_pending_child_cancel);
  gives_up("pending_child_free", SYSFD_CONFIRM_BY_DESCRIPTOR,
           [](sysfd_pending_child*) { return 0; });

  const auto gives_status = [&](const char* name, auto make, auto call) {
    rows.add(name, [=](CSweep& sweep) {
      const auto it = make();
      std::int32_t status = 0;
      const int code = sweep([&] { return call(it.get(), &status); });
      if (code >= 0) sweep.check(sysfd_exit_status_code(status) == 7, "the status");
    });
  };
  gives_status("command_status", exits,
               [](auto* it, auto status) { return sysfd_command_status(it, status, nullptr); });
  gives_status("prepared_command_status", prepared_exits, [](auto* it, auto status) {
    return sysfd_prepared_command_status(it, nullptr, status, nullptr);
  });
  rows.add("command_exec", [](CSweep& sweep) {
    const auto it = c_program("exit");
    (void)sweep(
        [&] { return exec_in_copy([&] { return -sysfd_command_exec(it.get(), nullptr); }); });
  });
  rows.add("command_exec, no such program", [](CSweep& sweep) {
    const auto it = command("/nowhere/program");
    (void)sweep([&] { return expect_code(sysfd_command_exec(it.get(), nullptr), ENOENT); });
  });
  rows.add("command_prepare", [](CSweep& sweep) {
    const auto it = c_program("exit");
    sysfd_prepared_command* made_of_it = nullptr;
    const int code = sweep([&] { return sysfd_command_prepare(it.get(), &made_of_it, nullptr); });
    sweep.check(is_there(it) == (code < 0), "emptied, or not");
    free_made(sweep, code, made_of_it, sysfd_prepared_command_free);
  });
  rows.frees("prepared_command_free", prepared_exits);
  rows.add("reserve_spawn_slots",
           [](CSweep& sweep) {
             // The slots stay: in a copy of the process, with a table of its own.
             (void)sweep([] {
               return -std::abs(in_copy([] {
                 const int reserved = sysfd_reserve_spawn_slots(4);
                 return reserved < 0 ? -reserved : 0;
               }));
             });
           },
           {{SYS_fstat, 0, EBADF}});  // a placeholder that cannot be known again is not used
  rows.add("set_window_size", [](CSweep& sweep) {
    const Terminal terminal;
    (void)sweep([&] { return sysfd_set_window_size(terminal.parent.get(), 30, 100); });
  });
}

void add_several(CRows& rows) {
  // `call` starts two children: the first ends with 7.
  const auto starts = [&](const char* name, auto make, int second_code, auto call) {
    rows.add(name, [=](CSweep& sweep) {
      const auto it = make();
      std::array<sysfd_child*, 2> children{};
      sysfd_spawn_error first = SYSFD_SPAWN_ERROR_INIT, second = SYSFD_SPAWN_ERROR_INIT;
      const std::array<sysfd_spawn_error*, 2> errors{&first, &second};
      const int code = sweep([&] {
        const int count = call(it, children.data(), errors.data());
        if (count < 0 || count == 2) return count;
        for (sysfd_child*& child : children)
          sysfd_child_free(std::exchange(child, nullptr));
        return first.code != 0 ? -first.code : -second.code;
      });
      const CChild left(children[0]), right(children[1]);
      sweep.check((left && right) == (code >= 0) && (left || right) == (code >= 0),
                  "both children, or none");
      if (left && right)
        sweep.check(exit_code_of(left) == 7 && exit_code_of(right) == second_code, "the status");
    });
  };
  starts(
      "spawn_all", [] { return std::array{c_program("exit"), c_program("exit")}; }, 7,
      [](const auto& commands, auto... outputs) {
        const std::array<sysfd_command*, 2> both{commands[0].get(), commands[1].get()};
        return sysfd_spawn_all(both.data(), both.size(), outputs...);
      });
  starts(
      "prepared_command_spawn_all", [] { return prepared(c_program("exit")); }, 7,
      [](const CPrepared& it, auto... outputs) {
        static constexpr std::array<const char*, 2> strings{"NAME=value", nullptr};
        sysfd_spawn_changes changes = SYSFD_SPAWN_CHANGES_INIT;
        changes.environment = strings.data();
        const std::array<const sysfd_spawn_changes*, 2> both{&changes, nullptr};
        return sysfd_prepared_command_spawn_all(it.get(), both.data(), both.size(), outputs...);
      });
  starts(
      "pipeline_spawn", [] { return line_of("exit", "copy"); }, 0,
      [](const CPipeline& line, auto children, auto errors) {
        return sysfd_pipeline_spawn(line.get(), 2, children, errors[0]);
      });
  rows.add("pipeline_new", [](CSweep& sweep) {
    const auto first = c_program("exit"), second = c_program("copy");
    sysfd_pipeline* line = nullptr;
    const int code =
        sweep([&] { return sysfd_pipeline_new(first.get(), second.get(), &line, nullptr); });
    sweep.check(is_there(first) == (code < 0) && is_there(second) == (code < 0), "emptied, or not");
    free_made(sweep, code, line, sysfd_pipeline_free);
  });
  rows.add("pipeline_append", [](CSweep& sweep) {
    const auto line = line_of("exit", "copy");
    const auto third = c_program("copy");
    const int code = sweep([&] { return sysfd_pipeline_append(line.get(), third.get(), nullptr); });
    sweep.check(is_there(third) == (code < 0), "emptied, or not");
  });
  rows.add("pipeline_contain", [](CSweep& sweep) {
    const auto line = line_of("exit", "copy");
    static constexpr sysfd_io_limit io{};
    sysfd_cgroup_limits limits = SYSFD_CGROUP_LIMITS_INIT;
    limits.io_max = &io;
    limits.io_max_count = 1;
    sysfd_containment containment = SYSFD_CONTAINMENT_INIT;
    containment.limits = &limits;
    (void)sweep([&] { return sysfd_pipeline_contain(line.get(), &containment); });
  });
  rows.frees("pipeline_free",
             [] { return pipeline_of(program_with_descriptor("exit"), c_program("copy")); });
}

// Has pipes.
CChild copying_child() {
  const auto it = c_program("copy");
  need(first_error({sysfd_command_stdin_from(it.get(), SYSFD_STDIO_PIPE),
                    sysfd_command_stdout_to(it.get(), SYSFD_STDIO_PIPE)}));
  return spawned(it);
}

void add_outputs(CRows& rows) {
  static const sysfd_output_options hello = [] {
    sysfd_output_options options = SYSFD_OUTPUT_OPTIONS_INIT;
    options.input = "hello";
    options.input_size = 5;
    return options;
  }();
  // `call` has what `make` makes copy the input.
  const auto collects = [&](const char* name, auto make, auto call) -> Operation& {
    return rows.add(name, [=](CSweep& sweep) {
      const auto it = make();
      sysfd_output* collected = nullptr;
      const int code = sweep([&] {
        const int done = call(it.get(), &collected);
        // What could not be read or written is reported here.
        sysfd_output_info info = SYSFD_OUTPUT_INFO_INIT;
        if (done < 0 || sysfd_output_get(collected, &info) < 0 || info.status_code == 0)
          return done;
        sysfd_output_free(std::exchange(collected, nullptr));
        return -info.status_code;
      });
      sweep.check((code >= 0) == (collected != nullptr), "an output, or none");
      if (const COutput output(collected); output)
        sweep.check(out_of(output) == "hello", "the output");
    });
  };
  collects(
      "command_output", [] { return c_program("copy"); },
      [](auto* it, auto out) { return sysfd_command_output(it, &hello, out, nullptr); });
  collects(
      "command_output, lines", [] { return c_program("copy"); },
      [](auto* it, auto out) {
        sysfd_output_options options = hello;
        options.longest_line = 100;
        options.sink = [](void*, int, const char*, std::size_t) {};
        return sysfd_command_output(it, &options, out, nullptr);
      });
  collects(
      "prepared_command_output", [] { return prepared(c_program("copy")); },
      [](auto* it, auto out) {
        return sysfd_prepared_command_output(it, &hello, nullptr, out, nullptr);
      });
  collects(
      "pipeline_output", [] { return line_of("copy", "copy"); },
      [](auto* it, auto out) { return sysfd_pipeline_output(it, &hello, out, nullptr); })
      .leaves_child_without = kills;
  collects("child_communicate", copying_child,
           [](auto* it, auto out) { return sysfd_child_communicate(it, &hello, out); });
  rows.answers(
      "output_describe", 1,
      [] {
        const auto it = c_program("exit");
        return made<COutput>(
            [&](auto out) { return sysfd_command_output(it.get(), nullptr, out, nullptr); });
      },
      [](const COutput& output) {
        std::array<char, 200> buffer{};
        const int size = sysfd_output_describe(output.get(), buffer.data(), buffer.size());
        return size > 0 ? 1 : size;
      });
}

CChild child_of(const char* word) {
  const auto it = c_program(word);
  return spawned(it);
}

// Has ended with status 7, and is not reaped.
CChild ended_c_child() {
  CChild child = child_of("exit");
  pollfd entry{sysfd_child_pidfd_borrow(child.get()), POLLIN, 0};
  while (::poll(&entry, 1, -1) != 1) {
  }
  return child;
}

void add_children(CRows& rows) {
  static const sysfd_timeout soon = timeout_of(1'000'000), grace = timeout_of(20'000'000),
                             seconds = timeout_of(10'000'000'000);
  const auto waits = [&](const char* name, auto wait) {
    rows.add(name, [=](CSweep& sweep) {
      const auto child = ended_c_child();
      std::int32_t status = 0;
      const int code = sweep([&] { return wait(child.get(), &status); });
      if (code >= 0) sweep.check(sysfd_exit_status_code(status) == 7, "the status");
    });
  };
  waits("child_wait", sysfd_child_wait);
  waits("child_try_wait", sysfd_child_try_wait);
  waits("child_wait_for",
        [](auto* child, auto status) { return sysfd_child_wait_for(child, &seconds, status); });
  rows.answers(
      "child_wait_for while it runs", 0, [] { return child_of("wait"); },
      [](const CChild& child) {
        return expect_code(sysfd_child_wait_for(child.get(), &soon, nullptr), ETIMEDOUT);
      });
  rows.add("child_terminate",
           [](CSweep& sweep) {
             const auto child = child_of("wait");
             std::int32_t status = 0;
             const int code =
                 sweep([&] { return sysfd_child_terminate(child.get(), &grace, &status); });
             if (code >= 0) sweep.check(sysfd_exit_status_signal(status) > 0, "the status");
           })
      .leaves_child_without = kills;
  rows.add("child_send_signal_to_group",
           [](CSweep& sweep) {
             const auto it = c_program("wait");
             sysfd_session session = SYSFD_SESSION_INIT;
             session.flags = SYSFD_SESSION_PROCESS_GROUP;
             need(sysfd_command_session(it.get(), &session));
             const auto child = spawned(it);
             (void)sweep([&] { return sysfd_child_send_signal_to_group(child.get(), SIGTERM); });
           },
           {{SYS_pidfd_send_signal, 0, EINVAL}});  // before Linux 6.9: the kernel knows no scope
  rows.answers(
      "child_close_descriptors", 0,
      [] {
        auto child = copying_child();
        need(sysfd_child_wait(child.get(), nullptr));
        return child;
      },
      [](const CChild& child) { return sysfd_child_close_descriptors(child.get()); });
  rows.add("child_detach_release", [](CSweep& sweep) {
    const auto child = copying_child();
    const pid_t pid = sysfd_child_pid(child.get());
    const int pidfd = sweep([&] { return sysfd_child_detach_release(child.get()); });
    close_if_open(pidfd);
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  });
  rows.add("child_usage", [](CSweep& sweep) {
    const auto it = c_program("exit");
    sysfd_containment containment = SYSFD_CONTAINMENT_INIT;
    containment.flags = SYSFD_CONTAIN_OWN_CGROUP;
    need(sysfd_command_contain(it.get(), &containment));
    sysfd_child* started = nullptr;
    if (sysfd_command_spawn(it.get(), &started, nullptr) < 0)
      return sweep.skip("needs cgroups of version 2");
    const CChild child(started);
    sysfd_cgroup_usage usage = SYSFD_CGROUP_USAGE_INIT;
    (void)sweep([&] { return sysfd_child_usage(child.get(), &usage); });
  });
  rows.frees("child_free", copying_child).leaves_child_without = kills;
  rows.frees("child_free, terminate",
             [] {
               auto child = child_of("wait");
               need(sysfd_child_on_drop(child.get(), SYSFD_DROP_TERMINATE, &grace));
               return child;
             })
      .leaves_child_without = kills;
}

}  // namespace

std::vector<Operation> capi_spawn_operations() {
  CRows rows;
  add_starts(rows);
  add_several(rows);
  add_outputs(rows);
  add_children(rows);
  return std::move(rows).take();
}

}  // namespace sysfd_test
