// SPDX-License-Identifier: MIT
#include "option_table.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace sysfd_run {
namespace {

using enum Section;
using enum Form;

constexpr Option table[] = {
    {Id::deadline, "deadline", "TIME", once, ending, Completes::nothing,
     "end the program, and all that it has started, after TIME (5s, 500ms, 2m, 1h; 0: never)",
     "Command::contain(), Child::terminate(): a subreaper, poll(2)"},
    {Id::kill_after, "kill-after", "TIME", once, ending, Completes::nothing,
     "at the deadline, kill what has not ended TIME after the signal (default: 5s)",
     "Child::terminate(): SIGKILL"},
    {Id::signal, "signal", "SIGNAL", once, ending, Completes::signal,
     "at the deadline, send SIGNAL to the program, instead of SIGTERM to the whole tree",
     "PidFd::send_signal(): pidfd_send_signal(2)"},
    {Id::tree, "tree", "", flag, ending, Completes::nothing,
     "put the program and all that it starts into a pid namespace: nothing is left at the end",
     "Command::contain(Reach::whole_tree): clone3(2) CLONE_NEWPID"},
    {Id::no_tree, "no-tree", "", flag, ending, Completes::nothing,
     "let --deadline end the program alone; what it has started goes on",
     "PidFd::send_signal(): pidfd_send_signal(2)"},
    {Id::parent_death, "parent-death", "SIGNAL", once, ending, Completes::signal,
     "send SIGNAL when the process that started sysfd-run ends",
     "Command::parent_death_signal(): prctl(PR_SET_PDEATHSIG)"},

    {Id::limit, "limit", "NAME=SOFT[:HARD]", many, resources, Completes::nothing,
     "limit a resource, as prlimit(1) names it: nofile=64, core=0, as=1G, cpu=10:20",
     "Resources::limits: setrlimit(2)"},
    {Id::memory, "memory", "SIZE", once, resources, Completes::nothing,
     "limit the memory of the whole tree (200M); needs a cgroup that is delegated",
     "Containment::limits: memory.max of a new cgroup"},
    {Id::pids, "pids", "COUNT", once, resources, Completes::nothing,
     "limit the processes and threads of the whole tree; needs a cgroup, as --memory",
     "Containment::limits: pids.max of a new cgroup"},
    {Id::cpu, "cpu", "PERCENT", once, resources, Completes::nothing,
     "limit the processor time of the whole tree: 50%, 200% for two; needs a cgroup, as --memory",
     "Containment::limits: cpu.max of a new cgroup"},
    {Id::nice, "nice", "NUMBER", once, resources, Completes::nothing,
     "set the nice value, -20 (first) to 19", "Resources::nice: setpriority(2)"},
    {Id::sched, "sched", "POLICY[:PRIORITY]", once, resources, Completes::nothing,
     "set the scheduling policy: other, batch, idle, fifo:1 to fifo:99, rr:1 to rr:99",
     "Resources::scheduler: sched_setattr(2)"},
    {Id::cpus, "cpus", "LIST", once, resources, Completes::nothing,
     "run on these processors only: 0-3,6", "Resources::processors: sched_setaffinity(2)"},
    {Id::ionice, "ionice", "CLASS[:LEVEL]", once, resources, Completes::nothing,
     "set the I/O priority: idle, best-effort:0 to best-effort:7, real-time:0 to real-time:7",
     "Resources::io_priority: ioprio_set(2)"},
    {Id::oom_score, "oom-score", "NUMBER", once, resources, Completes::nothing,
     "adjust the score of the OOM killer, -1000 (never) to 1000",
     "Resources::oom_score_adjust: /proc/self/oom_score_adj"},
    {Id::umask, "umask", "OCTAL", once, resources, Completes::nothing,
     "set the file mode creation mask: 027", "Resources::umask: umask(2)"},

    {Id::user, "user", "USER", once, identity, Completes::user,
     "become this user (name or number), with its group and its supplementary groups",
     "Identity::user, group, groups: setresuid(2)"},
    {Id::group, "group", "GROUP", once, identity, Completes::group,
     "become this group (name or number)", "Identity::group: setresgid(2)"},
    {Id::groups, "groups", "LIST", once, identity, Completes::group,
     "set the supplementary groups: names or numbers with commas, none, or keep",
     "Identity::groups: setgroups(2)"},
    {Id::caps, "caps", "LIST", once, identity, Completes::nothing,
     "have exactly these capabilities, and programs started later as well: none, or names with "
     "commas (net_bind_service,kill)",
     "Identity::no_capabilities, iab: capset(2), prctl(2)"},
    {Id::no_new_privs, "no-new-privs", "", flag, identity, Completes::nothing,
     "set-user-ID programs and capabilities of files give no privileges",
     "Identity::no_new_privileges: prctl(PR_SET_NO_NEW_PRIVS)"},
    {Id::unshare, "unshare", "LIST", many, identity, Completes::nothing,
     "new namespaces, with commas: user, mount, net, pid, ipc, uts, cgroup",
     "Namespaces::create: clone3(2), unshare(2)"},
    {Id::map_root, "map-root", "", flag, identity, Completes::nothing,
     "in the new user namespace, be root instead of the same user",
     "Namespaces::user_map: /proc/PID/uid_map"},

    {Id::reads, "reads", "PATH", many, confinement, Completes::file,
     "allow to read and execute what is at or below PATH, and nothing else that is not allowed",
     "Ruleset::allow(): landlock_add_rule(2)"},
    {Id::writes, "writes", "PATH", many, confinement, Completes::file,
     "allow to read, execute, create, change and remove what is at or below PATH",
     "Ruleset::allow(): landlock_add_rule(2)"},
    {Id::executes, "executes", "PATH", many, confinement, Completes::file,
     "allow to execute what is at or below PATH; then --reads and --writes do not",
     "Ruleset::allow(): landlock_add_rule(2)"},
    {Id::devices, "devices", "", flag, confinement, Completes::nothing,
     "allow /dev/null, zero, full, random, urandom and tty",
     "Ruleset::allow(): landlock_add_rule(2)"},
    {Id::startup_files, "startup-files", "", flag, confinement, Completes::nothing,
     "allow what the program needs to start: itself, its interpreter and its libraries",
     "Ruleset::for_program(): landlock_add_rule(2)"},
    {Id::connects, "connects", "PORT", many, confinement, Completes::nothing,
     "allow connections to this TCP port, and to no other; none: to no port",
     "Ruleset::allow_port(): landlock_add_rule(2)"},
    {Id::binds, "binds", "PORT", many, confinement, Completes::nothing,
     "allow to bind to this TCP port, and to no other; none: to no port",
     "Ruleset::allow_port(): landlock_add_rule(2)"},
    {Id::scope, "scope", "LIST", once, confinement, Completes::nothing,
     "keep within the tree, with commas: signals, sockets (abstract ones)",
     "Rights::scopes: landlock_create_ruleset(2)"},

    {Id::env, "env", "NAME=VALUE", many, surroundings, Completes::nothing,
     "set a variable; NAME alone: as sysfd-run has it, also with --clear-env",
     "Command::env(): execve(2)"},
    {Id::unset_env, "unset-env", "NAME", many, surroundings, Completes::nothing,
     "remove a variable", "Command::remove_env(): execve(2)"},
    {Id::clear_env, "clear-env", "", flag, surroundings, Completes::nothing,
     "start with an empty environment", "Command::clear_env(): execve(2)"},
    {Id::chdir, "chdir", "DIRECTORY", once, surroundings, Completes::directory,
     "start in this directory", "Command::working_directory(): chdir(2)"},
    {Id::root, "root", "DIRECTORY", once, surroundings, Completes::directory,
     "change the root directory", "Command::root_directory(): chroot(2)"},
    {Id::nohup, "nohup", "", flag, surroundings, Completes::nothing,
     "ignore SIGHUP; the output stays where it is", "Signals::ignored: rt_sigaction(2)"},
    {Id::session, "session", "", flag, surroundings, Completes::nothing,
     "start in a new session, without a terminal", "Session::new_session: setsid(2)"},

    {Id::pass, "pass", "NUMBER[=FILE]", many, descriptors, Completes::nothing,
     "pass FILE as this descriptor; w:FILE creates it, a:FILE appends, rw:FILE does both; without "
     "FILE, the one that sysfd-run has; no other descriptor is passed",
     "Command::pass(): dup3(2), close_range(2)"},
    {Id::stdin_from, "stdin", "FILE", once, descriptors, Completes::file,
     "read stdin from FILE; null: from /dev/null", "Command::stdin_from(): dup3(2)"},
    {Id::stdout_to, "stdout", "FILE", once, descriptors, Completes::file,
     "write stdout to FILE, which is created or emptied; append:FILE; null",
     "Command::stdout_to(): dup3(2)"},
    {Id::stderr_to, "stderr", "FILE", once, descriptors, Completes::file,
     "write stderr to FILE; append:FILE; null; stdout: to the same as stdout",
     "Command::stderr_to(): dup3(2)"},
    {Id::listen, "listen", "[NAME=]ADDRESS", many, descriptors, Completes::nothing,
     "listen there and pass the socket (LISTEN_FDS): 8080, 127.0.0.1:80, [::1]:80, udp:53, "
     "/run/x.sock, @abstract",
     "Command::listen_fds(): socket(2), bind(2), listen(2)"},

    {Id::lock, "lock", "FILE", once, Section::lock, Completes::file,
     "hold an exclusive flock(2) of FILE until the program has ended; it never inherits the lock",
     "FlockLock::acquire(): flock(2)"},
    {Id::lock_shared, "lock-shared", "", flag, Section::lock, Completes::nothing,
     "take the lock as a shared one", "FlockLock::acquire(LockMode::shared): flock(2)"},
    {Id::lock_timeout, "lock-timeout", "TIME", once, Section::lock, Completes::nothing,
     "give up after TIME, with status 123; 0: do not wait",
     "FlockLock::try_acquire_for(): flock(2) LOCK_NB"},

    {Id::json, "json", "FILE", once, report, Completes::file,
     "write how it ended, and what it has used, to FILE",
     "Child::ending(), usage(): waitid(2), getrusage(2)"},
    {Id::profile, "profile", "FILE", many, report, Completes::file,
     "read options from FILE (TOML: the names of options are the keys)", "none"},
    {Id::explain, "explain", "", flag, report, Completes::nothing,
     "do not run the program: print what would be enforced here, by which call, and what not",
     "landlock_support(), Cgroup::abilities()"},
    {Id::dry_run, "dry-run", "", flag, report, Completes::nothing,
     "do not run the program: print what would be done", "none"},
    {Id::why, "why", "", flag, report, Completes::nothing,
     "trace the program, and tell which files it was denied, and which option would allow them",
     "explain(Ruleset): ptrace(2)"},
    {Id::completion, "completion", "SHELL", once, report, Completes::nothing,
     "print the completions for bash, zsh or fish", "none"},
    {Id::help, "help", "", flag, report, Completes::nothing, "print this", "none"},
    {Id::version, "version", "", flag, report, Completes::nothing, "print the version", "none"},
};

// What other tools call it.
struct Alias {
  std::string_view theirs;
  std::string_view ours;
};

constexpr Alias aliases[] = {
    {"timeout", "deadline"},
    {"duration", "deadline"},
    {"reuid", "user"},
    {"uid", "user"},
    {"regid", "group"},
    {"gid", "group"},
    {"clear-groups", "groups"},
    {"init-groups", "user"},
    {"keep-groups", "groups"},
    {"bounding-set", "caps"},
    {"inh-caps", "caps"},
    {"ambient-caps", "caps"},
    {"cap-drop", "caps"},
    {"pdeathsig", "parent-death"},
    {"die-with-parent", "tree"},
    {"kill-child", "tree"},
    {"ro-bind", "reads"},
    {"bind", "writes"},
    {"ro", "reads"},
    {"rox", "reads"},
    {"rw", "writes"},
    {"rwx", "writes"},
    {"dev", "devices"},
    {"ldd", "startup-files"},
    {"add-exec", "startup-files"},
    {"connect-tcp", "connects"},
    {"bind-tcp", "binds"},
    {"setenv", "env"},
    {"unsetenv", "unset-env"},
    {"unset", "unset-env"},
    {"ignore-environment", "clear-env"},
    {"clearenv", "clear-env"},
    {"working-directory", "chdir"},
    {"wd", "chdir"},
    {"chroot", "root"},
    {"new-session", "session"},
    {"setsid", "session"},
    {"fd", "pass"},
    {"nofile", "limit"},
    {"nproc", "limit"},
    {"as", "limit"},
    {"core", "limit"},
    {"rlimit", "limit"},
    {"adjustment", "nice"},
    {"cpu-list", "cpus"},
    {"class", "ionice"},
    {"unshare-all", "unshare"},
    {"unshare-net", "unshare"},
    {"unshare-pid", "unshare"},
    {"unshare-user", "unshare"},
    {"net", "unshare"},
    {"pid", "unshare"},
    {"map-root-user", "map-root"},
    {"nonblock", "lock-timeout"},
    {"wait", "lock-timeout"},
    {"shared", "lock-shared"},
    {"verbose", "explain"},
    {"MemoryMax", "memory"},
    {"property", "memory"},
    {"uid-map", "map-root"},
};

std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t i = 0; i < row.size(); ++i)
    row[i] = i;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j < row.size(); ++j) {
      const std::size_t above = row[j];
      row[j] =
          std::min({above + 1, row[j - 1] + 1, diagonal + (left[i - 1] == right[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::span<const Option> options() {
  return table;
}

const Option& option_of(Id id) {
  return *std::ranges::find(table, id, &Option::id);
}

const Option* find_option(std::string_view name) {
  const auto* const found = std::ranges::find(table, name, &Option::name);
  return found == std::end(table) ? nullptr : found;
}

std::string_view title_of(Section section) {
  switch (section) {
    case ending: return "The end";
    case resources: return "Resources";
    case identity: return "User, privileges, namespaces";
    case confinement: return "Files and ports (Landlock)";
    case surroundings: return "Environment, directories, session";
    case descriptors: return "Descriptors and sockets";
    case Section::lock: return "Lock";
    case report: break;
  }
  return "Reports, profiles";
}

std::string_view guess_option(std::string_view name) {
  for (const Alias& alias : aliases)
    if (alias.theirs == name) return alias.ours;
  for (const Option& option : table)
    if (name.size() > 2 && option.name.starts_with(name)) return option.name;
  std::size_t best = 3;  // more than two letters are another word
  std::string_view guess;
  for (const Option& option : table)
    if (const std::size_t far = distance(name, option.name); far < best) {
      best = far;
      guess = option.name;
    }
  return guess;
}

}  // namespace sysfd_run
