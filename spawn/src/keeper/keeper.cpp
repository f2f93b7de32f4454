// SPDX-License-Identifier: MIT
//
// The keeper of a tree of processes (Command::contain()): a program without a libc. It is the
// parent of the programs, and of all processes below them whose own parent has ended. It tells the
// owner how each program has ended, kills the tree when it is told to or when the owner's process
// ends, and ends itself when no process is left.
//
//     sysfd-keeper init|subreaper PROGRAM,... with-owner|alone [CGROUP]     all signals are blocked
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>

#include <sysfd/detail/raw_syscall.hpp>

#include "in_child/keeper_protocol.hpp"
#include "in_child/kernel.hpp"
#include "keeper/entry.hpp"

using namespace sysfd::detail;  // NOLINT(google-build-using-namespace)

namespace {

int to_number(const char* text) noexcept {
  int number = 0;
  for (; *text >= '0' && *text <= '9'; ++text)
    number = 10 * number + (*text - '0');
  return number;
}

void pause() noexcept {
  const timespec time{.tv_sec = 0, .tv_nsec = 1'000'000};
  system_call(SYS_nanosleep, &time, nullptr);
}

char* append(char* end, const char* text) noexcept {
  while (*text)
    *end++ = *text++;
  *end = '\0';
  return end;
}

char* append(char* end, int number) noexcept {
  char digits[12];
  char* first = digits + sizeof digits - 1;
  *first = '\0';
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return append(end, first);
}

// The numbers in a file of procfs, one by one.
class Numbers {
 public:
  // cppcheck-suppress uninitMemberVar; the bytes are those that are read
  explicit Numbers(const char* path) noexcept
      : fd_(static_cast<int>(system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC))) {}
  ~Numbers() {
    if (fd_ >= 0) system_call(SYS_close, fd_);
  }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;

  // 0 at the end.
  int next() noexcept {
    int number = 0;
    for (;;) {
      if (at_ == size_ && !read_more()) return number;
      // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): the kernel wrote it
      const char byte = bytes_[at_++];
      if (byte >= '0' && byte <= '9')
        number = 10 * number + (byte - '0');
      else if (number != 0)
        return number;
    }
  }

 private:
  bool read_more() noexcept {
    if (fd_ < 0) return false;
    const long answer = system_call_retried(SYS_read, fd_, bytes_, sizeof bytes_);
    at_ = 0;
    size_ = answer > 0 ? static_cast<int>(answer) : 0;
    return size_ > 0;
  }

  int fd_;
  int at_ = 0;
  int size_ = 0;
  char bytes_[512];
};

// The parent of a process as its /proc/<pid>/stat has it: the number behind its name, which may
// contain anything, and its state.
int parent_of(int pid) noexcept {
  char path[32];
  append(append(append(path, "/proc/"), pid), "/stat");
  const long fd = system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[256];
  const long size = system_call_retried(SYS_read, fd, text, sizeof text - 1);
  system_call(SYS_close, fd);
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* behind_name = nullptr;
  for (const char* each = text; *each; ++each)
    if (*each == ')') behind_name = each;
  return behind_name && size - (behind_name - text) > 4 ? to_number(behind_name + 4) : 0;
}

// The numbers of the programs, in the text of the argument: "12,13". That of one that has ended is
// overwritten with zeros.
class Programs {
 public:
  explicit Programs(char* text) noexcept : text_(text) {}

  // Forgets a program that has ended. Returns which one it is, from 0; -1: none of them.
  int forget(int number) noexcept {
    int which = 0;
    for (char* each = text_;; ++each, ++which) {
      const bool is_it = to_number(each) == number;
      for (; *each >= '0' && *each <= '9'; ++each)
        if (is_it) *each = '0';
      if (is_it) return which;
      if (*each == '\0') return -1;
    }
  }

  void kill() const noexcept {
    for (const char* each = text_;; ++each) {
      if (const int number = to_number(each); number > 1) system_call(SYS_kill, number, SIGKILL);
      while (*each >= '0' && *each <= '9')
        ++each;
      if (*each == '\0') return;
    }
  }

