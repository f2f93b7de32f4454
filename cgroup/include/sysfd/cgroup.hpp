// SPDX-License-Identifier: MIT
//
// Control groups (cgroups(7), version 2) as objects: a Cgroup owns the directory of one. All
// processes in it are limited, counted, frozen and killed together.
//
//     auto own = sysfd::Cgroup::own();
//     if (!own) return fail(own.error().describe());
//     auto job = sysfd::Cgroup::create(*own, "job", {.pids_max = 100});
//     if (!job) return fail(job.error().describe());     // what is missing, and what would help
//     auto child = sysfd::Command("make").cgroup(job->fd()).spawn();
//     if (!child) return fail(child.error().describe());
//     if (auto ended = job->wait_empty(10min); !ended) use(job->kill());
//
// A Cgroup that was created kills what is left in it when it is destroyed, waits for that for a
// bounded time, and removes it. One that was opened is left alone.
#ifndef SYSFD_CGROUP_HPP
#define SYSFD_CGROUP_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/attributes.hpp>
#include <sysfd/cgroup_error.hpp>
#include <sysfd/cgroup_limits.hpp>
#include <sysfd/create.hpp>
#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

// What can be done below a cgroup, found by trying. An obstacle's describe() tells what would help.
struct CgroupAbilities {
  // Why no cgroup can be created in it: EROFS, EACCES, EOPNOTSUPP, ...; empty: it can.
  std::optional<CgroupError> create_obstacle{};
  // Why the calling thread cannot start children in those: EACCES, ...; empty: it can.
  std::optional<CgroupError> start_obstacle{};
  bool has_kill = false;  // cgroup.kill: Linux 5.14
  // Processes live in it: make_leaf_and_enable() before memory, io and hugetlb can be enabled.
  bool needs_leaf = false;
  ControllerSet available{};     // in cgroup.controllers
  ControllerSet enabled{};       // for the cgroups below: cgroup.subtree_control
  ControllerSet in_version_1{};  // used by cgroups of version 1, so not available here

  constexpr ControllerSet to_be_enabled() const noexcept { return available - enabled; }
};

class [[nodiscard("a Cgroup that is dropped kills what is in it")]] Cgroup {
 public:
  // /proc/thread-self/cgroup: opens the cgroup of the calling thread, wherever it is mounted.
  //
  // Errors: find.
  // Cost: some ten system calls.
  [[nodiscard]] SYSFD_API static Result<Cgroup, CgroupError> own();

  // openat(2): opens a cgroup that exists, for example one in fd() of another.
  //
  // Errors: open.
  // Cost: two system calls.
  [[nodiscard]] SYSFD_API static Result<Cgroup, CgroupError> open(BorrowedFd directory, CStr path);
  [[nodiscard]] static Result<Cgroup, CgroupError> open(CStr path) { return open(cwd(), path); }

  // mkdir(2): creates a cgroup with limits. Enables the controllers that the limits need for all
  // cgroups in `parent`, if they are not enabled.
  //
  // A name is one component of a path. Those that begin with "cgroup." or a controller's name and a
  // point are the kernel's. The mode of the directory is 0755, less the umask.
  //
  // A program that is started below a memory limit costs more: see Command::cgroup(). The limit may
  // be set() after the start, too.
  //
  // Errors: create; enable; limit. There is no new cgroup then.
  // Cost: seven system calls, and for limits, three each and four for the controllers.
  [[nodiscard]] SYSFD_API static Result<Cgroup, CgroupError> create(
      const Cgroup& parent, CStr name, const CgroupLimits& limits = {});

  SYSFD_API Cgroup(Cgroup&& other) noexcept;
  SYSFD_API Cgroup& operator=(Cgroup&& other) noexcept;
  // If it was created: kill(), waits up to five seconds, remove(). Ignores errors.
  SYSFD_API ~Cgroup();

  // The directory, for Command::cgroup().
  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND { return directory_; }

  // What can be done below this cgroup. Creates one for a moment, and removes it.
  //
  // Errors: read.
  [[nodiscard]] SYSFD_API Result<CgroupAbilities, CgroupError> abilities() const;

  // cgroup.subtree_control: enables controllers for the cgroups below.
  //
  // Errors: enable.
  // Cost: four system calls, and three for each that is not enabled.
  [[nodiscard]] SYSFD_API Result<void, CgroupError> enable(ControllerSet controllers) const;

