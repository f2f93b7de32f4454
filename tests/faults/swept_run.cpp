// SPDX-License-Identifier: MIT
#include "faults/swept_run.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "support/prelude.hpp"

#include "support/allocations.hpp"

namespace sysfd_test {

Page* page = nullptr;

namespace {

// A call without effect, by which the copy tells where it is. The driver answers it.
constexpr long mark_call = SYS_getpriority;
constexpr int mark_argument = 0x5757;
// The number that the copy sends its listener by. The filter lets the calls for that run.
constexpr int bridge = 1000;
// Where the program that operations start is linked to: its calls are its own (CMakeLists.txt).
constexpr unsigned program_start = 0x70000000, program_end = 0x70100000;

void mark(Mark place) {
  // This asks the kernel outside of the operation only.
  const int dumpable = place == Mark::stop ? 0 : ::prctl(PR_GET_DUMPABLE);
  ::syscall(mark_call, mark_argument, static_cast<int>(place), dumpable);
}

void append(std::array<char, 1000>& text, const char* what) {
  const std::size_t length = std::strlen(text.data());
  std::snprintf(text.data() + length, text.size() - length, "%s; ", what);
}

#if defined(__x86_64__)
constexpr unsigned architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned architecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr unsigned architecture = AUDIT_ARCH_RISCV64;
#else
#error "sysfd's tests know x86-64, aarch64 and riscv64"
#endif

// Installs the filter and returns its listener.
int install_filter() {
  constexpr auto load = [](std::size_t offset) {
    return sock_filter(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset)));
  };
  constexpr auto unless_equal = [](unsigned value, unsigned char skip) {
    return sock_filter(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
  };
  constexpr auto answer = [](unsigned action) {
    return sock_filter(BPF_STMT(BPF_RET | BPF_K, action));
  };
  // Little-endian.
  constexpr std::size_t place = offsetof(seccomp_data, instruction_pointer);
  sock_filter program[] = {
      load(offsetof(seccomp_data, arch)),
      unless_equal(architecture, 5),
      load(place + 4),
      unless_equal(0, 4),
      load(place),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, program_start, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, program_end, 1, 0),
      answer(SECCOMP_RET_ALLOW),
      load(offsetof(seccomp_data, args)),
      unless_equal(bridge, 3),
      load(offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 1, 0),
      answer(SECCOMP_RET_USER_NOTIF),
      answer(SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  if (::geteuid() != 0) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  constexpr unsigned wait_killable = 1U << 5;  // Linux 5.19: signals leave a stopped call alone
  for (const unsigned flags : {wait_killable, 0U}) {
    const long fd = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                              SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, &filter);
    if (fd >= 0) return static_cast<int>(fd);
  }
  return -1;
}

// A message of one byte, with room for one descriptor.
struct MessageOfOne {
  char byte = 0;
  iovec payload{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{.msg_name = nullptr,
                .msg_namelen = 0,
                .msg_iov = &payload,
                .msg_iovlen = 1,
                .msg_control = control.data(),
                .msg_controllen = control.size(),
                .msg_flags = 0};
};

void send_listener(int listener) {
  MessageOfOne message;
  cmsghdr* const header = CMSG_FIRSTHDR(&message.header);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &listener, sizeof listener);
  if (::syscall(SYS_sendmsg, bridge, &message.header, 0) != 1) std::abort();
}

int receive_listener(int socket) {
  MessageOfOne message;
  if (::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC) != 1) return -1;
  int listener = -1;
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message.header))
    std::memcpy(&listener, CMSG_DATA(header), sizeof listener);
  return listener;
}

[[noreturn]] void run_copy(const Operation& operation, int socket) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_DUMPABLE, 1);
  ::mallopt(M_TOP_PAD, 4 << 20);  // the heap grows here, and not in the operation
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  std::free(std::malloc(1 << 16));
  ::dup2(socket, bridge);
  ::close(socket);
  const int listener = install_filter();
  if (listener == -1) std::_Exit(1);
  send_listener(listener);
  ::close(listener);  // waits until the driver receives
  ::close(bridge);

  mark(Mark::started);
  Sweep sweep;
  const int live = live_allocations;
