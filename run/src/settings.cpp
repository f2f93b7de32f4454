// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>

#include "accounts.hpp"
#include "capabilities.hpp"
#include "files.hpp"
#include "values.hpp"

namespace sysfd_run {
namespace {

// Reads what was given, one option after the other. Each member adds one to the settings.
class Checker {
 public:
  Checker(const CommandLine& line, Settings& settings) : line_(line), settings_(settings) {}

  Checked<> check() {
    settings_.program = line_.program;
    for (const Given& given : line_.given)
      if (auto done = add(given); !done)
        return std::unexpected(Complaint{cat({given.where, ": ", done.error().text})});
    return check_together();
  }

 private:
  template <class T, class Value>
  static Checked<> set(T& slot, Checked<Value> value) {
    if (!value) return std::unexpected(std::move(value.error()));
    slot = std::move(*value);
    return {};
  }

  static Checked<int> whole(std::string_view text, int lowest, int highest) {
    const auto value = to_number(text);
    if (!value || *value < lowest || *value > highest)
      return complain({"is a whole number from ", number(lowest), " to ", number(highest)});
    return static_cast<int>(*value);
  }

  Checked<> add(const Given& given) {
    const std::string& value = given.value;
    switch (given.option->id) {
      case Id::deadline: return set_deadline(value);
      case Id::kill_after: return set(settings_.kill_after, to_duration(value));
      case Id::signal: return set(settings_.signal, to_signal(value));
      case Id::tree: return set_flag(settings_.tree, value);
      case Id::no_tree: return set_flag(settings_.no_tree, value);
      case Id::parent_death: return set(settings_.parent_death, to_signal(value));
      case Id::limit: return add_limit(value);
      case Id::memory: return set_memory(value);
      case Id::pids: return set_pids(value);
      case Id::cpu: return set(settings_.cgroup.cpu_max, to_cpu_limit(value));
      case Id::nice: return set(settings_.resources.nice, whole(value, -20, 19));
      case Id::sched: return set(settings_.resources.scheduler, to_scheduler(value));
      case Id::cpus: return set(settings_.resources.processors, to_processors(value));
      case Id::ionice: return set(settings_.resources.io_priority, to_io_priority(value));
      case Id::oom_score:
        return set(settings_.resources.oom_score_adjust, whole(value, -1000, 1000));
      case Id::umask: return set_umask(value);
      case Id::user: return set_user(value);
      case Id::group: return set(group_, find_group(value));
      case Id::groups: return set_groups(value);
      case Id::caps: return set_capabilities(value);
      case Id::no_new_privs: return set_flag(settings_.identity.no_new_privileges, value);
      case Id::unshare: return add_namespaces(value);
      case Id::map_root: return set_flag(map_root_, value);
      case Id::reads: return add_path(given, sysfd::rights::read);
      case Id::writes:
        return add_path(given, sysfd::rights::read_write | sysfd::FileRight::ioctl_dev |
                                   sysfd::FileRight::resolve_unix);
      case Id::executes: return add_path(given, sysfd::rights::run);
      case Id::devices: return add_devices(given);
      case Id::startup_files: return set_flag(settings_.confinement.startup_files, value);
      case Id::connects: return add_port(given, sysfd::PortRight::connect_tcp);
      case Id::binds: return add_port(given, sysfd::PortRight::bind_tcp);
      case Id::scope: return set_scope(value);
      case Id::env: return add_variable(value);
      case Id::unset_env: return remove_variable(value);
      case Id::clear_env: return set_flag(settings_.clear_env, value);
      case Id::chdir: return set_text(settings_.directory, value);
      case Id::root: return set_text(settings_.root, value);
      case Id::nohup: return set_flag(settings_.nohup, value);
      case Id::session: return set_flag(settings_.session, value);
      case Id::pass: return add_passed(given);
      case Id::stdin_from: return set_stream(0, given);
      case Id::stdout_to: return set_stream(1, given);
      case Id::stderr_to: return set_stream(2, given);
      case Id::listen: return add_listener(given);
      case Id::lock: return set_text(lock_path_, value);
      case Id::lock_shared: return set_flag(lock_.shared, value);
      case Id::lock_timeout: return set(lock_.timeout, to_duration(value));
      case Id::json: return set_text(settings_.json, value);
      case Id::why: return set_flag(settings_.why, value);
      case Id::profile:
      case Id::explain:
      case Id::dry_run:
      case Id::completion:
      case Id::help:
      case Id::version: return {};
    }
    return {};
  }

