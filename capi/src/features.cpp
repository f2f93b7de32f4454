// SPDX-License-Identifier: MIT
//
// Which system calls and flags are allowed here: found by harmless calls, most of which fail for
// what they are given.
#include <fcntl.h>
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
#include <climits>
#include <string>

#include <sysfd/detail/refusal.hpp>
#include <sysfd/detail/statx.hpp>

#include "convert.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)

namespace {

// What the probes share. A descriptor that could not be made has the number -1.
struct Probe {
  int pidfd = -1;  // of this process
  int memfd = -1;
  std::array<int, 2> sockets = {-1, -1};

  Probe()
      : pidfd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))),
        memfd(::memfd_create("probe", MFD_CLOEXEC)) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0)
      sockets = {-1, -1};
  }
  ~Probe() {
    for (const int fd : {pidfd, memfd, sockets[0], sockets[1]})
      if (fd >= 0) ::close(fd);
  }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
};

// 0 or errno.
int error_of(long answer) noexcept {
  return answer == -1 ? errno : 0;
}
bool is_refused(int error) noexcept {
  return sysfd::detail::is_refusal(-error);
}
// The call is made with arguments that it refuses by another error.
template <class... Arguments>
bool is_known(long number, Arguments... arguments) noexcept {
  return !is_refused(error_of(::syscall(number, arguments...)));
}
// A call that makes a descriptor.
bool makes_descriptor(long answer) noexcept {
  if (answer >= 0) ::close(static_cast<int>(answer));
  return answer >= 0;
}

// clone3(2) into a cgroup that is no descriptor: EBADF if the flags are known, before there is a
// process.
bool knows_clone_flags(std::uint64_t flags, std::uint64_t exit_signal) noexcept {
  constexpr std::uint64_t into_cgroup = 1ULL << 33;
  int pidfd = -1;
  std::array<std::uint64_t, 11> arguments{};  // struct clone_args
  arguments[0] = flags | into_cgroup;
  arguments[1] = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments[4] = exit_signal;
  arguments[10] = INT_MAX;
  const long child = ::syscall(SYS_clone3, arguments.data(), sizeof arguments);
  if (child == -1) return errno == EBADF;
  if (child == 0) ::_exit(0);  // only on a kernel that is not Linux
  ::waitpid(static_cast<pid_t>(child), nullptr, __WALL);
  return false;
}

struct Handle {  // struct file_handle
  std::uint32_t size = 128;
  std::int32_t type = 0;
  std::array<std::byte, 128> bytes{};
};

bool knows_handle_flag(int flag) noexcept {
  Handle handle;
  std::uint64_t mount = 0;
  const int error =
      error_of(::syscall(SYS_name_to_handle_at, AT_FDCWD, "/", &handle, &mount, flag));
  return error != EINVAL && !is_refused(error);
}

// A handle of nothing: a root that is not known is EBADF.
bool knows_root(int root, std::uint32_t size, std::int32_t type) noexcept {
  Handle handle{.size = size, .type = type};
  const long fd = ::syscall(SYS_open_by_handle_at, root, &handle, O_RDONLY | O_CLOEXEC);
  return makes_descriptor(fd) || (errno != EBADF && errno != EINVAL && !is_refused(errno));
}

bool knows_write_flag(const Probe& probe, int flag) noexcept {
  char byte = 0;
  const iovec data{&byte, 1};
  return ::syscall(SYS_pwritev2, probe.memfd, &data, 1, 0, 0, flag) == 1;
}

bool has_unique_mount_ids() noexcept {
  using sysfd::detail::statx_unique_mount_id;
  sysfd::detail::Statx status;
  return ::syscall(SYS_statx, AT_FDCWD, "/", 0, statx_unique_mount_id, &status) == 0 &&
         (status.mask & statx_unique_mount_id) != 0;
}

bool knows_socket_option(const Probe& probe, int option) noexcept {
  constexpr int on = 1;
  return ::setsockopt(probe.sockets[0], SOL_SOCKET, option, &on, sizeof on) == 0;
}