#if defined(__cpp_exceptions)
  try {
    operation.run(sweep);
  } catch (const std::bad_alloc&) {
    if (page->error == 0) append(page->complaints, "an exception without a reason");
  } catch (const std::exception& error) {
    append(page->complaints, error.what());
  }
#else
  operation.run(sweep);
#endif
  page->live_allocations = live_allocations - live;
  siginfo_t info{};
  page->left_children =
      ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
  mark(Mark::done);
  std::_Exit(0);
}

// The field "tpgid" of /proc/PID/stat.
std::string foreground_group_of(const std::string& directory) {
  std::string line, field;
  std::getline(std::ifstream(directory + "/stat") >> std::ws, line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  for (int i = 0; i < 6; ++i)  // state, parent, group, session, terminal
    fields >> field;
  return field;
}

State state_of(pid_t pid, std::uint64_t dumpable) {
  const std::string directory = "/proc/" + std::to_string(pid);
  State state;
  state.dumpable = dumpable;
  state.foreground = foreground_group_of(directory);
  if (DIR* const fds = ::opendir((directory + "/fd").c_str())) {
    while (const dirent* entry = ::readdir(fds))
      if (entry->d_name[0] != '.') state.descriptors.insert(std::atoi(entry->d_name));
    ::closedir(fds);
  }
  std::string line;
  std::ifstream maps(directory + "/maps");
  while (std::getline(maps, line))
    if (!line.ends_with("[heap]")) state.mappings.push_back(line);  // which may grow
  std::ifstream status(directory + "/status");
  while (std::getline(status, line))
    if (line.starts_with("SigBlk:")) state.blocked = line;
  return state;
}

// True for "SigBlk:" and a mask with every signal, but those that cannot be blocked, and the two of
// the C library.
bool blocks_all(const std::string& line) {
  constexpr std::uint64_t never =
      1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1) | 1ULL << 31 | 1ULL << 32;
  const std::size_t start = line.find_first_of("0123456789abcdef", line.find(':'));
  return start != std::string::npos &&
         (std::stoull(line.substr(start), nullptr, 16) | never) == ~std::uint64_t{0};
}

// Answers the calls of one copy.
class Driver {
 public:
  Driver(pid_t copy, int listener, const Plan& plan)
      : copy_(copy), listener_(listener), plan_(plan) {}

