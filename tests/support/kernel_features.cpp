// SPDX-License-Identifier: MIT
#include "support/kernel_features.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <map>

#include <sysfd/owned_fd.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

OwnedFd pidfd_of(pid_t pid) {
  return OwnedFd::adopt(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

// True if that is the answer of a kernel that lacks a call, or of a filter that refuses it.
bool is_refused(int error) {
  return error == ENOSYS || error == EPERM || error == EACCES;
}

// True if the kernel knows the call: it fails because of its arguments, and not because there is no
// such call.
bool is_known(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
  return ::syscall(number, a, b, c, d, e) != -1 || !is_refused(errno);
}

// Returns a pidfd of a child that has ended and was reaped, by us or, if SIGCHLD is ignored, by the
// kernel.
OwnedFd pidfd_of_the_reaped() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    ::close(ends[1]);
    char byte;
    while (::read(ends[0], &byte, 1) == -1 && errno == EINTR) {
    }
    ::_exit(0);
  }
  OwnedFd pidfd = pidfd_of(child);
  ::close(ends[0]);
  ::close(ends[1]);
  while (::waitpid(child, nullptr, 0) == -1 && errno == EINTR) {
  }
  return pidfd;
}

using Info = std::array<std::uint64_t, 11>;  // struct pidfd_info; the first is the mask

bool get_info(const OwnedFd& pidfd, std::uint64_t asked) {
  Info info{asked};
  return ::ioctl(pidfd.get(), _IOWR(0xFF, 11, Info), info.data()) == 0 && (info[0] & asked) != 0;
}

struct Handle {
  std::uint32_t size = 128;
  std::int32_t type = 0;
  std::array<std::byte, 128> bytes{};
};

bool name_to_handle(int directory, const char* path, int flags) {
  Handle handle;
  std::uint64_t mount = 0;
  return ::syscall(SYS_name_to_handle_at, directory, path, &handle, &mount, flags) == 0;
}

bool open_by_handle(int mount, std::uint64_t content, std::uint32_t size, std::int32_t type) {
  Handle handle{.size = size, .type = type};
  __builtin_memcpy(handle.bytes.data(), &content, sizeof content);
  // A descriptor that is no pidfs root fails with EBADF; the handle belongs to no file.
  const long fd = ::syscall(SYS_open_by_handle_at, mount, &handle, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) ::close(static_cast<int>(fd));
  return fd >= 0 || (errno != EBADF && !is_refused(errno));
}

// Makes a child that ends at once, if the kernel knows these flags.
bool clone_with(std::uint64_t flags, std::uint64_t exit_signal) {
  clone_args arguments{};
  int pidfd = -1;
  arguments.flags = flags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = exit_signal;
  const long child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) ::_exit(0);
  if (child < 0) return false;
  pollfd entry{pidfd, POLLIN, 0};
  ::poll(&entry, 1, -1);
  if (exit_signal != 0) ::waitpid(static_cast<pid_t>(child), nullptr, 0);
  ::close(pidfd);
  return true;
}

bool has_namespace_ioctls() {
  const int fd = ::ioctl(pidfd_of(::getpid()).get(), _IO(0xFF, 10), 0);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

bool has_peer_pidfd() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  const OwnedFd first = OwnedFd::adopt(ends[0]);
  const OwnedFd second = OwnedFd::adopt(ends[1]);
  int fd = -1;
  socklen_t size = sizeof fd;
  constexpr int so_peerpidfd = 77;
  if (::getsockopt(first.get(), SOL_SOCKET, so_peerpidfd, &fd, &size) != 0) return false;
  ::close(fd);
  return true;
}

bool has_pidfs() {
  struct statfs file_system{};
  return ::fstatfs(pidfd_of(::getpid()).get(), &file_system) == 0 &&
         file_system.f_type == 0x50494446;
}

bool opens_pidfd_of_thread() {
  const long fd = ::syscall(SYS_pidfd_open, ::gettid(), O_EXCL);
  if (fd >= 0) ::close(static_cast<int>(fd));
  return fd >= 0;
}