bool has_peer_pidfd(const Probe& probe) noexcept {
  int fd = -1;
  socklen_t size = sizeof fd;
  constexpr int so_peerpidfd = 77;
  return ::getsockopt(probe.sockets[0], SOL_SOCKET, so_peerpidfd, &fd, &size) == 0 &&
         makes_descriptor(fd);
}

bool has_pidfs(const Probe& probe) noexcept {
  struct statfs file_system{};
  return ::fstatfs(probe.pidfd, &file_system) == 0 && file_system.f_type == 0x50494446;
}

bool has_pidfd_info(const Probe& probe) noexcept {
  using Info = std::array<std::uint64_t, 8>;  // struct pidfd_info, as it was first
  Info info{1};
  return ::ioctl(probe.pidfd, _IOWR(0xFF, 11, Info), info.data()) == 0;
}

bool has_pidfd_handles(const Probe& probe) noexcept {
  Handle handle;
  std::uint64_t mount = 0;
  return ::syscall(SYS_name_to_handle_at, probe.pidfd, "", &handle, &mount, AT_EMPTY_PATH) == 0;
}

constexpr int chld = 17;  // SIGCHLD
constexpr std::uint64_t with_pidfd = 0x1000, clear_sighand = 1ULL << 32, autoreap = 1ULL << 34,
                        no_new_privileges = 1ULL << 35, autokill = 1ULL << 36;

struct Feature {
  const char* name;
  const char* since;
  bool (*is_there)(const Probe&);
};

