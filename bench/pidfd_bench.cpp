// SPDX-License-Identifier: MIT
//
// Every operation of pidfd that calls the kernel, beside the raw calls. Left out: release_memory(),
// which needs a process that is being killed. Raw calls have no way to a process's identity but the
// file handle of its pidfd, which is what they do here.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/pidfd.hpp>

#include "support/pair.hpp"
#include "support/raw_handle.hpp"

namespace {

using sysfd::PidFd;
using sysfd_bench::add_pair;
using sysfd_bench::RawNamed;

constexpr unsigned p_pidfd = 3;

// ioctl PIDFD_GET_INFO, whose structure begins with what is asked.
long get_info(int pidfd, std::uint64_t asked) {
  std::array<std::uint64_t, 11> info{asked};
  const long answer = ::ioctl(pidfd, _IOWR(0xFF, 11, decltype(info)), info.data());
  benchmark::DoNotOptimize(info);
  return answer;
}

long get_handle(int pidfd, RawNamed& named) {
  return sysfd_bench::name_raw(pidfd, "", AT_EMPTY_PATH, named);
}

long open_pidfd(pid_t pid) {
  return ::syscall(SYS_pidfd_open, pid, 0);
}

long close_raw(long fd) {
  return ::close(static_cast<int>(fd));
}

// A child that has ended and that nobody has waited for.
pid_t make_zombie() {
  const pid_t child = ::vfork();
  if (child == 0) ::_exit(0);
  return child;
}

void add_processes(const PidFd& self) {
  const int number = self.fd().get();
  const pid_t pid = ::getpid();
  add_pair(
      "open, close", [=] { return close_raw(open_pidfd(pid)); }, [=] { return PidFd::open(pid); });
  add_pair(
      "self, close",
      [] { return close_raw(open_pidfd(static_cast<pid_t>(::syscall(SYS_getpid)))); },
      [] { return PidFd::self(); });
  add_pair(
      "adopt, close",
      [=] {
        const int copy = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
        ::syscall(SYS_waitid, p_pidfd, copy, nullptr, WEXITED | WNOHANG | WNOWAIT | __WALL,
                  nullptr);
        return ::close(copy);
      },
      [&] { return PidFd::adopt(*self.fd().duplicate()); });
  add_pair(
      "from_id, close",
      [=] {
        RawNamed named;
        get_handle(number, named);
        constexpr int pidfs_root = -10002;
        return close_raw(sysfd_bench::open_raw(pidfs_root, named.handle, 0));
      },
      [&] { return PidFd::from_id(*self.id()); });
  add_pair("pid", [=] { return get_info(number, 1); }, [&] { return self.pid(); });
  add_pair(
      "id",
      [=] {
        RawNamed named;
        return get_handle(number, named);
      },
      [&] { return self.id(); });
  add_pair("info", [=] { return get_info(number, 0xdf); }, [&] { return self.info(); });
  add_pair(
      "same_process",
      [=] {
        RawNamed left;
        RawNamed right;
        get_handle(number, left);
        return get_handle(number, right);
      },
      [&] { return sysfd::same_process(self, self); });
  add_pair(
      "proc_directory, close",
      [=] {
        get_info(number, 1);
        const std::string path = "/proc/" + std::to_string(pid);
        const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ::syscall(SYS_pidfd_send_signal, number, 0, nullptr, 0);
        return ::close(directory);
      },
      [&] { return self.proc_directory(); });
}

void add_signals_and_waits(const PidFd& self, const PidFd& child) {
  const int number = self.fd().get();
  const int child_number = child.fd().get();
  add_pair(
      "send_signal 0", [=] { return ::syscall(SYS_pidfd_send_signal, number, 0, nullptr, 0); },
      [&] { return self.send_signal(0); });
  add_pair(
      "send_signal SIGCHLD with a value",
      [=] {
        siginfo_t info{};
        info.si_signo = SIGCHLD;
        info.si_code = SI_QUEUE;
        info.si_pid = static_cast<pid_t>(::syscall(SYS_getpid));
        info.si_uid = ::getuid();
        info.si_value.sival_int = 7;
        return ::syscall(SYS_pidfd_send_signal, number, SIGCHLD, &info, 0);
      },
      [&] { return self.send_signal(SIGCHLD, sigval{.sival_int = 7}); });
  add_pair(
      "try_wait, still running",
      [=] {
        siginfo_t info{};
        return ::syscall(SYS_waitid, p_pidfd, child_number, &info, WEXITED | WNOHANG, nullptr);
      },
      [&] { return !child.try_wait(); });
  add_pair(
      "wait_for 0, still running",
      [=] {
        siginfo_t info{};
        return ::syscall(SYS_waitid, p_pidfd, child_number, &info, WEXITED | WNOHANG, nullptr);
      },
      [&] { return !child.wait_for(std::chrono::seconds(0)); });
  add_pair(
      "try_wait_event, still running",
      [=] {
        siginfo_t info{};
        return ::syscall(SYS_waitid, p_pidfd, child_number, &info, WEXITED | WNOHANG, nullptr);
      },
      [&] { return !child.try_wait_event(); });
  add_pair(
      "wait_any, none has ended",
      [=] {
        pollfd fds[] = {{child_number, POLLIN, 0}, {number, POLLIN, 0}};
        const timespec now{};
        return ::ppoll(fds, 2, &now, nullptr);
      },
      [&] {
        const PidFd* const processes[] = {&child, &self};
        return !sysfd::wait_any(processes, std::chrono::seconds(0));
      });
  add_pair(
      "vfork, open, wait, close",
      [] {
        const long pidfd = open_pidfd(make_zombie());
        siginfo_t info{};
        ::syscall(SYS_waitid, p_pidfd, pidfd, &info, WEXITED, nullptr);
        return close_raw(pidfd);
      },
      [] { return (*PidFd::open(make_zombie())).wait(); });
  add_pair(
      "vfork, open, wait_event, close",
      [] {
        const long pidfd = open_pidfd(make_zombie());
        siginfo_t info{};
        ::syscall(SYS_waitid, p_pidfd, pidfd, &info, WEXITED, nullptr);
        return close_raw(pidfd);
      },
      [] { return (*PidFd::open(make_zombie())).wait_event(); });
}

void add_what_it_has(const PidFd& self, sysfd::BorrowedFd socket) {
  const int number = self.fd().get();
  add_pair(
      "get_fd, close", [=] { return close_raw(::syscall(SYS_pidfd_getfd, number, 1, 0)); },
      [&] { return self.get_fd(sysfd::ForeignFd{1}); });
  add_pair(
      "of_peer, close",
      [=] {
        int pidfd = -1;
        socklen_t size = sizeof pidfd;
        constexpr int so_peerpidfd = 77;
        ::getsockopt(socket.get(), SOL_SOCKET, so_peerpidfd, &pidfd, &size);
        return ::close(pidfd);
      },
      [=] { return PidFd::of_peer(socket); });
  add_pair(
      "namespace_fd, close", [=] { return close_raw(::ioctl(number, _IO(0xFF, 4), 0)); },
      [&] { return self.namespace_fd(sysfd::Namespace::net); });
  add_pair(
      "namespace_for_children, close", [=] { return close_raw(::ioctl(number, _IO(0xFF, 6), 0)); },
      [&] { return self.namespace_for_children(sysfd::Namespace::pid); });
  add_pair(
      "enter_namespaces", [=] { return ::setns(number, CLONE_NEWNET); },
      [&] { return self.enter_namespaces(sysfd::Namespace::net); });
  alignas(4096) static std::array<std::byte, 4096> memory;
  add_pair(
      "advise_memory",
      [=] {
        const iovec range{memory.data(), memory.size()};
        return ::syscall(SYS_process_madvise, number, &range, 1, MADV_COLD, 0);
      },
      [&] {
        const iovec range{memory.data(), memory.size()};
        return self.advise_memory({&range, 1}, MADV_COLD);
      });
}

}  // namespace

int main(int argc, char** argv) {
  const PidFd self = *PidFd::self();
  const auto sockets = *sysfd::socket_pair(SOCK_STREAM);
  const auto pipe = *sysfd::pipe();
  // It ends when this process does, which closes the other end.
  const pid_t child_pid = ::fork();
  if (child_pid == 0) {
    ::close(pipe.write.get());
    char byte = 0;
    ::_exit(static_cast<int>(::read(pipe.read.get(), &byte, 1)));
  }
  const auto child = PidFd::open(child_pid);
  if (!child) return 2;
  add_processes(self);
  add_signals_and_waits(self, *child);
  add_what_it_has(self, sockets.first);
  return sysfd_bench::run_pairs(argc, argv);
}
