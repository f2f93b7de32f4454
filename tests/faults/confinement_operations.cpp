// SPDX-License-Identifier: MIT
//
// Operations of landlock and cgroup.
#include <sys/syscall.h>

#include <sysfd/cgroup.hpp>
#include <sysfd/containment.hpp>
#include <sysfd/landlock.hpp>

#include "faults/operations.hpp"
#include "faults/subjects.hpp"

namespace sysfd_test {
namespace {

Rights some_rights() {
  return landlock_support()->known;
}

std::optional<Cgroup> make_cgroup_or_skip(Sweep& sweep) {
  const auto own = Cgroup::own();
  if (!own) {
    sweep.skip("needs cgroups of version 2");
    return std::nullopt;
  }
  enable_controllers();
  // A run before may have failed to remove it.
  ::unlinkat(own->fd().get(), name_of_cgroup.c_str(), AT_REMOVEDIR);
  auto made = Cgroup::create(*own, name_of_cgroup);
  if (!made) {
    sweep.skip("needs to create cgroups: " + made.error().describe());
    return std::nullopt;
  }
  return *std::move(made);
}

bool is_there() {
  const auto own = Cgroup::own();
  return own && ::faccessat(own->fd().get(), name_of_cgroup.c_str(), F_OK, 0) == 0;
}

Child child_in(const Cgroup& cgroup) {
  return must(program("wait").cgroup(cgroup.fd()).spawn());
}

}  // namespace

std::vector<Operation> landlock_operations() {
  std::vector<Operation> all;
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {}) {
    all.push_back({std::string("landlock: ") + name,
                   [=](Sweep& sweep) {
                     if (!landlock_support()) return sweep.skip("needs Landlock");
                     run(sweep);
                   },
                   std::move(translations)});
  };
  add("landlock_support", [](Sweep& sweep) { (void)sweep([&] { return landlock_support(); }); });
  add("landlock_errata", [](Sweep& sweep) {
    if (!landlock_errata()) return sweep.skip("needs the errata");
    (void)sweep([&] { return landlock_errata(); });
  });
  add("Ruleset::create", [](Sweep& sweep) {
    const Rights rights = some_rights();
    (void)sweep([&] { return Ruleset::create(rights); });
  });
  add("Ruleset::create, partly", [](Sweep& sweep) {
    const Rights rights = some_rights();
    (void)sweep([&] { return Ruleset::create({}, rights); });
  });
  add("Ruleset::allow a path", [](Sweep& sweep) {
    auto ruleset = must(Ruleset::create(some_rights()));
    const FileRights rights = some_rights().files;
    const auto allowed = sweep([&] { return ruleset.allow("/usr", rights); });
    sweep.check(ruleset.rules().size() == (allowed ? 1U : 0U), "the rules");
  });
  add("Ruleset::allow a descriptor", [](Sweep& sweep) {
    auto ruleset = must(Ruleset::create(some_rights()));
    const OwnedFd directory = must(sysfd::open(cwd(), "/etc", O_PATH | O_DIRECTORY));
    const FileRights rights = some_rights().files;
    const auto allowed = sweep([&] { return ruleset.allow(directory, rights); });
    sweep.check(ruleset.rules().size() == (allowed ? 1U : 0U), "the rules");
  });
  add("Ruleset::allow_port", [](Sweep& sweep) {
    const Rights rights = some_rights();
    if (rights.ports == PortRights{}) return sweep.skip("needs rules for ports");
    auto ruleset = must(Ruleset::create(rights));
    (void)sweep([&] { return ruleset.allow_port(80, rights.ports); });
  });
  add("Ruleset::restrict_self", [](Sweep& sweep) {
    const Rights rights = some_rights();
    auto ruleset = must(Ruleset::create(rights));
    must(ruleset.allow("/", rights.files));
    (void)sweep([&] { return ruleset.restrict_self(); });
  });
  const auto add_for_program = [&](const char* name, std::string (*path_of)()) {
    add(name,
        [path_of](Sweep& sweep) {
          const std::string path = path_of();
          (void)sweep([&] { return Ruleset::for_program(path); });
        },
        // What cannot be read counts as damaged, and a library that cannot be opened as missing.
        {{SYS_pread64, 0, ENOEXEC}, {-1, 0, ENOENT}});
  };
  add_for_program("Ruleset::for_program", [] { return std::string(sweep_program()); });
  add_for_program("Ruleset::for_program, libraries", [] { return std::string("/bin/cat"); });
  add("Command::spawn, Command::landlock", [](Sweep& sweep) {
    const Rights rights = some_rights();
    auto ruleset = must(Ruleset::create(rights));
    must(ruleset.allow("/", rights.files));
    Command command = program("exit").landlock(ruleset.fd());
    const auto child = sweep([&] { return command.spawn(); });
    if (child) sweep.check(child->pid() > 0, "the child");
  });
  add("explain", [](Sweep& sweep) {
    const Rights rights = some_rights();
    auto ruleset = must(Ruleset::create(rights));
    must(ruleset.allow("/etc", rights.files));
    const auto why = sweep([&] { return explain(ruleset, "/etc/passwd", rights.files); });
    if (why) sweep.check(why->rules.size() == 1, "the rules");
  });
  return all;
}