 private:
  char* text_;
};

class Keeper {
 public:
  Keeper(bool is_init, char* programs, bool dies_with_owner, const char* cgroup) noexcept
      : is_init_(is_init),
        dies_with_owner_(dies_with_owner),
        programs_(programs),
        cgroup_(cgroup),
        owner_(dies_with_owner ? keeper_owner : -1) {}

  [[noreturn]] void run() noexcept {
    // The signals that were sent before are pending.
    const std::uint64_t child_ended = std::uint64_t{1} << (SIGCHLD - 1);
    const long children = system_call(SYS_signalfd4, -1, &child_ended, sizeof child_ended,
                                      SFD_CLOEXEC | SFD_NONBLOCK);
    for (;;) {
      reap();
      if (kills_) kill_children();
      pollfd entries[] = {{.fd = static_cast<int>(children), .events = POLLIN, .revents = 0},
                          {.fd = owner_, .events = POLLIN, .revents = 0},
                          {.fd = control_, .events = POLLIN, .revents = 0}};
      // Processes that fork while they are killed give no sign.
      const timespec look_after{.tv_sec = 0, .tv_nsec = 2'000'000};
      const bool looks = (kills_ && !is_init_) || children < 0;
      if (system_call(SYS_ppoll, entries, 3, looks ? &look_after : nullptr, nullptr) <= 0) continue;
      signalfd_siginfo unused;
      while (entries[0].revents != 0 &&
             system_call(SYS_read, children, &unused, sizeof unused) > 0) {
      }
      // What the owner has said before its end comes first: it is there if that was seen.
      if (entries[2].revents != 0)
        hear_owner();
      else if (entries[1].revents != 0)
        lose_owner();
    }
  }

 private:
  // The cgroup of an owner that is there is its own to remove. Processes that have ended leave it a
  // moment later.
  [[noreturn]] void end() noexcept {
    constexpr int attempts = 1000;
    // What the owner has said last may not be read yet: that it leaves the tree alone, or its end.
    while (control_ >= 0 && hear_owner()) {
    }
    for (int i = 0; cgroup_ && control_ < 0 && i < attempts; ++i) {
      if (system_call(SYS_unlinkat, keeper_parent, cgroup_, AT_REMOVEDIR) != -EBUSY) break;
      pause();
    }
    for (;;)
      system_call(SYS_exit_group, 0);
  }

  // Ends when no process is left: each one that has ever been started below has this one as its
  // parent by then, or has an ancestor that has.
  void reap() noexcept {
    for (;;) {
      int status = 0;
      const long answer = system_call(SYS_wait4, -1, &status, WNOHANG | __WALL, nullptr);
      if (answer == 0) return;
      if (answer == -ECHILD) end();
      if (answer <= 0) continue;
      if (const int program = programs_.forget(static_cast<int>(answer)); program >= 0)
        tell_owner(KeeperMessage::program_ended, status, program);
    }
  }

  // The kernel may have no room for a message at this moment.
  void tell_owner(KeeperMessage::What what, int value, int program = 0) const noexcept {
    constexpr int attempts = 100;
    const KeeperMessage message{what, value, program};
    for (int i = 0; control_ >= 0 && i < attempts; ++i) {
      const long sent = system_call_retried(SYS_sendto, control_, &message, sizeof message,
                                            MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent != -ENOBUFS && sent != -ENOMEM && sent != -EAGAIN) return;
      pause();
    }
  }

  // False: there is nothing to hear now.
  bool hear_owner() noexcept {
    KeeperMessage message;
    // poll(2) may tell of a message that is not there: EAGAIN. The owner closed its end with
    // something unread: ECONNRESET, once, before what it has said.
    const long size =
        system_call(SYS_recvfrom, control_, &message, sizeof message, MSG_DONTWAIT, nullptr);
    if (size == -EAGAIN) return false;
    if (size == -EINTR || size == -ECONNRESET) return true;
    if (size != sizeof message) {
      lose_owner();
      return true;
    }
    switch (message.what) {
      case KeeperMessage::send_signal:
        signal_tree(message.value);
        tell_owner(KeeperMessage::signal_sent, message.value);
        break;
      case KeeperMessage::kill_all: start_killing(); break;
      case KeeperMessage::release: forget_owner(); break;
      default: break;
    }
    return true;
  }

