// SPDX-License-Identifier: MIT
//
// posix_spawn(3) without attributes; the same with those that give its child what sysfd's gets (an
// empty signal mask, all other descriptors closed); and pidfd_spawn(3), which glibc has since 2.39
// and which is looked up when the program runs.
//
// starts by: clone3 (VM, VFORK)
// passes: any numbers; order is the caller's
//
// peer: posix_spawn
// not passed: stay open unless close-on-exec
// waits by: waitpid
//
// peer: posix_spawn, mask and closefrom
// not passed: closed, all at once
// waits by: waitpid
//
// peer: pidfd_spawn
// not passed: stay open unless close-on-exec
// waits by: waitid by pidfd
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

class FileActions {
 public:
  FileActions(const std::vector<Move>& moves, bool closes_others) {
    ::posix_spawn_file_actions_init(&actions_);
    for (const Move& move : moves)
      ::posix_spawn_file_actions_adddup2(&actions_, move.source, move.number);
    if (closes_others)
      ::posix_spawn_file_actions_addclosefrom_np(&actions_, above_all(moves));
    else
      for (const Move& move : moves)
        if (move.aside) ::posix_spawn_file_actions_addclose(&actions_, move.number);
  }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class EmptyMask {
 public:
  EmptyMask() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  EmptyMask(const EmptyMask&) = delete;
  EmptyMask& operator=(const EmptyMask&) = delete;
  ~EmptyMask() { ::posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

using PidfdSpawn = int (*)(int*, const char*, const posix_spawn_file_actions_t*,
                           const posix_spawnattr_t*, char* const*, char* const*);

PidfdSpawn find_pidfd_spawn() {
  return reinterpret_cast<PidfdSpawn>(::dlsym(RTLD_DEFAULT, "pidfd_spawn"));
}

class PosixSpawn : public StarterByPid {
 public:
  explicit PosixSpawn(bool does_all) : does_all_(does_all) {}
  int prepare(const Request& request) override {
    StarterByPid::prepare(request);
    actions_.reset();
    attributes_.reset();
    if (does_all_) attributes_.emplace();
    if (does_all_ || !moves().empty()) actions_.emplace(moves(), does_all_);
    return 0;
  }
  int start() override {
    pid_t child = -1;
    const int error =
        ::posix_spawn(&child, arguments().program(), actions(),
                      attributes_ ? attributes_->get() : nullptr, arguments().get(), ::environ);
    if (error == 0) started(child);
    return error;
  }

 protected:
  const posix_spawn_file_actions_t* actions() const noexcept {
    return actions_ ? actions_->get() : nullptr;
  }

 private:
  bool does_all_;
  std::optional<FileActions> actions_;
  std::optional<EmptyMask> attributes_;
};

class ByPidfd : public PosixSpawn {
 public:
  ByPidfd() : PosixSpawn(false) {}
  int start() override {
    int pidfd = -1;
    const int error =
        spawn_(&pidfd, arguments().program(), actions(), nullptr, arguments().get(), ::environ);
    if (error == 0) started(pidfd);
    return error;
  }
  int wait() override {
    const int pidfd = next();
    siginfo_t info{};
    const int answer =
        ::waitid(static_cast<idtype_t>(3 /* P_PIDFD */), static_cast<id_t>(pidfd), &info, WEXITED);
    const int error = answer == 0 ? 0 : errno;
    ::close(pidfd);
    if (error != 0) return error;
    return info.si_code == CLD_EXITED && info.si_status == 0 ? 0 : ECANCELED;
  }

 private:
  PidfdSpawn spawn_ = find_pidfd_spawn();
};

std::string version() {
  return std::string("glibc ") + ::gnu_get_libc_version();
}

}  // namespace

std::vector<Peer> peers() {
  std::vector<Peer> all = {{"posix_spawn", version(), maker<PosixSpawn>(false)},
                           {"posix_spawn, mask and closefrom", version(), maker<PosixSpawn>(true)},
                           {"pidfd_spawn", version(), maker<ByPidfd>()}};
  if (!find_pidfd_spawn()) all.back().missing = version() + " has none (it came with 2.39)";
  return all;
}

}  // namespace sysfd_bench
