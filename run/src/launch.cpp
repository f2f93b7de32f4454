// SPDX-License-Identifier: MIT
#include "launch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <sysfd/create.hpp>

#include "listeners.hpp"
#include "tracer.hpp"
#include "values.hpp"

namespace sysfd_run {
namespace {

constexpr mode_t mode_of_new_files = 0666;

Checked<sysfd::OwnedFd> open_file(const File& file) {
  // O_NONBLOCK would stay set: a FIFO is waited for, as a shell does.
  auto opened = sysfd::open(sysfd::cwd(), file.path, file.flags, mode_of_new_files);
  if (!opened) return complain({file.where, ": ", message_of(opened.error())});
  return std::move(*opened);
}

Checked<> set_streams(const Settings& settings, Launch& launch) {
  for (const File& file : settings.streams) {
    std::optional<sysfd::Stdio> stream;
    switch (file.kind) {
      case File::Kind::unset:
      case File::Kind::own: continue;
      case File::Kind::null: stream = sysfd::Stdio::null(); break;
      case File::Kind::like_stdout: stream = sysfd::Stdio::like_stdout(); break;
      case File::Kind::path: {
        auto opened = open_file(file);
        if (!opened) return std::unexpected(opened.error());
        stream = sysfd::Stdio(std::move(*opened));
      }
    }
    if (file.number == 0) launch.command.stdin_from(std::move(*stream));
    if (file.number == 1) launch.command.stdout_to(std::move(*stream));
    if (file.number == 2) launch.command.stderr_to(std::move(*stream));
  }
  return {};
}

Checked<> pass_descriptors(const Settings& settings, Launch& launch) {
  for (const File& file : settings.passed) {
    if (file.kind == File::Kind::own) {
      launch.command.pass(sysfd::BorrowedFd::unsafe_borrow(file.number), file.number);
      continue;
    }
    auto opened = open_file(file);
    if (!opened) return std::unexpected(opened.error());
    launch.command.pass(std::move(*opened), file.number);
  }
  for (const Listener& listener : settings.listeners) {
    auto opened = open_listener(listener);
    if (!opened) return std::unexpected(opened.error());
    launch.command.listen_fds(listener.name, std::move(*opened));
  }
  return {};
}

// A file of another user, or a directory, can be locked although it cannot be written.
sysfd::Result<sysfd::OwnedFd> open_lock(const std::string& path) {
  // O_NONBLOCK: a FIFO is not waited for.
  auto file = sysfd::open(sysfd::cwd(), path, O_RDONLY | O_NONBLOCK | O_CREAT, mode_of_new_files);
  if (!file && file.error() == std::errc::is_a_directory)
    file = sysfd::open(sysfd::cwd(), path, O_RDONLY);
  return file;
}

// Most locks are free: adopt() takes one without a duplicate of the descriptor, but closes it if
// that is held.
sysfd::Result<sysfd::FlockLock> acquire(const Lock& lock) {
  const auto mode = lock.shared ? sysfd::LockMode::shared : sysfd::LockMode::exclusive;
  auto file = open_lock(lock.path);
  if (!file) return std::unexpected(file.error());
  auto taken = sysfd::FlockLock::adopt(std::move(*file), mode);
  const bool is_held = !taken && taken.error() == std::errc::resource_unavailable_try_again;
  if (!is_held || (lock.timeout && lock.timeout->count() == 0)) return taken;
  file = open_lock(lock.path);
  if (!file) return std::unexpected(file.error());
  if (!lock.timeout) return sysfd::FlockLock::acquire(*file, mode);
  return sysfd::FlockLock::try_acquire_for(*file, mode, *lock.timeout);
}

// The lock is held by this process: the program gets no descriptor of it.
Checked<> take_lock(const Lock& lock, Launch& launch) {
  const std::string where = cat({"--lock ", lock.path});
  auto taken = acquire(lock);
  if (!taken && (taken.error() == std::errc::timed_out ||
                 taken.error() == std::errc::resource_unavailable_try_again))
    return std::unexpected(
        Complaint{cat({where, ": another process holds the lock"}), lock_not_had});
  if (!taken) return complain({where, ": ", message_of(taken.error())});
  launch.lock = std::move(*taken);
  return {};
}

// With --why, this program is started first, which waits until it is traced.
Checked<sysfd::Command> program_of(const Settings& settings) {
  std::optional<sysfd::Command> command;
  if (settings.why) {
    const auto path = find_program(settings);
    if (!path) return std::unexpected(program_not_found(settings));
    command.emplace("/proc/self/exe");
    const std::string& name = settings.program.front();
    command->arg(traced_start).arg(name.find('/') == name.npos ? *path : name).arg(name);
  } else {
    command.emplace(settings.program.front());
  }
  for (std::size_t i = 1; i < settings.program.size(); ++i)
    command->arg(settings.program[i]);
  return std::move(*command);
}

// Before Linux 6.15, nobody learns the status of a child while SIGCHLD is ignored. True if it was.
bool stop_ignoring_children() {
  struct sigaction action{};
  if (::sigaction(SIGCHLD, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) return false;
  action.sa_handler = SIG_DFL;
  return ::sigaction(SIGCHLD, &action, nullptr) == 0;
}

sysfd::Signals signals_of(const Settings& settings, const sigset_t* mask) {
  sysfd::Signals signals;
  // As env(1) and nice(1): what is ignored here stays ignored, and what is blocked stays blocked.
  signals.unchanged = {SIGPIPE};
  if (settings.nohup) signals.ignored = {SIGHUP};
  if (!settings.is_supervised())
    signals.unchanged.push_back(SIGCHLD);
  else if (stop_ignoring_children())
    signals.ignored.push_back(SIGCHLD);
  if (mask)
    signals.blocked = *mask;
  else
    signals.inherit_mask = true;
  return signals;
}

// A subreaper finds the processes of its tree in /proc. In that of another pid namespace it would
// not.
Checked<> look_for_proc() {
  char self[16];
  const ssize_t size = ::readlink("/proc/self", self, sizeof self);
  if (size > 0 && to_number({self, static_cast<std::size_t>(size)}) == ::getpid() &&
      ::access("/proc/thread-self/children", R_OK) == 0)
    return {};
  return complain(
      {"--deadline: needs the /proc of this pid namespace, to find what the program has "
       "started: mount it, or add --tree, or --no-tree to end the program alone"});
}

// True if the rules let the program open files of a new /proc: those on a directory above it do. A
// rule on /proc is about the one that is there now. Without one, the program can open nothing
// there, and does not need a new one, which takes a tenth of the time.
bool can_open_new_proc(const Settings& settings) {
  if (!settings.confinement.files) return true;
  bool is_open = false;
  for (const PathRule& rule : settings.confinement.paths) {
    if (rule.path == "/proc" || rule.path.starts_with("/proc/")) return false;
    is_open = is_open || (rule.path.starts_with('/') &&
                          rule.path.find_first_not_of("/.") == std::string::npos);
  }
  return is_open;
}

}  // namespace

sysfd::Containment containment_of(const Settings& settings) {
  sysfd::Containment containment;
  containment.reach = settings.tree ? sysfd::Reach::whole_tree : sysfd::Reach::same_namespaces;
  containment.own_proc = settings.namespaces.user_map.empty() && can_open_new_proc(settings);
  containment.limits = settings.cgroup;
  return containment;
}

Checked<Launch> prepare_launch(const Settings& settings, const sigset_t* mask) {
  auto program = program_of(settings);
  if (!program) return std::unexpected(program.error());
  Launch launch{.command = std::move(*program), .confined = {}, .lock = {}};
  sysfd::Command& command = launch.command;
  if (settings.lock)
    if (auto done = take_lock(*settings.lock, launch); !done) return std::unexpected(done.error());

  if (settings.clear_env) command.clear_env();
  for (const Variable& variable : settings.environment) {
    if (variable.value)
      command.env(variable.name, *variable.value);
    else
      command.remove_env(variable.name);
  }
  if (settings.directory) command.working_directory(*settings.directory);
  if (settings.root) command.root_directory(*settings.root);

  if (auto done = set_streams(settings, launch); !done) return std::unexpected(done.error());
  if (auto done = pass_descriptors(settings, launch); !done) return std::unexpected(done.error());
  if (settings.confinement.is_set()) {
    auto confined = make_ruleset(settings);
    if (!confined) return std::unexpected(confined.error());
    launch.confined = std::move(*confined);
    command.landlock(launch.confined->ruleset.fd());  // its number stays when this is moved
  }

  command.signals(signals_of(settings, mask));
  command.identity(settings.identity);
  command.resources(settings.resources);
  if (settings.session) command.session({.new_session = true});
  if (settings.is_contained() && !settings.tree && !settings.has_cgroup())
    if (auto done = look_for_proc(); !done) return std::unexpected(done.error());
  if (settings.is_contained())
    command.contain(containment_of(settings));
  else if (settings.parent_death != 0 || settings.lock)  // the program must not go on without it
    command.parent_death_signal(settings.is_supervised() ? SIGKILL : settings.parent_death);
  if (!settings.namespaces.create.empty()) command.namespaces(settings.namespaces);
  return launch;
}

}  // namespace sysfd_run