bool reports_reaping() {
  const OwnedFd pidfd = pidfd_of_the_reaped();
  pollfd entry{pidfd.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0;
}

bool has_unique_mount_ids() {
  struct statx status{};
  constexpr unsigned mount_id_unique = 0x4000;  // STATX_MNT_ID_UNIQUE
  return ::statx(AT_FDCWD, "/", 0, mount_id_unique, &status) == 0 &&
         (status.stx_mask & mount_id_unique) != 0;
}

// Only cgroups below the root have that file.
bool has_cgroup_kill() {
  for (const std::string root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    struct statfs file_system{};
    constexpr auto cgroup2 = 0x63677270;
    if (::statfs(root.c_str(), &file_system) != 0 || file_system.f_type != cgroup2) continue;
    std::string path = root + "/probe-XXXXXX";
    if (!::mkdtemp(path.data())) continue;
    const bool answer = ::access((path + "/cgroup.kill").c_str(), F_OK) == 0;
    ::rmdir(path.c_str());
    return answer;
  }
  return false;
}

bool has_socket_option(int option) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  const OwnedFd first = OwnedFd::adopt(ends[0]);
  const OwnedFd second = OwnedFd::adopt(ends[1]);
  constexpr int on = 1;
  return ::setsockopt(first.get(), SOL_SOCKET, option, &on, sizeof on) == 0;
}

bool knows_write_flags(int flags) {
  const OwnedFd file = OwnedFd::adopt(::memfd_create("probe", MFD_CLOEXEC));
  char byte = 0;
  const iovec data{&byte, 1};
  return ::pwritev2(file.get(), &data, 1, 0, flags) == 1;
}