  void answer_until_the_end(Run& run) {
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, copy_, 0));
    if (pidfd < 0) std::abort();
    // Not all that hang are silent: some look from time to time.
    const auto end = std::chrono::steady_clock::now() + most_time;
    for (int silent = 0;;) {
      std::array<pollfd, 2> fds{pollfd{listener_, POLLIN, 0}, pollfd{pidfd, POLLIN, 0}};
      const int ready = ::poll(fds.data(), fds.size(), turn_milliseconds);
      if (ready == 0) reap_orphans();
      silent = ready == 0 ? silent + 1 : 0;
      if (silent * turn_milliseconds > hang_milliseconds || run.calls.size() > most_calls ||
          std::chrono::steady_clock::now() > end) {
        run.hung = true;
        ::kill(copy_, SIGKILL);
        break;
      }
      if (fds[0].revents & POLLIN)
        answer(run);
      else if (fds[1].revents != 0 || fds[0].revents != 0)
        break;
    }
    ::close(pidfd);
  }

  const std::vector<pid_t>& seen() const { return seen_; }

 private:
  static constexpr int hang_milliseconds = 5'000, turn_milliseconds = 20;
  static constexpr std::size_t most_calls = 20'000;
  static constexpr std::chrono::seconds most_time{60};

  // Those that the copy is not the reaper of.
  void reap_orphans() const {
    for (const pid_t pid : seen_)
      if (pid > 0 && pid != copy_) ::waitpid(pid, nullptr, WNOHANG | __WALL);
  }

  void answer(Run& run) {
    seccomp_notif notification{};
    if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) return;
    const pid_t pid = static_cast<pid_t>(notification.pid);
    seccomp_notif_resp answer{};
    answer.id = notification.id;
    const auto& data = notification.data;
    if (std::ranges::find(seen_, pid) == seen_.end()) seen_.push_back(pid);
    if (pid == copy_ && data.nr == mark_call && data.args[0] == mark_argument) {
      const auto place = static_cast<Mark>(data.args[1]);
      inside_ = place == Mark::begin;
      run.is_done = run.is_done || place == Mark::done;
      if (place != Mark::stop) run.states[place] = state_of(pid, data.args[2]);
    } else {
      if (!inside_ && pid != copy_) outside_.insert(pid);
      const bool counts = inside_ && !outside_.contains(pid);
      if (!counts || !inject(run, pid, data, answer))
        answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }

  bool inject(Run& run, pid_t pid, const seccomp_data& data, seccomp_notif_resp& answer) {
    auto [role, is_new] = roles_.try_emplace(pid, 0);
    if (is_new) role->second = pid == copy_ ? 0 : ++children_;
    Call call{role->second, counts_[role->second]++, {data.nr, {}}};
    std::ranges::copy(data.args, call.call.arguments.begin());
    if (page->is_dry) call.can_be_interrupted = !blocks_all(state_of(pid, 0).blocked);
    run.calls.push_back(call);
    if (!plan_.call || run.injected || call.role != plan_.call->role ||
        call.index != plan_.call->index || call.call.number != plan_.call->call.number ||
        !can_have(call.call, plan_.fault))
      return false;
    run.injected = true;
    page->failed_call = call.call.number;
    switch (plan_.fault.kind) {
      case PlausibleFault::Kind::error: answer.error = -plan_.fault.error; break;
      case PlausibleFault::Kind::nothing:
        if (call.call.number == SYS_waitid) clear_siginfo(pid, call.call);
        break;
      case PlausibleFault::Kind::all_ready: return all_ready(pid, call.call, answer);
    }
    if (call.call.number == SYS_close) close_nevertheless(call, answer.id);
    return true;
  }

  // Concurrent processes take turns differently: this may be another call than in the dry run.
  static bool can_have(const SystemCall& call, const PlausibleFault& fault) {
    const auto faults = plausible_faults(call);
    return faults && std::ranges::find(*faults, fault) != faults->end();
  }

  // The kernel closes the descriptor in any case: what it referred to is closed here, by putting
  // /dev/null in its place, which the copy closes at the end.
  void close_nevertheless(const Call& call, std::uint64_t id) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    seccomp_notif_addfd replacement{};
    replacement.id = id;
    replacement.flags = SECCOMP_ADDFD_FLAG_SETFD;
    replacement.srcfd = static_cast<std::uint32_t>(null);
    replacement.newfd = static_cast<std::uint32_t>(call.call.arguments[0]);
    replacement.newfd_flags = O_CLOEXEC;
    const int answer = ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_ADDFD, &replacement);
    if (answer < 0) std::perror("SECCOMP_IOCTL_NOTIF_ADDFD");
    ::close(null);
    if (call.role != 0) return;
    if (auto* const free = std::ranges::find(page->not_closed, 0); free != page->not_closed.end())
      *free = static_cast<int>(call.call.arguments[0]);
  }

  // As the kernel does.
  static void clear_siginfo(pid_t pid, const SystemCall& call) {
    siginfo_t none{};
    const iovec here{&none, sizeof none};
    const iovec there{reinterpret_cast<void*>(call.arguments[2]), sizeof none};
    if (call.arguments[2] != 0) ::process_vm_writev(pid, &here, 1, &there, 1, 0);
  }

  // A pidfd is only ready when its process has ended.
  static bool is_pidfd(pid_t pid, int fd) {
    const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
    std::array<char, 64> target{};
    return ::readlink(path.c_str(), target.data(), target.size() - 1) > 0 &&
           std::strstr(target.data(), "pidfd");
  }

  static bool all_ready(pid_t pid, const SystemCall& call, seccomp_notif_resp& answer) {
    std::array<pollfd, 16> fds{};
    const std::size_t count = call.arguments[1];
    if (count == 0 || count > fds.size()) return false;
    iovec here{fds.data(), count * sizeof(pollfd)};
    iovec there{reinterpret_cast<void*>(call.arguments[0]), here.iov_len};
    if (::process_vm_readv(pid, &here, 1, &there, 1, 0) < 0) return false;
    int ready = 0;
    for (pollfd& each : std::span(fds).first(count)) {
      each.revents = each.fd < 0 || is_pidfd(pid, each.fd) ? short{0} : each.events;
      ready += each.revents != 0;
    }
    if (ready == 0) return false;
    if (::process_vm_writev(pid, &here, 1, &there, 1, 0) < 0) return false;
    answer.val = ready;
    return true;
  }

  pid_t copy_;
  int listener_;
  const Plan& plan_;
  bool inside_ = false;
  std::vector<pid_t> seen_;
  std::set<pid_t> outside_;  // made by the set-up, or by what comes after
  std::map<pid_t, int> roles_;
  std::map<int, int> counts_;
  int children_ = 0;
};

