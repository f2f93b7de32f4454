// SPDX-License-Identifier: MIT
//
// Walks through sysfd with real files and real programs. Each stop does something, shows it, and
// checks what it shows: the exit status is 0 only if all checks have passed.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/file_handle.hpp>

#include "start_time.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using sysfd::BorrowedFd;
using sysfd::Command;
using sysfd::or_throw;
using sysfd::OwnedFd;
using sysfd::Stdio;

int stops = 0;
int failures = 0;

void stop(std::string_view title) {
  std::cout << '\n' << ++stops << ". " << title << '\n';
}

void check(bool right, const std::string& claim) {
  std::cout << "   " << (right ? "✓ " : "✗ NOT TRUE: ") << claim << '\n';
  if (!right) ++failures;
}

std::string read_all(BorrowedFd fd) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t size = ::read(fd.get(), buffer, sizeof buffer);
    if (size > 0)
      text.append(buffer, static_cast<std::size_t>(size));
    else if (size == 0 || errno != EINTR)
      return text;
  }
}

// Returns what `ls -l /proc/self/fd` prints, without the descriptor that ls itself uses to read the
// directory.
std::map<int, std::string> read_links(BorrowedFd fd) {
  std::map<int, std::string> links;
  std::istringstream lines(read_all(fd));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t arrow = line.find(" -> ");
    if (arrow == line.npos || line.find("/proc/", arrow) != line.npos) continue;
    links[std::stoi(line.substr(line.rfind(' ', arrow - 1)))] = line.substr(arrow + 4);
  }
  return links;
}

std::string read_line(BorrowedFd fd) {
  std::string line;
  for (char c; ::read(fd.get(), &c, 1) == 1 && c != '\n';)
    line += c;
  return line;
}

