// SPDX-License-Identifier: MIT
//
// The C interface to commands: how they are made, and what they are told. These make few system
// calls: they close what they replace, or could not keep.
#include <sys/resource.h>

#include <array>
#include <csignal>

#include "faults/capi_rows.hpp"

namespace sysfd_test {
namespace {

void add_setters(CRows& rows) {
  // `set` is given a command. After an error, it cannot be started.
  const auto sets = [&](const char* names, auto set) {
    rows.add(names, [=](CSweep& sweep) {
      const auto it = c_program("exit");
      const int code = sweep([&] { return set(it.get()); });
      sysfd_child* none = nullptr;
      if (code < 0)
        sweep.check(sysfd_command_spawn(it.get(), &none, nullptr) == code, "forgets the error");
    });
  };
  static constexpr std::array<const char*, 3> strings{"/one", "/one of more than 15 characters",
                                                      nullptr};
  sets("command_arg, command_args, command_argument0", [](auto* it) {
    return first_error({sysfd_command_arg(it, "one"), sysfd_command_args(it, strings.data()),
                        sysfd_command_argument0(it, "a name of more than 15 characters")});
  });
  sets("command_search, command_search_directories, command_shell_fallback", [](auto* it) {
    return first_error({sysfd_command_search(it, SYSFD_SEARCH_NOWHERE),
                        sysfd_command_search_directories(it, strings.data()),
                        sysfd_command_shell_fallback(it)});
  });
  sets("command_env, command_remove_env, command_clear_env, command_environment", [](auto* it) {
    static constexpr std::array<const char*, 3> entries{"A=1", "B=2", nullptr};
    return first_error({sysfd_command_env(it, "NAME", "value"),
                        sysfd_command_remove_env(it, "OTHER"), sysfd_command_clear_env(it),
                        sysfd_command_environment(it, entries.data())});
  });
  sets("command_working_directory, command_root_directory", [](auto* it) {
    return first_error({sysfd_command_working_directory(it, strings[1], SYSFD_AFTER_IDENTITY),
                        sysfd_command_root_directory(it, strings[1])});
  });
  sets("command_contain", [](auto* it) {
    static constexpr sysfd_io_limit io{.major = 1,
                                       .minor = 3,
                                       .flags = 0,
                                       .reserved = 0,
                                       .read_bytes = 0,
                                       .write_bytes = 0,
                                       .read_operations = 0,
                                       .write_operations = 0};
    sysfd_cgroup_limits limits = SYSFD_CGROUP_LIMITS_INIT;
    limits.io_max = &io;
    limits.io_max_count = 1;
    sysfd_containment containment = SYSFD_CONTAINMENT_INIT;
    containment.limits = &limits;
    return sysfd_command_contain(it, &containment);
  });
  sets("command_identity, command_resources, command_session, command_signals", [](auto* it) {
    static constexpr std::array<std::uint32_t, 3> groups{1, 2, 3};
    static constexpr sysfd_bpf_instruction allow{6, 0, 0, 0x7fff0000};
    sysfd_identity identity = SYSFD_IDENTITY_INIT;
    identity.flags = SYSFD_IDENTITY_GROUPS;
    identity.groups = groups.data();
    identity.group_count = groups.size();
    identity.capabilities = "cap_net_bind_service=ep";
    identity.seccomp = &allow;
    identity.seccomp_count = 1;
    static constexpr sysfd_resource_limit no_core{RLIMIT_CORE, 0, 0, 0};
    static constexpr int zero = 0, signo = SIGUSR1;
    sysfd_resources resources = SYSFD_RESOURCES_INIT;
    resources.limits = &no_core;
    resources.limit_count = 1;
    resources.processors = &zero;
    resources.processor_count = 1;
    sysfd_session session = SYSFD_SESSION_INIT;
    session.flags = SYSFD_SESSION_NEW;
    sysfd_signals signals = SYSFD_SIGNALS_INIT;
    signals.blocked = &signo;
    signals.blocked_count = 1;
    signals.ignored = &signo;
    signals.ignored_count = 1;
    return first_error({sysfd_command_identity(it, &identity),
                        sysfd_command_resources(it, &resources),
                        sysfd_command_session(it, &session), sysfd_command_signals(it, &signals)});
  });
  sets("command_namespaces", [](auto* it) {
    static constexpr sysfd_id_range map{0, 1000, 1};
    static constexpr sysfd_namespace_join join{0, 0};
    sysfd_namespaces namespaces = SYSFD_NAMESPACES_INIT;
    namespaces.create = SYSFD_NAMESPACE_USER | SYSFD_NAMESPACE_UTS;
    namespaces.user_map = namespaces.group_map = &map;
    namespaces.user_map_count = namespaces.group_map_count = 1;
    namespaces.join = &join;
    namespaces.join_count = 1;
    namespaces.host_name = "a name of more than 15 characters";
    return sysfd_command_namespaces(it, &namespaces);
  });
}

// Setters that are given descriptors.
void add_descriptors(CRows& rows) {
  // `set` is given a command, a descriptor to borrow, and one that it takes.
  const auto sets = [&](const std::string& names, auto set) {
    rows.add(names, [=](CSweep& sweep) {
      const OwnedFd lent = some_file();
      const int taken = some_file().release();
      const auto it = c_program("exit");
      const int code = sweep([&] { return set(it.get(), lent.get(), taken); });
      if (code < 0) sweep.check(is_open(lent.get()), "what was borrowed is closed");
    });
  };
  sets("command_pass_borrow, command_pass_take", [](auto* it, int lent, int taken) {
    return first_error(
        {sysfd_command_pass_borrow(it, lent, 5), sysfd_command_pass_take(it, taken, 6)});
  });
  sets("command_inherit_descriptors, command_forget_descriptor", [](auto* it, int lent, int taken) {
    return first_error({sysfd_command_pass_take(it, taken, 6),
                        sysfd_command_inherit_descriptors(it, &lent, 1),
                        sysfd_command_forget_descriptor(it, 6)});
  });
  sets("command_listen_fds_borrow, command_listen_fds_take", [](auto* it, int lent, int taken) {
    return first_error({sysfd_command_listen_fds_borrow(it, "a name of more than 15", lent),
                        sysfd_command_listen_fds_take(it, "another of more than 15", taken)});
  });
  const auto sets_stream = [&](const std::string& name, auto set, auto borrow, auto take) {
    const std::string command = "command_" + name;
    sets(command + ", " + command + "_borrow, " + command + "_take",
         [=](auto* it, int lent, int taken) {
           return first_error({take(it, taken), borrow(it, lent), set(it, SYSFD_STDIO_NULL)});
         });
  };
  sets_stream("stdin_from", sysfd_command_stdin_from, sysfd_command_stdin_from_borrow,
              sysfd_command_stdin_from_take);
  sets_stream("stdout_to", sysfd_command_stdout_to, sysfd_command_stdout_to_borrow,
              sysfd_command_stdout_to_take);
  sets_stream("stderr_to", sysfd_command_stderr_to, sysfd_command_stderr_to_borrow,
              sysfd_command_stderr_to_take);
  sets("command_terminal", [](auto* it, int, int taken) {
    return first_error(
        {sysfd_command_stdin_from_take(it, taken), sysfd_command_terminal(it, 24, 80)});
  });
  // Those of socket activation; `_take` also releases them if it fails.
  const auto gives = [&](const char* name, bool takes, auto give) {
    rows.add(name, [=](CSweep& sweep) {
      const Activated activated;
      const auto fds =
          made<CListenFds>([](auto out) { return sysfd_listen_fds_take(0, out, nullptr); });
      auto it = c_program("exit");
      (void)sweep([&] { return give(it.get(), fds.get()); });
      for (const std::size_t i : {0U, 1U})
        sweep.check((sysfd_listen_fds_has(fds.get(), i) == 1) != takes, "an owner too many");
    });
  };
  gives("command_listen_fds_given_borrow", false, sysfd_command_listen_fds_given_borrow);
  gives("command_listen_fds_given_take", true, sysfd_command_listen_fds_given_take);
}

}  // namespace

std::vector<Operation> capi_command_operations() {
  CRows rows;
  rows.makes("command_new", sysfd_command_free, no_subject,
             [](int, auto out) { return sysfd_command_new("program", out); });
  rows.makes("command_new_borrow", sysfd_command_free, some_file,
             [](const OwnedFd& file, auto out) {
               return sysfd_command_new_borrow(file.get(), "name", out);
             });
  rows.makes("command_new_shell", sysfd_command_free, no_subject,
             [](int, auto out) { return sysfd_command_new_shell("true", out); });
  rows.frees("command_free", [] { return program_with_descriptor("exit"); });
  add_setters(rows);
  add_descriptors(rows);
  return std::move(rows).take();
}

}  // namespace sysfd_test