// Kills and reaps what the copy has left. Returns the number of processes that still ran.
int end_the_rest(const std::vector<pid_t>& seen) {
  int left = 0;
  for (int round = 0; round < 1000; ++round) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) == -1) return left;
    if (info.si_pid != 0) continue;
    for (const pid_t pid : seen) {
      siginfo_t one{};
      if (pid > 0 && ::waitid(P_PID, static_cast<id_t>(pid), &one,
                              WEXITED | WNOHANG | WNOWAIT | __WALL) == 0) {
        if (one.si_pid == 0) ++left;
        ::kill(pid, SIGKILL);
        ::waitid(P_PID, static_cast<id_t>(pid), &one, WEXITED | __WALL);
      }
    }
  }
  return left;
}

Page* map_page() {
  void* const memory =
      ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return static_cast<Page*>(memory);
}

}  // namespace

Run run_once(const Operation& operation, const Plan& plan) {
  Run run;
  if (!page) page = map_page();
  new (page) Page{};
  page->failing_allocation = plan.failing_allocation;
  page->failed_call = -1;
  page->is_dry = !plan.call && plan.failing_allocation == 0;
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()) != 0) std::abort();
  std::fflush(nullptr);
  const pid_t copy = ::fork();
  if (copy < 0) std::abort();
  if (copy == 0) {
    ::close(sockets[0]);
    run_copy(operation, sockets[1]);
  }
  ::close(sockets[1]);
  const int listener = receive_listener(sockets[0]);
  ::close(sockets[0]);
  Driver driver(copy, listener, plan);
  if (listener >= 0) {
    driver.answer_until_the_end(run);
    ::close(listener);
  }
  run.has_filter = listener >= 0;
  ::waitpid(copy, &run.status, __WALL);
  run.left = end_the_rest(driver.seen());
  return run;
}

void Sweep::check(bool right, const char* what) {
  if (!right) append(page->complaints, what);
}

void Sweep::skip(const std::string& reason) {
  std::snprintf(page->skipped.data(), page->skipped.size(), "%s", reason.c_str());
}

bool Sweep::is_dry() const {
  return page->is_dry;
}

bool Sweep::has_failed(long call) const {
  return page->failed_call == call;
}

void Sweep::begin() {
  mark(Mark::begin);
  page->allocations = allocations;
#if defined(__cpp_exceptions)
  allocations_until_failure = page->failing_allocation;
#endif
}

void Sweep::end(int error) {
#if defined(__cpp_exceptions)
  page->allocation_has_failed = page->failing_allocation != 0 && allocations_until_failure == 0;
  allocations_until_failure = 0;
#endif
  page->allocations = allocations - page->allocations;
  page->error = error;
  mark(Mark::stop);
  mark(Mark::end);
  for (int& fd : page->not_closed)
    if (fd != 0) ::close(fd);
}

}  // namespace sysfd_test