  static Checked<> set_flag(bool& flag, std::string_view value) {
    flag = value == "true";
    return {};
  }

  static Checked<> set_text(std::optional<std::string>& slot, const std::string& value) {
    if (value.empty()) return complain({"is empty: write a path"});
    slot = value;
    return {};
  }

  Checked<> set_deadline(std::string_view value) {
    auto time = to_duration(value);
    if (!time) return std::unexpected(time.error());
    settings_.deadline.reset();
    if (time->count() > 0) settings_.deadline = *time;
    return {};
  }

  Checked<> add_limit(std::string_view value) {
    auto limit = to_limit(value);
    if (!limit) return std::unexpected(limit.error());
    auto& limits = settings_.resources.limits;
    std::erase_if(limits, [&](const auto& each) { return each.resource == limit->resource; });
    limits.push_back(*limit);
    return {};
  }

  Checked<> set_memory(std::string_view value) {
    const auto size = to_size(value);
    if (!size) return std::unexpected(size.error());
    if (*size < 128 << 10) return complain({"is too little to start a program: write 1M or more"});
    settings_.cgroup.memory_max = sysfd::Bytes(*size);
    settings_.cgroup.swap_max = sysfd::Bytes(0);  // else memory only moves there
    return {};
  }

  Checked<> set_pids(std::string_view value) {
    const auto count = whole(value, 1, 1 << 22);
    if (!count) return std::unexpected(count.error());
    settings_.cgroup.pids_max = *count;
    return {};
  }

  Checked<> set_umask(std::string_view value) {
    unsigned mask = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mask, 8);
    if (error != std::errc() || end != value.data() + value.size() || mask > 0777)
      return complain({"is no mask: write an octal number, 022 or 077"});
    settings_.resources.umask = static_cast<mode_t>(mask);
    return {};
  }

  Checked<> set_user(std::string_view value) {
    auto account = find_account(value);
    if (!account) return std::unexpected(account.error());
    account_ = std::move(*account);
    return {};
  }

  Checked<> set_groups(std::string_view value) {
    groups_.reset();
    keep_groups_ = value == "keep";
    if (keep_groups_) return {};
    std::vector<gid_t> groups;
    if (value != "none")
      for (const std::string_view name : split(value, ',')) {
        const auto group = find_group(name);
        if (!group) return std::unexpected(group.error());
        groups.push_back(*group);
      }
    groups_ = std::move(groups);
    return {};
  }

  // Those that are named are ambient, which also a user other than root keeps, and all others are
  // no longer in the bounding set, from which root takes its own.
  Checked<> set_capabilities(std::string_view value) {
    sysfd::Identity& identity = settings_.identity;
    identity.no_capabilities = value == "none";
    identity.iab.reset();
    if (identity.no_capabilities) return {};
    auto text = to_capabilities(value);
    if (!text) return std::unexpected(text.error());
    identity.iab = std::move(*text);
    return {};
  }

  Checked<> add_namespaces(std::string_view value) {
    const auto set_given = to_namespaces(value);
    if (!set_given) return std::unexpected(set_given.error());
    settings_.namespaces.create = settings_.namespaces.create | *set_given;
    return {};
  }

  Checked<> add_path(const Given& given, sysfd::FileRights rights) {
    if (given.value.empty()) return complain({"is empty: write a path"});
    settings_.confinement.files = true;
    has_executes_ = has_executes_ || given.option->id == Id::executes;
    settings_.confinement.paths.push_back({given.value, rights, given.where, given.option->id});
    return {};
  }