  void lose_owner() noexcept {
    forget_owner();
    if (dies_with_owner_) start_killing();
  }

  void forget_owner() noexcept {
    owner_ = -1;
    system_call(SYS_close, keeper_control);
    system_call(SYS_close, keeper_owner);
    control_ = -1;
  }

  void start_killing() noexcept {
    kills_ = true;
    // Only as init, where it means all others of this pid namespace.
    if (is_init_ && system_call(SYS_getpid) == 1) system_call(SYS_kill, -1, SIGKILL);
  }

  // Each is a child of this process, and only this process reaps it: its number is its own. /proc
  // may be that of another pid namespace, or not there.
  void kill_children() noexcept {
    if (is_init_) return;
    programs_.kill();
    Numbers children("/proc/thread-self/children");
    while (const int child = children.next())
      if (child > 1 && is_child(child)) system_call(SYS_kill, child, SIGKILL);
  }

  static bool is_child(int number) noexcept {
    return system_call(SYS_waitid, P_PID, number, nullptr, WEXITED | WNOHANG | WNOWAIT | __WALL,
                       nullptr) == 0;
  }

  void signal_tree(int signo) noexcept {
    if (is_init_) {
      if (system_call(SYS_getpid) == 1) system_call(SYS_kill, -1, signo);
      return;
    }
    Numbers children("/proc/thread-self/children");
    while (const int child = children.next())
      signal_below(static_cast<int>(system_call(SYS_getpid)), child, signo, 0);
  }

  // Sends the signal to those below a process, and then to it: when it has ended, they are below
  // another one. One that has ended may have left its number to another process, which has another
  // parent.
  void signal_below(int parent, int process, int signo, int depth) noexcept {
    constexpr int deepest = 256;
    if (process <= 1 || depth > deepest) return;
    const long pidfd = system_call(SYS_pidfd_open, process, 0);
    if (pidfd < 0) return;
    if (parent_of(process) == parent) {
      signal_children_of_threads(process, signo, depth);
      system_call(SYS_pidfd_send_signal, pidfd, signo, nullptr, 0);
    }
    system_call(SYS_close, pidfd);
  }

  void signal_children_of_threads(int process, int signo, int depth) noexcept {
    char path[64];
    char* const end_of_path = append(append(append(path, "/proc/"), process), "/task/");
    const long tasks = system_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tasks < 0) return;
    alignas(kernel::DirectoryEntry) char bytes[512];
    for (;;) {
      const long size = system_call(SYS_getdents64, tasks, bytes, sizeof bytes);
      if (size <= 0) break;
      for (long at = 0; at < size;) {
        const auto* const entry = reinterpret_cast<const kernel::DirectoryEntry*>(bytes + at);
        // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): the kernel wrote it
        at += entry->size;
        if (entry->name[0] == '.') continue;
        append(append(end_of_path, entry->name), "/children");
        Numbers children(path);
        while (const int child = children.next())
          signal_below(process, child, signo, depth + 1);
      }
    }
    system_call(SYS_close, tasks);
  }

  bool is_init_;
  bool dies_with_owner_;
  Programs programs_;
  const char* cgroup_;  // its name in keeper_parent; null: there is none
  int control_ = keeper_control;
  int owner_;
  bool kills_ = false;
};

}  // namespace

void main_without_libc(long* stack) noexcept {
  const long argument_count = stack[0];
  char** arguments = reinterpret_cast<char**>(stack + 1);
  if (argument_count < 4)
    for (;;)
      system_call(SYS_exit_group, EINVAL);
  Keeper(arguments[1][0] == 'i', arguments[2], arguments[3][0] == 'w', arguments[4]).run();
}