bool knows_noexec_seal() {
  const int fd = ::memfd_create("probe", MFD_CLOEXEC | 8);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

constexpr int handle_fid = 0x200;
constexpr int handle_mount_unique = 0x001;
constexpr std::uint64_t autoreap = 1ULL << 34;
constexpr std::uint64_t autokill = 1ULL << 36;
constexpr std::uint64_t into_cgroup = 1ULL << 33;
constexpr std::uint64_t clear_sighand = 1ULL << 32;

constexpr KernelFeature features[] = {
    {"name_to_handle_at and open_by_handle_at", "2.6.39",
     [] {
       // Who may not open handles gets EPERM.
       return is_known(SYS_name_to_handle_at, -1) &&
              (::syscall(SYS_open_by_handle_at, -1, nullptr, 0) != -1 || errno != ENOSYS);
     }},
    {"pidfd_send_signal", "5.1", [] { return is_known(SYS_pidfd_send_signal, -1); }},
    {"pidfd_open", "5.3", [] { return is_known(SYS_pidfd_open, -1); }},
    {"waitid by pidfd", "5.4",
     [] {
       const OwnedFd pidfd = pidfd_of(::getpid());
       return ::syscall(SYS_waitid, 3, pidfd.get(), nullptr, WEXITED | WNOHANG, nullptr) == -1 &&
              errno == ECHILD;
     }},
    {"clone3 with CLONE_CLEAR_SIGHAND", "5.5", [] { return clone_with(clear_sighand, SIGCHLD); }},
    {"pidfd_getfd", "5.6", [] { return is_known(SYS_pidfd_getfd, -1); }},
    {"CLONE_INTO_CGROUP", "5.7",
     [] {
       clone_args arguments{};
       arguments.flags = into_cgroup;
       arguments.exit_signal = SIGCHLD;
       arguments.cgroup = 0xffff;
       return ::syscall(SYS_clone3, &arguments, sizeof arguments) == -1 && errno == EBADF;
     }},
    {"setns by pidfd", "5.8",
     [] { return ::syscall(SYS_setns, pidfd_of(::getpid()).get(), 0) == -1 && errno == EINVAL; }},
    {"close_range with UNSHARE and CLOEXEC", "5.11",
     [] { return ::syscall(SYS_close_range, ~0U, ~0U, 4) == 0; }},
    {"process_madvise", "5.10", [] { return is_known(SYS_process_madvise, -1); }},
    {"Landlock", "5.13", [] { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 1; }},
    {"cgroup.kill", "5.14", has_cgroup_kill},
    {"process_mrelease", "5.15", [] { return is_known(SYS_process_mrelease, -1); }},
    {"MFD_NOEXEC_SEAL", "6.3", knows_noexec_seal},
    {"SO_PEERPIDFD", "6.5", has_peer_pidfd},
    {"SO_PASSPIDFD", "6.5", [] { return has_socket_option(76); }},
    {"AT_HANDLE_FID", "6.5", [] { return name_to_handle(AT_FDCWD, "/tmp", handle_fid); }},
    {"statmount and listmount", "6.8", [] { return is_known(457) && is_known(458); }},
    {"unique mount IDs of statx", "6.8", has_unique_mount_ids},
    {"inode numbers of pidfds", "6.9", has_pidfs},
    {"PIDFD_THREAD", "6.9", opens_pidfd_of_thread},
    {"scopes of pidfd_send_signal", "6.9",
     [] {
       return ::syscall(SYS_pidfd_send_signal, pidfd_of(::getpid()).get(), 0, nullptr, 2) == 0;
     }},
    {"POLLHUP of a reaped process", "6.9", reports_reaping},
    {"RWF_NOAPPEND", "6.9", [] { return knows_write_flags(0x20); }},
    {"F_DUPFD_QUERY", "6.10",
     [] {
       const OwnedFd self = pidfd_of(::getpid());
       return ::fcntl(self.get(), 1027, self.get()) == 1;
     }},
    {"PIDFD_GET_..._NAMESPACE", "6.11", has_namespace_ioctls},
    {"AT_HANDLE_MNT_ID_UNIQUE", "6.12",
     [] { return name_to_handle(AT_FDCWD, "/tmp", handle_mount_unique); }},
    {"PIDFD_GET_INFO", "6.13", [] { return get_info(pidfd_of(::getpid()), 1); }},
    {"AT_HANDLE_CONNECTABLE", "6.13",
     [] {
       // A file system without support fails with another error than a kernel without it.
       return name_to_handle(AT_FDCWD, "/tmp", 2) || (errno != EINVAL && !is_refused(errno));
     }},
    {"file handles of pidfds", "6.14",
     [] { return name_to_handle(pidfd_of(::getpid()).get(), "", AT_EMPTY_PATH); }},
    {"PIDFD_INFO_EXIT", "6.15", [] { return get_info(pidfd_of_the_reaped(), 1 << 3); }},
    {"PIDFD_INFO_COREDUMP", "6.16", [] { return get_info(pidfd_of(::getpid()), 1 << 4); }},
    {"SO_PASSRIGHTS", "6.16", [] { return has_socket_option(83); }},
    {"FD_PIDFS_ROOT", "6.17", [] { return open_by_handle(-10002, 1, 8, 0xfe); }},
    {"FD_NSFS_ROOT", "6.18", [] { return open_by_handle(-10003, 1, 16, 0xf1); }},
    {"CLONE_AUTOREAP", "7.1", [] { return clone_with(autoreap, 0); }},
    {"CLONE_PIDFD_AUTOKILL", "7.1", [] { return clone_with(autoreap | autokill, 0); }},
};

const KernelFeature& feature(std::string_view name) {
  for (const KernelFeature& each : features)
    if (each.name == name) return each;
  std::abort();
}

}  // namespace

std::span<const KernelFeature> kernel_features() {
  return features;
}

bool kernel_has(std::string_view name) {
  static std::map<std::string_view, bool> known;
  const KernelFeature& asked = feature(name);
  const auto found = known.find(asked.name);
  if (found != known.end()) return found->second;
  return known[asked.name] = asked.is_there();
}

std::string needs(std::string_view name) {
  const KernelFeature& asked = feature(name);
  return std::string("needs ") + asked.name + " (Linux " + asked.since + ')';
}

}  // namespace sysfd_test
