// SPDX-License-Identifier: MIT
//
// The C interface to landlock and cgroup.
#include <fcntl.h>
#include <sys/syscall.h>

#include <array>

#include <sysfd/create.hpp>

#include "faults/capi_rows.hpp"

namespace sysfd_test {
namespace {

using CRuleset = CObject<sysfd_ruleset, sysfd_ruleset_free>;

// Handles all rights that are known here, and allows those to files everywhere.
CRuleset some_ruleset(const sysfd_rights& known) {
  sysfd_rights missing = SYSFD_RIGHTS_INIT;
  auto ruleset = made<CRuleset>(
      [&](auto out) { return sysfd_ruleset_new(&known, nullptr, out, &missing, nullptr); });
  need(sysfd_ruleset_allow_path(ruleset.get(), "/", known.files, nullptr));
  return ruleset;
}

void add_rulesets(CRows& rows) {
  const auto add = [&](const char* name, auto run, CRows::Translations translations = {}) {
    rows.add(
        name,
        [=](CSweep& sweep) {
          sysfd_rights known = SYSFD_RIGHTS_INIT;
          if (sysfd_landlock_support(&known, nullptr) < 0) return sweep.skip("needs Landlock");
          run(sweep, known);
        },
        std::move(translations));
  };
  add("landlock_support", [](CSweep& sweep, const sysfd_rights&) {
    sysfd_landlock_error error = SYSFD_LANDLOCK_ERROR_INIT;
    (void)sweep([&] { return sysfd_landlock_support(nullptr, &error); });
  });
  const auto makes = [&](const char* name, auto call, CRows::Translations translations = {}) {
    add(
        name,
        [=](CSweep& sweep, const sysfd_rights& known) {
          sysfd_ruleset* ruleset = nullptr;
          sysfd_rights missing = SYSFD_RIGHTS_INIT;
          sysfd_landlock_error error = SYSFD_LANDLOCK_ERROR_INIT;
          const int code = sweep([&] { return call(known, &ruleset, &missing, &error); });
          check_error(sweep, code, error);
          free_made(sweep, code, ruleset, sysfd_ruleset_free);
        },
        std::move(translations));
  };
  makes("ruleset_new", [](const sysfd_rights& known, auto... outputs) {
    return sysfd_ruleset_new(&known, nullptr, outputs...);
  });
  makes("ruleset_new, partly", [](const sysfd_rights& known, auto... outputs) {
    return sysfd_ruleset_new(nullptr, &known, outputs...);
  });
  static const std::string path = sweep_program();
  makes("ruleset_for_program",
        [](const sysfd_rights&, auto... outputs) {
          return sysfd_ruleset_for_program(path.c_str(), nullptr, outputs...);
        },
        // What cannot be read counts as damaged.
        {{SYS_pread64, 0, ENOEXEC}, {-1, 0, ENOENT}});
  const auto on_ruleset = [&](const char* name, auto call) {
    add(name, [=](CSweep& sweep, const sysfd_rights& known) {
      const CRuleset ruleset = some_ruleset(known);
      sysfd_landlock_error error = SYSFD_LANDLOCK_ERROR_INIT;
      const int code = sweep([&] { return call(ruleset.get(), known, &error); });
      check_error(sweep, code, error);
    });
  };
  add("ruleset_allow", [](CSweep& sweep, const sysfd_rights& known) {
    const CRuleset ruleset = some_ruleset(known);
    const OwnedFd directory = must(sysfd::open(cwd(), "/etc", O_PATH | O_DIRECTORY));
    (void)sweep(
        [&] { return sysfd_ruleset_allow(ruleset.get(), directory.get(), known.files, nullptr); });
  });
  on_ruleset("ruleset_allow_path", [](auto* ruleset, const sysfd_rights& known, auto error) {
    return sysfd_ruleset_allow_path(ruleset, "/usr", known.files, error);
  });
  on_ruleset("ruleset_allow_port", [](auto* ruleset, const sysfd_rights& known, auto error) {
    // Without such rights, this is refused.
    return known.ports == 0 ? 0 : sysfd_ruleset_allow_port(ruleset, 80, known.ports, error);
  });
  on_ruleset("ruleset_restrict_self", [](auto* ruleset, const sysfd_rights&, auto error) {
    return sysfd_ruleset_restrict_self(ruleset, 0, error);
  });
  on_ruleset("ruleset_explain", [](auto* ruleset, const sysfd_rights& known, auto error) {
    std::array<char, 100> buffer{};
    return sysfd_ruleset_explain(ruleset, "/etc/passwd", known.files, nullptr, buffer.data(),
                                 buffer.size(), error);
  });
  add("ruleset_free", [](CSweep& sweep, const sysfd_rights& known) {
    CRuleset ruleset = some_ruleset(known);
    sweep([&] { ruleset.reset(); });
  });
}

// The cgroup of this process, in which those of these rows are created.
struct OwnCgroup {
  CCgroup cgroup;
  int directory = -1;  // negative: there is none of version 2
  OwnCgroup() {
    sysfd_cgroup* own = nullptr;
    (void)sysfd_cgroup_own(&own, nullptr);
    cgroup.reset(own);
    directory = sysfd_cgroup_fd_borrow(own);
  }
  int create(sysfd_cgroup** out, sysfd_error* error) const {
    return sysfd_cgroup_create(cgroup.get(), name_of_cgroup.c_str(), nullptr, out, error);
  }
  CCgroup created() const {
    return made<CCgroup>([&](auto out) { return create(out, nullptr); });
  }
  bool is_there() const { return ::faccessat(directory, name_of_cgroup.c_str(), F_OK, 0) == 0; }
  // What a run has failed to remove.
  void remove() const { ::unlinkat(directory, name_of_cgroup.c_str(), AT_REMOVEDIR); }
};

CChild child_in(const CCgroup& cgroup) {
  const auto it = c_program("wait");
  need(sysfd_command_cgroup_borrow(it.get(), sysfd_cgroup_fd_borrow(cgroup.get())));
  return spawned(it);
}

void add_cgroups(CRows& rows) {
  const auto in_own = [&](const char* name, auto run) {
    rows.add(name, [=](CSweep& sweep) {
      const OwnCgroup own;
      if (own.directory < 0) return sweep.skip("needs cgroups of version 2");
      enable_controllers();
      own.remove();
      sysfd_error error = SYSFD_ERROR_INIT;
      sysfd_cgroup* tried = nullptr;
      if (own.create(&tried, &error) < 0)
        return sweep.skip("needs to create cgroups: " + std::string(error.text));
      sysfd_cgroup_free(tried);
      run(sweep, own);
      own.remove();
    });
  };
  // `run` is given a new one.
  const auto in_new = [&](const char* name, auto run) {
    in_own(name, [=](CSweep& sweep, const OwnCgroup& own) { run(sweep, own.created()); });
  };
  const auto makes = [&](const char* name, bool creates, auto call) {
    in_own(name, [=](CSweep& sweep, const OwnCgroup& own) {
      const std::string path = "/proc/self/fd/" + std::to_string(own.directory);
      sysfd_cgroup* cgroup = nullptr;
      sysfd_error error = SYSFD_ERROR_INIT;
      const int code = sweep([&] { return call(own, path.c_str(), &cgroup, &error); });
      check_error(sweep, code, error);
      sweep.check(own.is_there() == (creates && cgroup), "is left, or missing");
      free_made(sweep, code, cgroup, sysfd_cgroup_free);
      sweep.check(!own.is_there(), "is left");
    });
  };
  makes("cgroup_own", false, [](const OwnCgroup&, const char*, auto... outputs) {
    return sysfd_cgroup_own(outputs...);
  });
  makes("cgroup_open", false, [](const OwnCgroup&, const char* path, auto... outputs) {
    return sysfd_cgroup_open(path, outputs...);
  });
  makes("cgroup_create", true,
        [](const OwnCgroup& own, const char*, auto... outputs) { return own.create(outputs...); });
  // On one with a process.
  const auto on_used = [&](const char* name, auto run) {
    in_new(name, [=](CSweep& sweep, const CCgroup& cgroup) {
      const CChild child = child_in(cgroup);
      run(sweep, cgroup.get());
    });
  };
  on_used("cgroup_make_leaf_and_enable", [](CSweep& sweep, sysfd_cgroup* cgroup) {
    sysfd_cgroup* leaf = nullptr;
    const int code =
        sweep([&] { return sysfd_cgroup_make_leaf_and_enable(cgroup, "leaf", 0, &leaf, nullptr); });
    const int directory = sysfd_cgroup_fd_borrow(cgroup);
    const OwnedFd members =
        OwnedFd::adopt(::openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC));
    // Without a cgroup.type, it is the root of all.
    sweep.check(content_of(members.get()).empty() == (code >= 0) || sweep.has_failed(SYS_faccessat),
                "the process is elsewhere");
    sweep.check((::faccessat(directory, "leaf", F_OK, 0) == 0) == (code >= 0), "is left, or not");
    free_made(sweep, code, leaf, sysfd_cgroup_free);
  });
  on_used("cgroup_get_abilities", [](CSweep& sweep, sysfd_cgroup* cgroup) {
    sysfd_cgroup_abilities found = SYSFD_CGROUP_ABILITIES_INIT;
    need(sysfd_cgroup_get_abilities(cgroup, &found, nullptr));
    const std::uint32_t before = found.flags;
    const int code = sweep([&] { return sysfd_cgroup_get_abilities(cgroup, &found, nullptr); });
    if (code < 0 || sweep.has_failed(SYS_faccessat)) return;
    sweep.check(((found.flags ^ before) & SYSFD_ABILITY_NEEDS_LEAF) == 0, "the need of a leaf");
    sweep.check((found.flags & SYSFD_ABILITY_CREATE) == 0 ||
                    ((found.flags ^ before) & SYSFD_ABILITY_KILL) == 0,
                "whether it can be killed");
  });
  on_used("cgroup_processes", [](CSweep& sweep, sysfd_cgroup* cgroup) {
    std::array<int, 2> pidfds{-1, -1};
    const int count = sweep(
        [&] { return sysfd_cgroup_processes(cgroup, pidfds.size(), pidfds.data(), nullptr); });
    // ESRCH: it has ended meanwhile.
    if (sweep.is_dry()) sweep.check(count == 1, "the processes");
    for (const int pidfd : pidfds)
      close_if_open(pidfd);
  });
  on_used("cgroup_kill, some", [](CSweep& sweep, sysfd_cgroup* cgroup) {
    (void)sweep([&] { return sysfd_cgroup_kill(cgroup, nullptr); });
  });
  // On an empty one.
  const auto on_new = [&](const char* name, auto call) {
    in_new(name, [=](CSweep& sweep, const CCgroup& cgroup) {
      sysfd_error error = SYSFD_ERROR_INIT;
      if (call(cgroup.get(), &error) < 0)
        return sweep.skip("needs it to work: " + std::string(error.text));
      const int code = sweep([&] { return call(cgroup.get(), &error); });
      check_error(sweep, code, error);
    });
  };
  on_new("cgroup_get_usage", [](auto* cgroup, auto error) {
    sysfd_cgroup_usage usage = SYSFD_CGROUP_USAGE_INIT;
    return sysfd_cgroup_get_usage(cgroup, &usage, error);
  });
  on_new("cgroup_get_events", [](auto* cgroup, auto error) {
    sysfd_cgroup_events events = SYSFD_CGROUP_EVENTS_INIT;
    return sysfd_cgroup_get_events(cgroup, &events, error);
  });
  on_new("cgroup_enable", [](auto* cgroup, auto error) {
    return sysfd_cgroup_enable(cgroup, SYSFD_CONTROLLER_PIDS, error);
  });
  on_new("cgroup_set", [](auto* cgroup, auto error) {
    sysfd_cgroup_limits limits = SYSFD_CGROUP_LIMITS_INIT;
    limits.flags = SYSFD_LIMIT_PIDS_MAX;
    limits.pids_max = 100;
    return sysfd_cgroup_set(cgroup, &limits, error);
  });
  on_new("cgroup_freeze",
         [](auto* cgroup, auto error) { return sysfd_cgroup_freeze(cgroup, nullptr, error); });
  on_new("cgroup_thaw", sysfd_cgroup_thaw);
  on_new("cgroup_kill", sysfd_cgroup_kill);
  on_new("cgroup_wait_empty", [](auto* cgroup, auto error) {
    static const sysfd_timeout seconds = timeout_of(10'000'000'000);
    return sysfd_cgroup_wait_empty(cgroup, &seconds, error);
  });
  on_new("sweep_trees", sysfd_sweep_trees);
  const auto opens = [&](const char* name, int (*open_it)(const sysfd_cgroup*, sysfd_error*)) {
    on_new(name, [=](auto* cgroup, auto error) {
      const int events = open_it(cgroup, error);
      if (events < 0) return events;
      const int code = sysfd_cgroup_rearm(events, error);
      const int closed = ::close(events) == 0 ? 0 : -errno;
      return code < 0 ? code : closed;
    });
  };
  opens("cgroup_open_events, cgroup_rearm", sysfd_cgroup_open_events);
  opens("cgroup_open_memory_events, cgroup_rearm", sysfd_cgroup_open_memory_events);
  in_new("child_kill_cgroup", [](CSweep& sweep, const CCgroup& cgroup) {
    sysfd_cgroup_abilities abilities = SYSFD_CGROUP_ABILITIES_INIT;
    need(sysfd_cgroup_get_abilities(cgroup.get(), &abilities, nullptr));
    if ((abilities.flags & SYSFD_ABILITY_KILL) == 0) return sweep.skip("needs cgroup.kill");
    const CChild child = child_in(cgroup);
    (void)sweep([&] { return sysfd_child_kill_cgroup(child.get()); });
  });
  in_own("cgroup_remove", [](CSweep& sweep, const OwnCgroup& own) {
    const CCgroup cgroup = own.created();
    const int code = sweep([&] { return sysfd_cgroup_remove(cgroup.get(), nullptr); });
    if (code >= 0) sweep.check(!own.is_there(), "is left");
  });
  in_own("cgroup_free", [](CSweep& sweep, const OwnCgroup& own) {
    CCgroup cgroup = own.created();
    sweep([&] { cgroup.reset(); });
    if (sweep.is_dry()) sweep.check(!own.is_there(), "is left");
  });
}

}  // namespace

std::vector<Operation> capi_confinement_operations() {
  CRows rows;
  add_rulesets(rows);
  add_cgroups(rows);
  return std::move(rows).take();
}

}  // namespace sysfd_test
