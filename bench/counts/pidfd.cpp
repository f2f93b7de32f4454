// SPDX-License-Identifier: MIT
//
// Operations on processes, but for those of pidfd_wait.cpp.
#include <sysfd/pidfd.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>

#include <sysfd/create.hpp>

#include "counts/children.hpp"
#include "counts/operation.hpp"
#include "counts/raw_handle.hpp"

extern "C" {  // which glibc 2.36 has forgotten there
#include <sys/pidfd.h>
}

namespace sysfd_bench {
namespace {

using sysfd::PidFd;

// This process, for what is only asked. In a copy it is the parent.
const PidFd& process() {
  static const PidFd made = require(PidFd::self(), "pidfd_open");
  return made;
}

// PIDFD_GET_INFO of linux/pidfd.h, which cannot be included beside <fcntl.h>.
struct RawInfo {
  std::uint64_t mask, cgroup_id;
  std::uint32_t pid, tgid, ppid;
  std::array<std::uint32_t, 8> ids;
  std::int32_t exit_code;
  std::uint32_t coredump_mask, coredump_signal, coredump_code, padding;
  std::uint64_t supported_mask;
};
constexpr std::uint64_t info_pid = 0x1, info_credentials = 0x2, info_cgroup = 0x4, info_exit = 0x8,
                        info_coredump = 0x10, info_coredump_signal = 0x40,
                        info_coredump_code = 0x80;

RawInfo get_info(int fd, std::uint64_t wanted) {
  RawInfo info{};
  info.mask = wanted;
  checked(::ioctl(fd, _IOWR(0xFF, 11, RawInfo), &info));
  if ((info.mask & (info_pid | info_exit)) == 0) give_up("in the middle of the reaping");
  return info;
}

// What is known, taken apart from what is not, as our ProcessInfo has it: the kernel says so by
// bits of a mask, and by numbers that are zero.
struct RawProcess {
  struct Number {
    bool is_known;
    std::uint32_t value;
  };
  Number pid, process, parent;
  bool has_credentials;
  std::array<std::uint32_t, 8> ids;
  bool has_cgroup;
  std::uint64_t cgroup;
  bool has_ended;
  int wait_status;
  bool has_coredump;
  std::uint32_t coredump;
  Number coredump_signal, coredump_code;
};

RawProcess get_process(int fd) {
  const RawInfo info = get_info(fd, info_pid | info_credentials | info_cgroup | info_exit |
                                        info_coredump | info_coredump_signal | info_coredump_code);
  RawProcess process{};
  if (info.mask & info_pid) {
    process.pid = {info.pid != 0, info.pid};
    process.process = {info.tgid != 0, info.tgid};
    process.parent = {info.ppid != 0, info.ppid};
  }
  if (info.mask & info_credentials) {
    process.has_credentials = true;
    process.ids = info.ids;
  }
  if (info.mask & info_cgroup) {
    process.has_cgroup = true;
    process.cgroup = info.cgroup_id;
  }
  if (info.mask & info_exit) {
    process.has_ended = true;
    process.wait_status = info.exit_code;
  }
  if (info.mask & info_coredump) {
    process.has_coredump = true;
    process.coredump = info.coredump_mask;
    if (info.mask & info_coredump_signal) process.coredump_signal = {true, info.coredump_signal};
    if (info.mask & info_coredump_code) process.coredump_code = {true, info.coredump_code};
  }
  return process;
}

std::uint64_t get_id(int fd) {
  const RawNamed named = checked_name(fd, "", AT_EMPTY_PATH);
  std::uint64_t id = 0;
  if (named.handle.size != sizeof id) give_up("no identity");
  std::memcpy(&id, named.handle.bytes, sizeof id);
  return id;
}

void add_makers(Operations& operations) {
  static const int raw = process().fd().get();
  static const pid_t pid = ::getpid();
  operations.push_back(compare(
      "pidfd: open", [] { return RawFd(::pidfd_open(pid, 0)); }, [] { return PidFd::open(pid); }));
  operations.push_back(compare(
      "pidfd: open, nonblocking", [] { return RawFd(::pidfd_open(pid, O_NONBLOCK)); },
      [] { return PidFd::open(pid, {.nonblocking = true}); }));
  operations.push_back(compare(
      "pidfd: self", [] { return RawFd(::pidfd_open(::getpid(), 0)); },
      [] { return PidFd::self(); }));

  static const std::uint64_t raw_id = process().id() ? process().id()->value() : 0;
  operations.push_back(compare(
      "pidfd: from_id",
      [] {
        constexpr int pidfs_root = -10002, kernfs_type = 0xfe;
        RawHandle handle;
        handle.size = sizeof raw_id;
        handle.type = kernfs_type;
        std::memcpy(handle.bytes, &raw_id, sizeof raw_id);
        const long fd =
            checked(::syscall(SYS_open_by_handle_at, pidfs_root, &handle, O_RDWR | O_CLOEXEC));
        const RawInfo info = get_info(static_cast<int>(fd), info_pid);
        if (info.pid != info.tgid) give_up("a thread");
        return RawFd(fd);
      },
      [] { return PidFd::from_id(sysfd::ProcessId(raw_id)); }));

  static const auto pair = require(sysfd::socket_pair(SOCK_STREAM), "socketpair");
  static const int raw_socket = pair.first.get();
  operations.push_back(compare(
      "pidfd: of_peer",
      [] {
        constexpr int so_peerpidfd = 77;
        int fd = -1;
        socklen_t size = sizeof fd;
        checked(::getsockopt(raw_socket, SOL_SOCKET, so_peerpidfd, &fd, &size));
        return RawFd(fd);
      },
      [] { return PidFd::of_peer(pair.first); }));

  static std::optional<sysfd::OwnedFd> given;
  const Around with_given{.before = [] { given = require(process().fd().duplicate(), "dup"); }};
  operations.push_back(compare(
      "pidfd: adopt",
      [] {
        // It need not be a child's: a pidfd it is in both cases.
        const int fd = given->get();
        if (::waitid(P_PIDFD, static_cast<id_t>(fd), nullptr,
                     WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 &&
            errno != ECHILD)
          give_up("waitid");
        return fd;
      },
      [] { return PidFd::adopt(*std::move(given)); }, with_given));
  operations.push_back(compare(
      "pidfd: get_fd", [] { return RawFd(::pidfd_getfd(raw, 1, 0)); },
      [] { return process().get_fd(sysfd::ForeignFd{1}); }));
}

void add_signals(Operations& operations) {
  static const PidFd& ours = process();
  static const int raw = ours.fd().get();
  operations.push_back(compare(
      "pidfd: send_signal", [] { checked(::pidfd_send_signal(raw, 0, nullptr, 0)); },
      [] { return ours.send_signal(0); }));
  operations.push_back(compare(
      "pidfd: send_signal with a value",
      [] {
        siginfo_t info{};
        info.si_signo = 0;
        info.si_code = SI_QUEUE;
        info.si_pid = ::getpid();
        info.si_uid = ::getuid();
        info.si_value.sival_int = 7;
        checked(::pidfd_send_signal(raw, 0, &info, 0));
      },
      [] { return ours.send_signal(0, sigval{.sival_int = 7}); }));
}

void add_questions(Operations& operations) {
  static const PidFd& ours = process();
  static const int raw = ours.fd().get();
  operations.push_back(
      compare("pidfd: pid", [] { return get_info(raw, info_pid).pid; }, [] { return ours.pid(); }));
  operations.push_back(
      compare("pidfd: info", [] { return get_process(raw); }, [] { return ours.info(); }));
  operations.push_back(compare("pidfd: id", [] { return get_id(raw); }, [] { return ours.id(); }));
  static const PidFd again = require(PidFd::self(), "pidfd_open");
  static const int raw_again = again.fd().get();
  operations.push_back(compare(
      "pidfd: same_process", [] { return get_id(raw) == get_id(raw_again); },
      [] { return sysfd::same_process(ours, again); }));
}

// With nothing mounted over it.
long open_in_proc(const RawFd& proc, const char* path, unsigned flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  return checked(::syscall(SYS_openat2, proc.number, path, &how, sizeof how));
}

// /proc/<pid>, if it is this process's and of this pid namespace.
RawFd open_proc(int fd) {
  std::array<char, 32> path;
  std::snprintf(path.data(), path.size(), "%d", static_cast<int>(get_info(fd, info_pid).pid));
  const RawFd proc(::openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct statfs file_system;
  checked(::fstatfs(proc.number, &file_system));
  if (file_system.f_type != PROC_SUPER_MAGIC) give_up("no /proc");
  const long directory = open_in_proc(proc, path.data(), O_RDONLY | O_DIRECTORY);
  (void)get_info(fd, info_pid);
  const RawFd status(open_in_proc(proc, "thread-self/status", O_RDONLY));
  std::array<char, 4096> text;
  const long size = checked(::pread(status.number, text.data(), text.size() - 1, 0));
  text[static_cast<std::size_t>(size)] = '\0';
  const char* const label = "\nNSpid:\t";
  const char* numbers = std::strstr(text.data(), label);
  if (!numbers) give_up("no NSpid");
  numbers += std::strlen(label);
  if (std::memchr(numbers, '\t', std::strcspn(numbers, "\n"))) give_up("another pid namespace");
  return RawFd(directory);
}

void add_surroundings(Operations& operations) {
  static const PidFd& ours = process();
  static const int raw = ours.fd().get();
  const auto get_namespace = [](unsigned number) {
    return [number] { return RawFd(::ioctl(raw, _IO(0xFF, number), 0)); };
  };
  operations.push_back(compare("pidfd: namespace_fd", get_namespace(10),
                               [] { return ours.namespace_fd(sysfd::Namespace::uts); }));
  operations.push_back(compare("pidfd: namespace_for_children", get_namespace(6),
                               [] { return ours.namespace_for_children(sysfd::Namespace::pid); }));
  operations.push_back(compare(
      "pidfd: enter_namespaces", [] { checked(::setns(raw, CLONE_NEWUTS)); },
      [] { return ours.enter_namespaces(sysfd::Namespace::uts); }));

  // The copy itself, whose number is as long each time.
  static std::optional<PidFd> self;
  const Around with_self{.before = [] { self = require(PidFd::self(), "pidfd_open"); }};
  operations.push_back(compare(
      "pidfd: proc_directory", [] { return open_proc(self->fd().get()); },
      [] { return self->proc_directory(); }, with_self));
}

void add_memory(Operations& operations) {
  static const PidFd& ours = process();
  static const int raw = ours.fd().get();
  static iovec range{
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096};
  operations.push_back(compare(
      "pidfd: advise_memory",
      [] { return checked(::process_madvise(raw, &range, 1, MADV_COLD, 0)); },
      [] { return ours.advise_memory(std::span(&range, 1), MADV_COLD); }));
  operations.push_back(compare(
      "pidfd: release_memory",
      [] {
        if (::syscall(SYS_process_mrelease, raw_child, 0) == -1 && errno != ESRCH)
          give_up("process_mrelease");
      },
      [] { return child->release_memory(); }, with_ended_child()));
}

}  // namespace

void add_pidfd(Operations& operations) {
  add_makers(operations);
  add_signals(operations);
  add_questions(operations);
  add_surroundings(operations);
  add_memory(operations);
  add_pidfd_waits(operations);
}

}  // namespace sysfd_bench
