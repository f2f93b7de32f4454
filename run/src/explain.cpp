// SPDX-License-Identifier: MIT
#include "explain.hpp"

#include <fcntl.h>

#include <optional>
#include <string_view>
#include <vector>

#include <sysfd/cgroup.hpp>
#include <sysfd/create.hpp>
#include <sysfd/landlock.hpp>

#include "launch.hpp"
#include "values.hpp"

namespace sysfd_run {
namespace {

// What a part of the system allows: nothing to say, or what is not enforced.
struct Finding {
  bool enforced = true;
  std::string note{};
};

// An option without a call of its own says nothing about the program, nor does one that a later one
// has replaced.
bool is_listed(const CommandLine& line, const Given& given) {
  const bool counts = given.option->form == Form::many || line.last(given.option->id) == &given;
  return counts && given.option->call != "none" && given.value != "false" &&
         given.option->id != Id::explain && given.option->id != Id::dry_run;
}

// Whether the complaint is about this option.
bool is_about(const Complaint& complaint, const Given& given) {
  const std::string name = cat({"--", given.option->name});
  return complaint.text.starts_with(name + ":") || complaint.text.starts_with(name + " ") ||
         complaint.text.starts_with(name + ",");
}

// What try_start() and the findings are about. The others open or make something, or need the
// program itself: they are left to the run.
bool is_tried(const Given& given) {
  const Id id = given.option->id;
  return given.option->section == Section::resources ||
         given.option->section == Section::identity ||
         given.option->section == Section::confinement || id == Id::deadline || id == Id::tree ||
         id == Id::no_tree;
}

std::string title_of(const Given& given) {
  if (given.option->argument.empty()) return cat({"--", given.option->name});
  return cat({"--", given.option->name, " ", given.value});
}

Finding look_at_landlock(const Settings& settings) {
  const auto support = sysfd::landlock_support();
  if (!support) return {false, support.error().describe()};
  const sysfd::Rights required = required_rights(settings.confinement);
  if (const auto unknown = required - support->known; !unknown.empty())
    return {false, cat({"this kernel does not know ", unknown.text()})};
  const auto made = make_ruleset(settings);
  if (!made) return {false, made.error().text};
  if (!made->missing.empty())
    return {true,
            cat({"except ", made->missing.text(), ", which this kernel does not know: allowed"})};
  return {true, cat({"Landlock ABI ", number(support->abi)})};
}

Finding look_at_cgroup(const Settings& settings) {
  const auto own = sysfd::Cgroup::own();
  if (!own) return {false, own.error().describe()};
  const auto can = own->abilities();
  if (!can) return {false, can.error().describe()};
  if (can->create_obstacle) return {false, can->create_obstacle->describe()};
  if (can->start_obstacle) return {false, can->start_obstacle->describe()};
  const auto needed = settings.cgroup.controllers();
  if (const auto missing = needed - can->available; !missing.empty()) {
    const bool are_in_version_1 = can->in_version_1.contains(missing);
    return {false,
            cat({"this cgroup has no controller ", missing.text(),
                 are_in_version_1 ? ": version 1 uses it"
                                  : ": ask for a delegated cgroup, as Delegate= of systemd"})};
  }
  if (can->needs_leaf && !(needed - can->enabled).empty())
    return {false, "processes live in this cgroup: start sysfd-run in a cgroup below it"};
  return {};
}

// Starts this program, which then prints its version to nowhere, with what needs no file of the
// user's.
std::optional<Complaint> try_start(const Settings& settings, sysfd::ContainmentKind& kind) {
  const auto self = sysfd::open(sysfd::cwd(), "/proc/self/exe", O_PATH);
  if (!self)
    return Complaint{cat({"/proc/self/exe: ", message_of(self.error()), ": nothing is tried"})};
  Settings probe;
  probe.program = {"sysfd-run"};
  probe.deadline = settings.deadline;
  probe.tree = settings.tree;
  probe.no_tree = settings.no_tree;
  probe.identity = settings.identity;
  probe.resources = settings.resources;
  probe.namespaces = settings.namespaces;
  auto launch = prepare_launch(probe, nullptr);
  if (!launch) return launch.error();
  sysfd::Command command(*self, "sysfd-run");
  command.arg("--version").stdout_to(sysfd::Stdio::null()).stderr_to(sysfd::Stdio::null());
  command.identity(probe.identity).resources(probe.resources);
  if (!probe.namespaces.create.empty()) command.namespaces(probe.namespaces);
  if (probe.is_contained()) {
    auto containment = containment_of(settings);
    containment.limits = {};  // look_at_cgroup() is about them
    command.contain(containment);
  }
  auto child = command.spawn();
  if (!child) return describe_failure(settings, child.error());
  kind = child->containment();
  static_cast<void>(child->wait());
  return std::nullopt;
}

Finding finding_of(const Given& given, const Finding& landlock, const Finding& cgroup,
                   sysfd::ContainmentKind kind) {
  switch (given.option->section) {
    case Section::confinement: return landlock;
    case Section::resources:
      if (given.option->id == Id::memory || given.option->id == Id::pids ||
          given.option->id == Id::cpu)
        return cgroup;
      return {};
    default: break;
  }
  if ((given.option->id == Id::deadline || given.option->id == Id::tree) &&
      kind != sysfd::ContainmentKind::none)
    return {true, cat({"by a ", sysfd::to_string(kind)})};
  return {};
}

std::string program_line(const Settings& settings) {
  std::string line;
  for (const std::string& word : settings.program)
    line += cat({line.empty() ? "" : " ", word});
  return line;
}

std::string_view manner(const Settings& settings) {
  return settings.is_supervised() ? "sysfd-run stays, forwards signals and waits for its end"
                                  : "sysfd-run becomes the program, by execve(2)";
}

// What is true whatever the options are, and often not expected.
void add_notes(const Settings& settings, std::string& out) {
  out += "notes:\n  no descriptor but 0, 1, 2 and those that are passed is open in the program\n";
  if (settings.is_contained())
    out += "  what the program has started is ended when the program ends\n";
  if (settings.deadline && !settings.tree && !settings.no_tree)
    out +=
        "  a process that kills the subreaper of its tree can outlive the deadline: --tree "
        "excludes that\n";
  if (settings.confinement.files)
    out +=
        "  Landlock forbids to open: stat(2), chdir(2), chmod(2) and open descriptors are not "
        "confined\n";
  if (!settings.confinement.ports.empty())
    out += "  other protocols than TCP are not confined, nor is listen(2) without bind(2)\n";
}

}  // namespace

Explanation explain_settings(const CommandLine& line, const Settings& settings) {
  Explanation explanation;
  const Finding landlock = settings.confinement.is_set() ? look_at_landlock(settings) : Finding{};
  const Finding cgroup = settings.has_cgroup() ? look_at_cgroup(settings) : Finding{};
  auto kind = sysfd::ContainmentKind::none;
  const auto failure = try_start(settings, kind);
  std::string& out = explanation.text;
  out = cat({program_line(settings), ": ", manner(settings), "\n"});
  bool is_told = false;
  for (const Given& given : line.given) {
    if (!is_listed(line, given)) continue;
    Finding finding = finding_of(given, landlock, cgroup, kind);
    if (failure && is_about(*failure, given)) {
      finding = {false, failure->text};
      is_told = true;
    }
    explanation.all_enforced = explanation.all_enforced && finding.enforced;
    const std::string_view answer = !finding.enforced ? "  NOT enforced  "
                                    : is_tried(given) ? "  enforced      "
                                                      : "  not tried     ";
    out += cat({answer, title_of(given), "\n", "                by ", given.option->call, "\n"});
    if (!finding.note.empty()) out += cat({"                ", finding.note, "\n"});
  }
  if (failure && !is_told) {
    explanation.all_enforced = false;
    out += cat({"  NOT enforced  ", failure->text, "\n"});
  }
  add_notes(settings, out);
  return explanation;
}

std::string describe_run(const CommandLine& line, const Settings& settings) {
  std::string out = cat({program_line(settings), ": ", manner(settings), "\n"});
  for (const Given& given : line.given)
    if (is_listed(line, given))
      out += cat({"  ", title_of(given), "\n      ", given.option->text, "\n      by ",
                  given.option->call, "\n"});
  return out;
}

}  // namespace sysfd_run