// A directory for the tour, which is removed at its end.
class Workplace {
 public:
  explicit Workplace(const char* parent)
      : path_(std::string(parent) + "/sysfd-tour." + std::to_string(::getpid())) {
    fs::create_directory(path_);
  }
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  std::string file(const char* name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

// Finds a text file that every Debian system has.
std::string find_text() {
  for (const char* path : {"/usr/share/common-licenses/GPL-3", "/etc/services", "/etc/passwd"})
    if (fs::exists(path)) return path;
  return "/proc/self/maps";
}

void pipeline() {
  const std::string text = find_text();
  stop("Two programs and a pipe: the distinct words of " + text);

  const OwnedFd input = or_throw(sysfd::open(sysfd::cwd(), text, O_RDONLY), "open");
  auto [read, write] = or_throw(sysfd::pipe(), "pipe");
  auto words = or_throw(Command("tr")
                            .args({"-cs", "A-Za-z", "\\n"})
                            .env("LC_ALL", "C")
                            .stdin_from(input)
                            .stdout_to(std::move(write))
                            .spawn());
  auto sorted = or_throw(Command("sort")
                             .arg("-u")
                             .env("LC_ALL", "C")
                             .stdin_from(std::move(read))
                             .stdout_to(Stdio::pipe())
                             .spawn());
  const std::string output = read_all(*sorted.stdout_pipe());
  const auto first = or_throw(words.wait(), "wait");
  const auto second = or_throw(sorted.wait(), "wait");

  std::set<std::string> expected;
  std::ifstream file(text);
  std::string word;
  for (std::istreambuf_iterator<char> c(file), end; c != end; ++c) {
    if (std::isalpha(static_cast<unsigned char>(*c)) && static_cast<unsigned char>(*c) < 128) {
      word += *c;
    } else if (!word.empty()) {
      expected.insert(std::exchange(word, {}));
    }
  }
  if (!word.empty()) expected.insert(word);
  std::set<std::string> found;
  std::istringstream lines(output);
  std::string last;
  bool in_order = true;
  for (std::string line; std::getline(lines, line); last = line) {
    in_order = in_order && last <= line;
    if (!line.empty()) found.insert(line);
  }
  check(first.success() && second.success(),
        "tr " + to_string(first) + ", sort " + to_string(second));
  check(found == expected && in_order,
        "the " + std::to_string(found.size()) +
            " words came out in order, the same that this program counts by itself");
}

void swapped_descriptors() {
  stop("Three descriptors, each under the number of the next, and nothing else");
  const OwnedFd red = or_throw(sysfd::memfd("red"), "memfd");
  const OwnedFd green = or_throw(sysfd::memfd("green"), "memfd");
  const OwnedFd blue = or_throw(sysfd::memfd("blue"), "memfd");
  const OwnedFd secret = or_throw(sysfd::memfd("secret"), "memfd");
  ::fcntl(secret.get(), F_SETFD, 0);  // it would now be inherited

  auto child = or_throw(Command("ls")
                            .args({"-l", "/proc/self/fd"})
                            .pass(red, green.get())
                            .pass(green, blue.get())
                            .pass(blue, red.get())
                            .stdin_from(Stdio::null())
                            .stdout_to(Stdio::pipe())
                            .spawn());
  const std::map<int, std::string> listing = read_links(*child.stdout_pipe());
  (void)or_throw(child.wait(), "wait");
  std::cout << "   here: " << red.get() << " is red, " << green.get() << " is green, " << blue.get()
            << " is blue; the child sees:\n";
  for (const auto& [number, target] : listing)
    std::cout << "     " << number << " -> " << target << '\n';
  const auto has = [&](const OwnedFd& number, const char* name) {
    return listing.contains(number.get()) && listing.at(number.get()).contains(name);
  };
  check(has(green, "red") && has(blue, "green") && has(red, "blue"),
        "all three arrived where they should");
  check(listing.size() == 6, "these and 0, 1, 2 are all that the child has");
}

void deadline() {
  stop("A program that takes too long");
  auto child = or_throw(Command("sleep").arg("1000").spawn());
  const auto early = child.wait_for(200ms);
  check(!early && early.error() == std::errc::timed_out, "sleep 1000 still runs after 200 ms");
  or_throw(child.pidfd().send_signal(SIGTERM), "send_signal");
  const auto status = or_throw(child.wait(), "wait");
  check(status == sysfd::ExitStatus::killed(SIGTERM),
        "ended through its pidfd: " + to_string(status));
}

void descriptor_of_another(const Workplace& here) {
  stop("A descriptor out of a running child");
  auto child = or_throw(
      Command("/bin/sh")
          .args(
              {"-c",
               "exec 9<>\"$0\"; rm \"$0\"; echo 'kept in no directory' >&9; echo ready; read wait"})
          .arg(here.file("unlinked"))
          .stdin_from(Stdio::pipe())
          .stdout_to(Stdio::pipe())
          .spawn());
  check(read_line(*child.stdout_pipe()) == "ready",
        "a shell has opened a file as its number 9, and removed its name");
  auto fetched = child.pidfd().get_fd(sysfd::ForeignFd{9});
  if (!fetched && fetched.error() == std::errc::operation_not_permitted) {
    std::cout << "   this system does not let " << ::geteuid()
              << " look into its own children (ptrace restrictions)\n";
  } else {
    const OwnedFd file = or_throw(std::move(fetched), "get_fd");
    char text[64] = {};
    const ssize_t size = ::pread(file.get(), text, sizeof text - 1, 0);
    check(size > 0 && std::string_view(text) == "kept in no directory\n",
          "here it can be read: " + std::string(text, 20));
  }
  check(or_throw(child.wait(), "wait").code() == 1, "the shell ends when its input is closed");
}

void file_by_handle(const Workplace& here) {
  stop("A file that is found again after it was renamed");
  std::ofstream(here.file("before")) << "the same file\n";
  const auto named =
      or_throw(sysfd::name_to_handle(sysfd::cwd(), here.file("before")), "name_to_handle");
  fs::rename(here.file("before"), here.file("after"));
  const OwnedFd mount =
      or_throw(sysfd::open(sysfd::cwd(), here.file("."), O_RDONLY | O_DIRECTORY), "open");
  const auto file = sysfd::open_by_handle(mount, named.handle, O_RDONLY);
  if (!file && file.error() == std::errc::operation_not_permitted) {
    std::cout << "   opening by handle needs CAP_DAC_READ_SEARCH, which this user does not have\n";
    return;
  }
  std::ostringstream handle;
  for (const std::byte byte : named.handle.bytes())
    handle << std::hex << (std::to_integer<int>(byte) >> 4) << (std::to_integer<int>(byte) & 15);
  check(file && read_all(*file) == "the same file\n",
        "its handle, " + handle.str() + ", opens it under its new name");
  fs::remove(here.file("after"));
}

void errors() {
  stop("What cannot be started says why");
  const auto missing = Command("/no/such/program").arg("-x").spawn();
  check(!missing && missing.error().code == std::errc::no_such_file_or_directory,
        missing.error().describe());
  const auto twice = Command("true")
                         .pass(BorrowedFd::unsafe_borrow(1), 7)
                         .pass(BorrowedFd::unsafe_borrow(2), 7)
                         .spawn();
  check(!twice && twice.error().index == 1, twice.error().describe());
  const auto place = Command("true").working_directory("/etc/hostname").spawn();
  check(!place && place.error().step == sysfd::SpawnStep::working_directory,
        place.error().describe());
}

void many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t many =
      std::min<std::size_t>(10000, static_cast<std::size_t>(limit.rlim_cur) - 100);
  stop("A parent with " + std::to_string(many) + " open descriptors");

  const StartTimes times = measure_start_times(10, many);
  const auto row = [](const char* name, double few, double all) {
    std::printf("     %-12s %8.0f µs %8.0f µs   x %.2f\n", name, few, all, all / few);
  };
  std::cout << "   start and end of /bin/true, with 10 and with " << many
            << " open (the best tenth of 150):\n"
            << std::flush;
  row("sysfd", times.sysfd_few, times.sysfd_many);
  row("posix_spawn", times.system_few, times.system_many);
  std::fflush(stdout);
  check(times.sysfd_many < 1.5 * times.sysfd_few, "sysfd starts a child as fast as before");
  check(times.sysfd_many < times.system_many, "and faster than posix_spawn does");
}

}  // namespace

int main() {
  try {
    std::cout << "sysfd: Linux descriptors, safe to hold\n";
    const Workplace here(fs::exists("/dev/shm") ? "/dev/shm" : "/tmp");
    pipeline();
    swapped_descriptors();
    deadline();
    descriptor_of_another(here);
    file_by_handle(here);
    errors();
    many_descriptors();
  } catch (const std::exception& error) {
    std::cout << "   ✗ " << error.what() << '\n';
    ++failures;
  }
  std::cout << '\n'
            << (failures == 0 ? "All of it was as it says." : "NOT all of it was as it says.")
            << '\n';
  return failures == 0 ? 0 : 1;
}
