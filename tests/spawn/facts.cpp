// SPDX-License-Identifier: MIT
#include "spawn/facts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string_view>

namespace sysfd_test {
namespace {

void add_word(std::string& words, const std::string& word) {
  if (!words.empty()) words += ' ';
  words += word;
}

// Returns the words of a text, separated by single spaces.
std::string words(std::istream& text) {
  std::string all;
  for (std::string word; text >> word;)
    add_word(all, word);
  return all;
}

std::string file(const char* path) {
  std::ifstream stream(path);
  return words(stream);
}

std::string link(const std::string& path) {
  std::array<char, 256> target{};
  return ::readlink(path.c_str(), target.data(), target.size() - 1) < 0 ? "?" : target.data();
}

std::string control(int option) {
  return std::to_string(::prctl(option));
}

void add_status(Facts& facts) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    const std::string key = line.substr(0, line.find(':'));
    for (const std::string_view wanted :
         {"Umask", "Uid", "Gid", "Groups", "NSpid", "CapInh", "CapPrm", "CapEff", "CapBnd",
          "CapAmb", "NoNewPrivs", "Seccomp", "SigBlk", "SigIgn"})
      if (key == wanted) {
        std::istringstream value(line.substr(key.size() + 1));
        facts[key] = words(value);
      }
  }
}

void add_resources(Facts& facts) {
  for (int resource = 0; resource < static_cast<int>(RLIM_NLIMITS); ++resource) {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    facts["limit " + std::to_string(resource)] =
        std::to_string(limit.rlim_cur) + ' ' + std::to_string(limit.rlim_max);
  }
  facts["nice"] = std::to_string(::getpriority(PRIO_PROCESS, 0));
  facts["scheduler"] = std::to_string(::sched_getscheduler(0));
  sched_param parameters{};
  ::sched_getparam(0, &parameters);
  facts["priority"] = std::to_string(parameters.sched_priority);
  SchedulingAttributes scheduling;
  ::syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0);
  if (scheduling.policy == SCHED_DEADLINE)
    facts["deadline"] = std::to_string(scheduling.runtime) + ' ' +
                        std::to_string(scheduling.deadline) + ' ' +
                        std::to_string(scheduling.period);
  cpu_set_t processors;
  ::sched_getaffinity(0, sizeof processors, &processors);
  std::string list;
  for (std::size_t i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &processors)) add_word(list, std::to_string(i));
  facts["processors"] = list;
  facts["I/O priority"] = std::to_string(::syscall(SYS_ioprio_get, 1, 0));
  facts["OOM score"] = file("/proc/self/oom_score_adj");
  facts["timer slack"] = control(PR_GET_TIMERSLACK);
}

void add_session(Facts& facts) {
  facts["pid"] = std::to_string(::getpid());
  facts["parent"] = std::to_string(::getppid());
  facts["session"] = std::to_string(::getsid(0));
  facts["group"] = std::to_string(::getpgrp());
  // A process without a terminal cannot open it.
  const int terminal = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) {
    facts["foreground"] = std::to_string(::tcgetpgrp(terminal));
    ::close(terminal);
  }
  std::istringstream stat(file("/proc/self/stat"));
  std::string field;
  for (int i = 0; i < 7 && stat >> field; ++i) {
  }
  facts["terminal"] = field;
  std::string terminals;
  winsize size{};
  for (int fd = 0; fd < 3; ++fd)
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0) terminals += std::to_string(fd);
  facts["streams that are terminals"] = terminals;
  facts["window size"] = std::to_string(size.ws_row) + ' ' + std::to_string(size.ws_col);
}

void add_place(Facts& facts) {
  for (const char* kind : {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"})
    facts[std::string("ns/") + kind] = link(std::string("/proc/self/ns/") + kind);
  facts["ns/pid_for_children"] = link("/proc/self/ns/pid_for_children");
  facts["uid_map"] = file("/proc/self/uid_map");
  facts["gid_map"] = file("/proc/self/gid_map");
  facts["setgroups"] = file("/proc/self/setgroups");
  std::array<char, 256> text{};
  ::gethostname(text.data(), text.size() - 1);
  facts["host name"] = text.data();
  facts["cgroup"] = file("/proc/self/cgroup");
  std::array<char, 4096> directory{};
  facts["directory"] = ::getcwd(directory.data(), directory.size()) ? directory.data() : "?";
  // Two mounts of one file system differ only in this.
  const auto mount_of = [](const char* path) {
    struct statx status{};
    ::statx(AT_FDCWD, path, 0, STATX_MNT_ID, &status);
    return std::to_string(status.stx_mnt_id);
  };
  facts["mount of /"] = mount_of("/");
  facts["mount of the directory"] = mount_of(".");
}

// Finds the first numbers of groups of 64 that are free, but that the kernel does not choose.
void add_numbers(Facts& facts) {
  constexpr int group = 64;
  constexpr int end = 8192;
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::string left_out;
  for (int number = group; number < end; number += group) {
    const int next = ::fcntl(null, F_DUPFD_CLOEXEC, number);
    if (next == -1) break;  // above the limit
    ::close(next);
    if (next != number && ::fcntl(number, F_GETFD) == -1) left_out += std::to_string(number) + ' ';
  }
  ::close(null);
  facts["numbers left out"] = left_out;
}

}  // namespace

Facts facts_of_this_process() {
  Facts facts;
  add_numbers(facts);
  add_status(facts);
  add_resources(facts);
  add_session(facts);
  add_place(facts);
  facts["securebits"] = control(PR_GET_SECUREBITS);
  facts["dumpable"] = control(PR_GET_DUMPABLE);
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  facts["parent-death signal"] = std::to_string(death_signal);
  return facts;
}

}  // namespace sysfd_test
