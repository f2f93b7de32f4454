// SPDX-License-Identifier: MIT
//
// What the swept operations work on.
#ifndef SYSFD_TESTS_FAULTS_SUBJECTS_HPP
#define SYSFD_TESTS_FAULTS_SUBJECTS_HPP

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/cgroup.hpp>
#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "faults/operations.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {

// Closes 0, 1 and 2 for the life of an object.
struct ClosedStreams {
  ClosedStreams() {
    for (const int fd : {0, 1, 2})
      ::close(fd);
  }
  ~ClosedStreams() {
    for (const int fd : {0, 1, 2})
      if (!is_open(fd)) (void)::open("/dev/null", O_RDWR);
  }
  ClosedStreams(const ClosedStreams&) = delete;
  ClosedStreams& operator=(const ClosedStreams&) = delete;
};

// Lets cgroups below this process's own have what some operations need, if it is the root.
inline void enable_controllers() {
  const auto own = sysfd::Cgroup::own();
  if (!own) return;
  (void)own->enable(sysfd::Controller::pids);
  (void)own->enable(sysfd::Controller::memory);
}

inline OwnedFd file_with(std::string_view content) {
  OwnedFd file = must(sysfd::memfd("content", MFD_ALLOW_SEALING));
  if (::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    std::abort();
  return file;
}

inline std::string content_of(int fd) {
  std::string content(4096, '\0');
  const ssize_t size = ::pread(fd, content.data(), content.size(), 0);
  content.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return content;
}

// A file of a real file system: memfds have no other holders by name.
struct Scratch {
  ScratchDirectory directory;
  OwnedFd file = must(sysfd::open(cwd(), directory.path() / "file", O_RDWR | O_CREAT, 0600));
  // Another description of the same file.
  OwnedFd other() const { return must(sysfd::open(cwd(), directory.path() / "file", O_RDWR)); }
};

// Whether another description can lock the file.
inline bool is_free(const Scratch& scratch, int type) {
  const OwnedFd other = scratch.other();
  struct flock lock;
  std::memset(&lock, 0, sizeof lock);
  lock.l_type = static_cast<short>(type);
  return ::fcntl(other.get(), F_OFD_SETLK, &lock) == 0;
}
inline bool is_flock_free(const Scratch& scratch, int operation) {
  const OwnedFd other = scratch.other();
  return ::flock(other.get(), operation | LOCK_NB) == 0;
}

// The kernel cannot write without the description's O_APPEND.
inline const std::vector<Operation::Translation> of_writes = {{SYS_pwritev2, ENOSYS, EOPNOTSUPP},
                                                              {SYS_pwritev2, EPERM, EOPNOTSUPP}};
// What is not found is not there any more; before Linux 5.8, /proc is the only way left.
inline const std::vector<Operation::Translation> of_mounts = {
    {SYS_openat, 0, ENOENT}, {SYS_openat2, 0, ENOENT}, {SYS_statx, 0, ENOENT}, {-1, 0, ENOSYS}};

// Whether this machine allows to mount file systems.
inline bool can_mount(Sweep& sweep) {
  if (is_root() && is_isolated()) return true;
  sweep.skip("needs root");
  return false;
}

// An unpredictable name, the same in each run.
inline const std::string name_of_cgroup = "sysfd-sweep-" + std::to_string(std::random_device()());

// Becomes a service that was given two descriptors, 3 and 4.
struct Activated {
  Activated() {
    for (const int number : {3, 4}) {
      const int pair = ::memfd_create("given", 0);
      if (pair != number && (::dup2(pair, number) != number || ::close(pair) != 0)) std::abort();
    }
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_FDNAMES", "one:two", 1);
    ::unsetenv("LISTEN_PIDFDID");
  }
  ~Activated() {
    for (const int number : {3, 4})
      if (is_open(number)) ::close(number);
  }
  Activated(const Activated&) = delete;
  Activated& operator=(const Activated&) = delete;
};

inline OwnedFd listener() {
  OwnedFd socket = OwnedFd::adopt(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)) != 0 ||
      ::listen(socket.get(), 5) != 0)
    std::abort();
  return socket;
}

inline Command program(const char* word) {
  return Command(sweep_program()).arg(word);
}

// A child that runs until it is killed.
inline Child waiting_child() {
  return must(program("wait").spawn());
}

// A child that has ended with status 7, and is not reaped.
inline Child ended_child() {
  Child child = must(program("exit").spawn());
  pollfd entry{child.pidfd().fd().get(), POLLIN, 0};
  while (::poll(&entry, 1, -1) != 1) {
  }
  return child;
}

// Calls `body` in a copy of this process. Returns the exit code, which `body` returns, or -errno.
template <class Body>
int in_copy(Body body) {
  const pid_t copy = ::fork();
  if (copy < 0) return -errno;
  if (copy == 0) ::_exit(body());
  int status = 0;
  while (::waitpid(copy, &status, 0) == -1 && errno == EINTR) {
  }
  return WEXITSTATUS(status);
}

// The same of a copy that becomes another program, unless `exec` returns an errno value. Returns 0,
// or that as -errno.
template <class Exec>
int exec_in_copy(Exec exec) {
  const int code = in_copy([&] { return exec() + 100; });
  if (code < 0) return code;
  return code == 0 || code == 7 ? 0 : 100 - code;
}

// Operation::leaves_child_without: a child that cannot be killed is left running.
inline const std::vector<long> kills = {SYS_pidfd_send_signal, SYS_kill};

// The error that an operation is to have is its success.
template <class Result>
sysfd::Result<> expect_error(const Result& result, std::errc wanted) {
  if (result.has_value()) return std::unexpected(std::make_error_code(std::errc::bad_message));
  if (std::error_code(result.error()) == wanted) return {};
  return std::unexpected(std::error_code(result.error()));
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_FAULTS_SUBJECTS_HPP