// In the order of SYSFD_FEATURE_....
constexpr std::array<Feature, SYSFD_FEATURE_COUNT> features = {{
    {"name_to_handle_at and open_by_handle_at", "2.6.39",
     [](const Probe&) {
       Handle handle;  // valgrind looks at pointers, also at those that the kernel ignores
       int mount = 0;
       return is_known(SYS_name_to_handle_at, -1, "name", &handle, &mount, 0) &&
              error_of(::syscall(SYS_open_by_handle_at, -1, &handle, 0)) != ENOSYS;
     }},
    {"pidfd_send_signal", "5.1",
     [](const Probe&) { return is_known(SYS_pidfd_send_signal, -1, 0, nullptr, 0); }},
    {"pidfd_open", "5.3", [](const Probe& probe) { return probe.pidfd >= 0; }},
    {"waitid by pidfd", "5.4",
     [](const Probe& probe) {
       constexpr int by_pidfd = 3;
       siginfo_t info;
       return error_of(::syscall(SYS_waitid, by_pidfd, probe.pidfd, &info, WEXITED | WNOHANG,
                                 nullptr)) == ECHILD;
     }},
    {"clone3 with CLONE_CLEAR_SIGHAND", "5.5",
     [](const Probe&) { return knows_clone_flags(clear_sighand | with_pidfd, chld); }},
    {"pidfd_getfd", "5.6", [](const Probe&) { return is_known(SYS_pidfd_getfd, -1, -1, 0); }},
    {"CLONE_INTO_CGROUP", "5.7", [](const Probe&) { return knows_clone_flags(0, chld); }},
    {"openat2", "5.6", [](const Probe&) { return is_known(SYS_openat2, -1, nullptr, nullptr, 0); }},
    {"close_range with CLOSE_RANGE_CLOEXEC", "5.11",
     [](const Probe&) { return ::syscall(SYS_close_range, ~0U, ~0U, 4) == 0; }},
    {"process_madvise", "5.10",
     [](const Probe&) { return is_known(SYS_process_madvise, -1, nullptr, 0, 0, 0); }},
    {"process_mrelease", "5.15", [](const Probe&) { return is_known(448, -1, 0); }},
    {"MFD_NOEXEC_SEAL", "6.3",
     [](const Probe&) { return makes_descriptor(::memfd_create("probe", MFD_CLOEXEC | 8)); }},
    {"SO_PEERPIDFD", "6.5", has_peer_pidfd},
    {"SO_PASSPIDFD", "6.5", [](const Probe& probe) { return knows_socket_option(probe, 76); }},
    {"AT_HANDLE_FID", "6.5", [](const Probe&) { return knows_handle_flag(0x200); }},
    {"statmount and listmount", "6.8",
     [](const Probe&) {
       return is_known(457, nullptr, nullptr, 0, 0) && is_known(458, nullptr, nullptr, 0, 0);
     }},
    {"unique mount IDs of statx", "6.8", [](const Probe&) { return has_unique_mount_ids(); }},
    {"inode numbers of pidfds", "6.9", has_pidfs},
    {"PIDFD_THREAD", "6.9",
     [](const Probe&) { return makes_descriptor(::syscall(SYS_pidfd_open, ::gettid(), O_EXCL)); }},
    {"scopes of pidfd_send_signal", "6.9",
     [](const Probe& probe) {
       return ::syscall(SYS_pidfd_send_signal, probe.pidfd, 0, nullptr, 2) == 0;
     }},
    {"RWF_NOAPPEND", "6.9", [](const Probe& probe) { return knows_write_flag(probe, 0x20); }},
    {"F_DUPFD_QUERY", "6.10",
     [](const Probe& probe) { return ::fcntl(probe.memfd, 1027, probe.memfd) == 1; }},
    {"kcmp", "3.5",
     [](const Probe& probe) {
       return ::syscall(SYS_kcmp, ::getpid(), ::getpid(), 0, probe.memfd, probe.memfd) == 0;
     }},
    {"PIDFD_GET_..._NAMESPACE", "6.11",
     [](const Probe& probe) { return makes_descriptor(::ioctl(probe.pidfd, _IO(0xFF, 10), 0)); }},
    {"AT_HANDLE_MNT_ID_UNIQUE", "6.12", [](const Probe&) { return knows_handle_flag(0x001); }},
    {"PIDFD_GET_INFO", "6.13", has_pidfd_info},
    {"AT_HANDLE_CONNECTABLE", "6.13", [](const Probe&) { return knows_handle_flag(0x002); }},
    {"file handles of pidfds", "6.14", has_pidfd_handles},
    {"SO_PASSRIGHTS", "6.16", [](const Probe& probe) { return knows_socket_option(probe, 83); }},
    {"FD_PIDFS_ROOT", "6.17", [](const Probe&) { return knows_root(SYSFD_PIDFS_ROOT, 8, 0xfe); }},
    {"FD_NSFS_ROOT", "6.18", [](const Probe&) { return knows_root(SYSFD_NSFS_ROOT, 16, 0xf1); }},
    {"CLONE_AUTOREAP", "7.1",
     [](const Probe&) { return knows_clone_flags(with_pidfd | autoreap, 0); }},
    {"CLONE_PIDFD_AUTOKILL", "7.1",
     [](const Probe&) {
       return knows_clone_flags(with_pidfd | autoreap | autokill, 0) ||
              knows_clone_flags(with_pidfd | autoreap | no_new_privileges | autokill, 0);
     }},
    {"Landlock", "5.13",
     [](const Probe&) { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 1; }},
}};

bool has(std::uint64_t set, std::size_t feature) noexcept {
  return (set >> feature & 1) != 0;
}

}  // namespace

uint64_t sysfd_features(void) {
  const int error = errno;
  const Probe probe;
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < features.size(); ++i)
    if (features[i].is_there(probe)) found |= std::uint64_t{1} << i;
  errno = error;
  return found;
}

int sysfd_features_text(uint64_t set, char* buffer, size_t size) {
  return without_exceptions([&] {
    std::string text;
    for (std::size_t i = 0; i < features.size(); ++i)
      text.append(has(set, i) ? "yes  " : "no   ")
          .append(features[i].name)
          .append(" (Linux ")
          .append(features[i].since)
          .append(")\n");
    return write_text(text, buffer, size);
  });
}

int sysfd_feature_name(int feature, char* buffer, size_t size) {
  if (feature < 0 || feature >= SYSFD_FEATURE_COUNT) return -EINVAL;
  return write_text(features[static_cast<std::size_t>(feature)].name, buffer, size);
}