  Checked<> add_devices(const Given& given) {
    using sysfd::FileRight;
    devices_.clear();
    if (given.value != "true") return {};
    for (const char* const device :
         {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"})
      devices_.push_back({device,
                          FileRight::read_file | FileRight::write_file | FileRight::ioctl_dev,
                          given.where, Id::devices});
    return {};
  }

  Checked<> add_port(const Given& given, sysfd::PortRight right) {
    Confinement& confinement = settings_.confinement;
    confinement.ports |= right;
    if (given.value == "none") {
      std::erase_if(confinement.port_rules,
                    [&](const PortRule& each) { return each.rights.contains(right); });
      return {};
    }
    const auto port = whole(given.value, 0, 65535);
    if (!port) return complain({"is a port from 0 to 65535, or none"});
    confinement.port_rules.push_back({static_cast<std::uint16_t>(*port), right, given.where});
    return {};
  }

  Checked<> set_scope(std::string_view value) {
    sysfd::Scopes scopes;
    for (const std::string_view name : split(value, ',')) {
      if (name != "signals" && name != "sockets")
        return complain({"\"", name, "\" is no scope: there are signals, sockets"});
      scopes |= name == "signals" ? sysfd::Scope::signal : sysfd::Scope::abstract_unix_socket;
    }
    settings_.confinement.scopes = scopes;
    return {};
  }

  Checked<> add_variable(const std::string& value) {
    const std::size_t equals = value.find('=');
    if (equals == 0 || value.empty()) return complain({"has no name: write NAME=VALUE"});
    if (equals != value.npos) {
      settings_.environment.push_back({value.substr(0, equals), value.substr(equals + 1)});
      return {};
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
    const char* const own = std::getenv(value.c_str());
    if (!own) return complain({"sysfd-run has no such variable: write ", value, "=VALUE"});
    settings_.environment.push_back({value, own});
    return {};
  }

  Checked<> remove_variable(const std::string& value) {
    if (value.empty() || value.find('=') != value.npos)
      return complain({"is the name of a variable"});
    settings_.environment.push_back({value, std::nullopt});
    return {};
  }

  Checked<> add_passed(const Given& given) {
    auto file = to_passed(given.value);
    if (!file) return std::unexpected(file.error());
    file->where = given.where;
    std::erase_if(settings_.passed, [&](const File& each) { return each.number == file->number; });
    settings_.passed.push_back(std::move(*file));
    return {};
  }

  Checked<> set_stream(int stream, const Given& given) {
    auto file = to_stream(stream, given.value);
    if (!file) return std::unexpected(file.error());
    file->where = given.where;
    settings_.streams[stream] = std::move(*file);
    return {};
  }

  Checked<> add_listener(const Given& given) {
    auto listener = to_listener(given.value);
    if (!listener) return std::unexpected(listener.error());
    listener->where = given.where;
    settings_.listeners.push_back(std::move(*listener));
    return {};
  }

  Checked<> check_together();
  Checked<> check_ending();
  Checked<> check_confinement();
  Checked<> check_identity();
  Checked<> check_descriptors();

  const CommandLine& line_;
  Settings& settings_;
  std::optional<Account> account_;
  std::optional<gid_t> group_;
  std::optional<std::vector<gid_t>> groups_;
  std::optional<std::string> lock_path_;
  std::vector<PathRule> devices_;
  Lock lock_;
  bool keep_groups_ = false;
  bool map_root_ = false;
  bool has_executes_ = false;
};

Checked<> Checker::check_together() {
  if (auto done = check_ending(); !done) return done;
  if (auto done = check_confinement(); !done) return done;
  if (auto done = check_identity(); !done) return done;
  return check_descriptors();
}

Checked<> Checker::check_ending() {
  Settings& all = settings_;
  if (all.tree && all.no_tree) {
    const auto is_of_profile = [&](Id id) { return !line_.last(id)->where.starts_with("--"); };
    if (is_of_profile(Id::tree) == is_of_profile(Id::no_tree))
      return complain({"--no-tree: not together with --tree; leave out one"});
    (is_of_profile(Id::tree) ? all.tree : all.no_tree) = false;
  }
  if (all.no_tree && all.has_cgroup())
    return complain(
        {"--no-tree: not together with --memory, --pids and --cpu, which limit a tree"});
  if (!line_.last(Id::deadline) && (line_.last(Id::kill_after) || line_.last(Id::signal)))
    return complain({line_.last(Id::kill_after) ? "--kill-after" : "--signal",
                     ": is about the deadline: add --deadline TIME"});
  if (!lock_path_ && (lock_.shared || lock_.timeout))
    return complain({lock_.shared ? "--lock-shared" : "--lock-timeout",
                     ": is about the lock: add --lock FILE"});
  if (lock_path_) {
    lock_.path = *lock_path_;
    all.lock = lock_;
  }
  // The tree has a new one already.
  if (all.tree) {
    const unsigned rest =
        all.namespaces.create.flags() & ~static_cast<unsigned>(sysfd::Namespace::pid);
    sysfd::NamespaceSet others;
    for (const auto kind : {sysfd::Namespace::user, sysfd::Namespace::mount, sysfd::Namespace::net,
                            sysfd::Namespace::ipc, sysfd::Namespace::uts, sysfd::Namespace::cgroup})
      if ((rest & static_cast<unsigned>(kind)) != 0) others = others | kind;
    all.namespaces.create = others;
  }
  return {};
}

Checked<> Checker::check_confinement() {
  Confinement& confinement = settings_.confinement;
  confinement.files = confinement.files || confinement.startup_files;
  if (!devices_.empty() && !confinement.files)
    return complain({"--devices: nothing else is forbidden yet: add --reads or --writes"});
  if (!has_executes_)
    for (PathRule& rule : confinement.paths)
      rule.rights |= sysfd::FileRight::execute;
  confinement.paths.insert(confinement.paths.end(), devices_.begin(), devices_.end());
  if (settings_.why && !confinement.files && confinement.ports.empty())
    return complain({"--why: nothing is forbidden: add --reads, --writes, --connects or --binds"});
  if (settings_.root && (settings_.why || confinement.startup_files))
    return complain({settings_.why ? "--why" : "--startup-files",
                     ": not together with --root: the program would be looked up outside of it"});
  return {};
}

Checked<> Checker::check_identity() {
  sysfd::Identity& identity = settings_.identity;
  sysfd::Namespaces& namespaces = settings_.namespaces;
  if (account_) {
    identity.user = account_->user;
    identity.group = account_->group;
    if (!account_->group && !group_)
      return complain({"--user ", number(account_->user),
                       ": is not in /etc/passwd, and so has no group: add --group GROUP"});
    if (account_->group) identity.groups = account_->groups;
  }
  if (group_) identity.group = group_;
  if (groups_) identity.groups = std::move(groups_);
  if (keep_groups_) {
    identity.groups.reset();
    identity.keep_groups = true;
  }
  const bool new_user = namespaces.create.contains(sysfd::Namespace::user);
  if (map_root_ && !new_user)
    return complain({"--map-root: is about a new user namespace: add --unshare user"});
  if (new_user) {
    namespaces.user_map = {{.inside = map_root_ ? 0 : ::geteuid(), .outside = ::geteuid()}};
    namespaces.group_map = {{.inside = map_root_ ? 0 : ::getegid(), .outside = ::getegid()}};
  }
  return {};
}

Checked<> Checker::check_descriptors() {
  const int listeners = static_cast<int>(settings_.listeners.size());
  for (const File& file : settings_.passed) {
    if (file.number < 3 && settings_.streams[file.number].kind != File::Kind::unset)
      return complain(
          {file.where, ": is ", settings_.streams[file.number].where, " already; leave out one"});
    if (file.number >= 3 && file.number < 3 + listeners)
      return complain({file.where, ": descriptors 3 to ", number(2 + listeners),
                       " are the sockets of --listen; write ", number(3 + listeners), " or more"});
  }
  return {};
}

}  // namespace

Checked<Settings> check_settings(const CommandLine& line) {
  Settings settings;
  if (auto done = Checker(line, settings).check(); !done) return std::unexpected(done.error());
  return settings;
}

}  // namespace sysfd_run