std::vector<Operation> cgroup_operations() {
  std::vector<Operation> all;
  const auto add = [&](const char* name, auto run, std::vector<long> leaves_child_without = {},
                       std::vector<Operation::Translation> translations = {}) {
    all.push_back({std::string("cgroup: ") + name, run, std::move(translations),
                   std::move(leaves_child_without)});
  };
  // On a new cgroup.
  const auto adds = [&](const char* name, auto call,
                        std::vector<Operation::Translation> translations = {}) {
    add(
        name,
        [=](Sweep& sweep) {
          const auto cgroup = make_cgroup_or_skip(sweep);
          if (!cgroup) return;
          if (!call(*cgroup)) return sweep.skip("needs it to work");
          (void)sweep([&] { return call(*cgroup); });
        },
        {}, std::move(translations));
  };
  add("Cgroup::own", [](Sweep& sweep) {
    if (!Cgroup::own()) return sweep.skip("needs cgroups of version 2");
    (void)sweep([&] { return Cgroup::own(); });
  });
  add("Cgroup::open", [](Sweep& sweep) {
    const auto own = Cgroup::own();
    if (!own) return sweep.skip("needs cgroups of version 2");
    const std::string path = "/proc/self/fd/" + std::to_string(own->fd().get());
    (void)sweep([&] { return Cgroup::open(path); });
  });
  add("Cgroup::create", [](Sweep& sweep) {
    if (!make_cgroup_or_skip(sweep)) return;
    const auto own = must(Cgroup::own());
    {
      const auto made = sweep([&] { return Cgroup::create(own, name_of_cgroup); });
      sweep.check(is_there() == made.has_value(), "is left, or missing");
    }
    sweep.check(!is_there(), "is left");
  });
  add("Cgroup::~Cgroup", [](Sweep& sweep) {
    auto cgroup = make_cgroup_or_skip(sweep);
    if (!cgroup) return;
    sweep([&] { cgroup.reset(); });
    const auto own = must(Cgroup::own());
    ::unlinkat(own.fd().get(), name_of_cgroup.c_str(), AT_REMOVEDIR);
  });
  add("Cgroup::remove", [](Sweep& sweep) {
    auto cgroup = make_cgroup_or_skip(sweep);
    if (!cgroup) return;
    const auto removed = sweep([&] { return cgroup->remove(); });
    if (removed) sweep.check(!is_there(), "is left");
  });
  adds("Cgroup::abilities", [](const Cgroup& cgroup) { return cgroup.abilities(); });
  adds("Cgroup::events", [](const Cgroup& cgroup) { return cgroup.events(); });
  adds("Cgroup::usage", [](const Cgroup& cgroup) { return cgroup.usage(); });
  adds("Cgroup::open_events", [](const Cgroup& cgroup) { return cgroup.open_events(); });
  adds("Cgroup::open_memory_events",
       [](const Cgroup& cgroup) { return cgroup.open_memory_events(); });
  adds("Cgroup::set", [](const Cgroup& cgroup) { return cgroup.set({.pids_max = 100}); });
  adds("Cgroup::enable", [](const Cgroup& cgroup) { return cgroup.enable(Controller::pids); });
  add("Cgroup::make_leaf_and_enable", [](Sweep& sweep) {
    const auto cgroup = make_cgroup_or_skip(sweep);
    if (!cgroup) return;
    const auto leaf = sweep([&] { return cgroup->make_leaf_and_enable("leaf", {}); });
    if (!leaf) sweep.check(!Cgroup::open(cgroup->fd(), "leaf"), "is left");
    ::unlinkat(cgroup->fd().get(), "leaf", AT_REMOVEDIR);
  });
  adds("Cgroup::freeze", [](const Cgroup& cgroup) { return cgroup.freeze(); });
  adds("Cgroup::thaw", [](const Cgroup& cgroup) { return cgroup.thaw(); });
  adds("Cgroup::kill", [](const Cgroup& cgroup) { return cgroup.kill(); });
  adds("Cgroup::wait_empty", [](const Cgroup& cgroup) { return cgroup.wait_empty(10s); });
  adds("Cgroup::processes", [](const Cgroup& cgroup) { return cgroup.processes(); });
  adds("Cgroup::rearm", [](const Cgroup& cgroup) -> Result<void, CgroupError> {
    const auto events = cgroup.open_events();
    if (!events) return std::unexpected(events.error());
    return Cgroup::rearm(*events);
  });
  adds("sweep_trees", [](const Cgroup& cgroup) { return sweep_trees(cgroup); });
  add("Cgroup::processes, some", [](Sweep& sweep) {
    const auto cgroup = make_cgroup_or_skip(sweep);
    if (!cgroup) return;
    const Child child = child_in(*cgroup);
    const auto found = sweep([&] { return cgroup->processes(); });
    // ESRCH: it has ended meanwhile.
    if (found && sweep.is_dry()) sweep.check(found->size() == 1, "the processes");
  });
  add("Cgroup::kill, some", [](Sweep& sweep) {
    const auto cgroup = make_cgroup_or_skip(sweep);
    if (!cgroup) return;
    const Child child = child_in(*cgroup);
    (void)sweep([&] { return cgroup->kill(); });
  });
  add("Command::spawn in a cgroup", [](Sweep& sweep) {
    const auto cgroup = make_cgroup_or_skip(sweep);
    if (!cgroup) return;
    Command command = program("wait");
    command.cgroup(cgroup->fd());
    const auto child = sweep([&] { return command.spawn(); });
    if (child) sweep.check(must(cgroup->processes()).size() == 1, "is elsewhere");
  });
  add("Child::kill_cgroup", [](Sweep& sweep) {
    const auto cgroup = make_cgroup_or_skip(sweep);
    if (!cgroup) return;
    if (!cgroup->abilities()->has_kill) return sweep.skip("needs cgroup.kill");
    Child child = child_in(*cgroup);
    (void)sweep([&] { return child.kill_cgroup(); });
  });
  return all;
}

}  // namespace sysfd_test
