// SPDX-License-Identifier: MIT
#include "spawn/in_child/every_step.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

BorrowedFd number(int fd) {
  return BorrowedFd::unsafe_borrow(fd);
}

OwnedFd open_path(const char* path, int flags) {
  auto fd = sysfd::open(cwd(), path, flags);
  if (!fd) std::abort();
  return *std::move(fd);
}

// Opens the child's side of a new pseudo-terminal. The other side is not needed.
OwnedFd some_terminal(OwnedFd& other_side) {
  other_side = open_path("/dev/ptmx", O_RDWR | O_NOCTTY);
  const int unlocked = 0;
  ::ioctl(other_side.get(), TIOCSPTLCK, &unlocked);
  return OwnedFd::adopt(::ioctl(other_side.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

int some_processor() {
  cpu_set_t allowed;
  ::sched_getaffinity(0, sizeof allowed, &allowed);
  for (int processor = 0; processor < CPU_SETSIZE; ++processor)
    if (CPU_ISSET(processor, &allowed)) return processor;
  std::abort();
}

}  // namespace

EveryStep::EveryStep(std::string program_path) : program_path_(std::move(program_path)) {
  fds_.push_back(some_file());  // the terminal's other side, which must be closed last
  place(some_terminal(fds_[0]), terminal);
  place(some_file(), file);
  place(some_file(), kept);
  place(open_path("/", O_PATH | O_DIRECTORY), directory);
  place(open_path("/", O_PATH | O_DIRECTORY), root);
  place(open_path("/proc/self/ns/net", O_RDONLY), net);
  place(open_path("/proc/self/ns/ipc", O_RDONLY), ipc);
  place(open_path("/proc/self/ns/pid", O_RDONLY), pid);
  place(open_path(program_path_.c_str(), O_RDONLY), program);
}

void EveryStep::place(OwnedFd fd, int number) {
  fds_.push_back(OwnedFd::adopt(::dup3(fd.get(), number, O_CLOEXEC)));
}

Command EveryStep::attributes() const {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  return Command(program_path_)
      .pass(number(file), passed)
      .pass(number(kept), kept)
      .pass(some_file(), owned)
      .listen_fds("socket", number(file))
      .stdin_from(Stdio::null())
      .stdout_to(Stdio::pipe())
      .stderr_to(Stdio::null())
      .signals({.to_default = {SIGUSR1}, .ignored = {SIGUSR2}})
      .session({.new_session = true,
                .controlling_terminal = number(terminal),
                .foreground_of = number(terminal)})
      .resources(
          {.limits = {{RLIMIT_NOFILE, std::min(files.rlim_cur + 1, files.rlim_max), files.rlim_max},
                      {RLIMIT_CORE, 0, 0}},
           .umask = 027,
           .nice = 5,
           .scheduler = {{.policy = SCHED_BATCH}},
           .processors = {some_processor()},
           .io_priority = {{.io_class = IoPriority::Class::idle}},
           .oom_score_adjust = 500,
           .timer_slack = std::chrono::milliseconds(1)})
      .namespaces({.create = Namespace::mount | Namespace::uts,
                   .join = {{number(net), Namespace::net}, {number(ipc), Namespace::ipc}},
                   .host_name = "sysfd"})
      .root_directory(number(root))
      .working_directory(number(directory))
      .identity({.user = 65534,
                 .group = 65534,
                 .groups = {{100, 101}},
                 .capabilities = "cap_chown,cap_kill=ep",
                 .iab = "^cap_chown,!cap_net_raw",
                 .securebits = SECBIT_NO_SETUID_FIXUP,
                 .no_new_privileges = true,
                 .seccomp = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}})
      .parent_death_signal(SIGTERM);
}

Command EveryStep::user_namespace() const {
  static_assert(user_map_size == sizeof "0 0 1\n" - 1 &&
                group_map_size == sizeof "0 0 1\n1 1 1\n" - 1);
  return Command(program_path_)
      .pass(some_file(), owned)
      .namespaces({.create = Namespace::user,
                   .user_map = {{0, 0, 1}},
                   .group_map = {{0, 0, 1}, {1, 1, 1}}});
}

Command EveryStep::job() const {
  return Command(number(program), "true")
      .pass(some_file(), program)  // the program must be moved away
      .session({.process_group = 0})
      .namespaces({.create = Namespace::pid})
      .working_directory("/")
      .kill_with_parent();
}

Command EveryStep::joined_pid_namespace() const {
  return Command(program_path_)
      .pass(some_file(), owned)
      .namespaces({.join = {{number(ipc), Namespace::ipc}, {number(pid), Namespace::pid}}});
}

Command EveryStep::new_terminal() const {
  return Command(program_path_).pass(some_file(), owned).terminal();
}

Command EveryStep::cgroup() const {
  return Command(program_path_).pass(some_file(), owned).cgroup(number(directory));
}

Command EveryStep::tree() const {
  return Command(program_path_).pass(some_file(), owned).contain();
}

}  // namespace sysfd_test