  // cgroup.procs: creates a cgroup with this name below, moves all processes of this one into it,
  // and then enables the controllers. For a service or container that lives in the cgroup which was
  // delegated to it: a cgroup with processes cannot have all controllers below. In the root of the
  // hierarchy, which can, nothing is moved.
  //
  // Errors: create; move; enable. The processes are moved back then, and the new cgroup is removed.
  // Ownership: the new cgroup is not removed when it is dropped.
  [[nodiscard]] SYSFD_API Result<Cgroup, CgroupError> make_leaf_and_enable(
      CStr name, ControllerSet controllers) const;

  // Changes the limits that are set.
  //
  // Errors: limit: the first that cannot be set; those before it are.
  // Cost: three system calls for each.
  [[nodiscard]] SYSFD_API Result<void, CgroupError> set(const CgroupLimits& limits) const;

  // cgroup.kill: sends SIGKILL to all processes in the cgroup and below, also to those that are
  // being created. Does not wait for their end: see wait_empty(). Linux 6.14 to 7.1 then also kill
  // what is started in it later: remove it, and create a new one.
  //
  // Before Linux 5.14: freezes, and signals each by a pidfd until there is none, for up to five
  // seconds.
  //
  // Errors: kill.
  // Cost: one system call if it was created by this, three if it was opened.
  [[nodiscard]] SYSFD_API Result<void, CgroupError> kill() const;

  // cgroup.freeze: stops all processes in the cgroup and below, and waits until the kernel tells
  // that it and all below are frozen. The processes do not notice. The kernel may tell that of a
  // cgroup with others below as soon as those are, and its own processes stop a moment later.
  //
  // Errors: freeze. After ETIMEDOUT and ECANCELED, they are still being frozen.
  [[nodiscard]] SYSFD_API Result<void, CgroupError> freeze(
      Timeout timeout = std::chrono::seconds(5)) const;
  [[nodiscard]] SYSFD_API Result<void, CgroupError> thaw() const;

  // cgroup.procs: pidfds of the processes in the cgroup and below. Other processes may come and go
  // meanwhile, if it is not frozen.
  //
  // Errors: read; EXDEV: a process is outside of the caller's pid namespace.
  [[nodiscard]] SYSFD_API Result<std::vector<PidFd>, CgroupError> processes() const;

  // Reads what the processes here and below have used: cpu.stat, memory.current, memory.peak, ...
  //
  // Errors: read.
  [[nodiscard]] SYSFD_API Result<CgroupUsage, CgroupError> usage() const;
  // Reads what has happened here and below: cgroup.events, memory.events, pids.events.
  //
  // Errors: read.
  [[nodiscard]] SYSFD_API Result<CgroupEvents, CgroupError> events() const;

  // cgroup.events, memory.events: poll(2) reports POLLPRI when `populated` or `frozen`, or one of
  // the counts of the OOM killer, has changed since this call or the last rearm().
  //
  // Errors: read. ENOENT: without the memory controller there is no memory.events.
  [[nodiscard]] SYSFD_API Result<OwnedFd, CgroupError> open_events() const;
  [[nodiscard]] SYSFD_API Result<OwnedFd, CgroupError> open_memory_events() const;
  // pread(2): poll(2) of such a descriptor then reports what changes from now on. Call events()
  // afterwards, so that no change is missed.
  //
  // Errors: read. ENODEV: the cgroup was removed.
  [[nodiscard]] SYSFD_API static Result<void, CgroupError> rearm(BorrowedFd events);

  // poll(2): waits until no process in the cgroup and below is left but zombies.
  //
  // Errors: wait.
  [[nodiscard]] SYSFD_API Result<void, CgroupError> wait_empty(
      Timeout timeout = Timeout::forever()) const;

  // rmdir(2): removes the cgroup and those below, if there are no processes in them. What has just
  // been killed may take some milliseconds to go: waits for up to a second. Only for one that
  // create() has made.
  //
  // Errors: remove. The cgroup is still there then, and owned.
  SYSFD_API Result<void, CgroupError> remove();

  // Whether it is removed when this is dropped. keep() leaves it and its processes alone.
  bool is_removed_when_dropped() const noexcept { return !path_.empty(); }
  void keep() noexcept { path_.clear(); }

 private:
  explicit Cgroup(OwnedFd directory) noexcept : directory_(std::move(directory)) {}

  OwnedFd directory_;
  std::optional<OwnedFd> kill_;  // cgroup.kill of one that was created: no descriptor may be free
  std::string path_;             // from the directory to itself; empty: is not to be removed
  std::uint64_t mark_ = 0;       // of the process that has created it
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_CGROUP_HPP
