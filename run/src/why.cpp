// SPDX-License-Identifier: MIT
#include "why.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace sysfd_run {
namespace {

using sysfd::FileRight;
using sysfd::FileRights;

// Copies memory of a stopped process, word by word: the only way that does not fail at the end of a
// mapping. Returns how many bytes there were.
std::size_t read_memory(pid_t process, std::uint64_t address, char* bytes, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    errno = 0;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the other process
    const long word = ::ptrace(PTRACE_PEEKDATA, process, address + done, nullptr);
    if (errno != 0) break;
    const std::size_t count = std::min(sizeof word, size - done);
    std::memcpy(bytes + done, &word, count);
    done += count;
  }
  return done;
}

std::string read_string(pid_t process, std::uint64_t address) {
  std::string text;
  char bytes[64];
  while (text.size() < 4096) {
    const std::size_t size = read_memory(process, address + text.size(), bytes, sizeof bytes);
    const std::string_view part(bytes, size);
    const std::size_t end = part.find('\0');
    text += part.substr(0, end);
    if (end != part.npos || size < sizeof bytes) break;
  }
  return text;
}

std::string target_of(const std::string& link) {
  char bytes[4096];
  const ssize_t size = ::readlink(link.c_str(), bytes, sizeof bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

// The path that the process means, as this process finds it.
std::string absolute(const RefusedSystemCall& call, int directory_argument, std::string path) {
  if (path.starts_with('/')) return path;
  const std::string proc = cat({"/proc/", number(call.process)});
  const int directory =
      directory_argument < 0 ? AT_FDCWD : static_cast<int>(call.arguments[directory_argument]);
  const std::string base =
      target_of(directory == AT_FDCWD ? proc + "/cwd" : cat({proc, "/fd/", number(directory)}));
  return path.empty() ? base : cat({base, "/", path});
}

FileRights rights_to_open(const std::string& path, std::uint64_t flags, bool& is_new) {
  struct stat status{};
  const bool is_there = ::stat(path.c_str(), &status) == 0;
  is_new = !is_there && (flags & O_CREAT) != 0;
  if (is_new) return FileRight::make_reg;
  if (is_there && S_ISDIR(status.st_mode)) return FileRight::read_dir;
  FileRights rights;
  if ((flags & O_ACCMODE) != O_WRONLY) rights |= FileRight::read_file;
  if ((flags & O_ACCMODE) != O_RDONLY) rights |= FileRight::write_file;
  if ((flags & O_TRUNC) != 0) rights |= FileRight::truncate;
  return rights;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/', path.find_last_not_of('/'));
  return slash == 0 || slash == path.npos ? "/" : path.substr(0, slash);
}

// Calls with a path. `directory`: the argument with the descriptor that it is relative to, or -1.
struct PathCall {
  long number;
  int directory;
  int path;
  FileRights rights;        // empty: those of open(2), from the flags
  int flags = -1;           // the argument with the flags of open(2)
  bool is_parents = false;  // the rights are those to the directory that the file is in
};

constexpr PathCall path_calls[] = {
    {SYS_openat, 0, 1, {}, 2},
    {SYS_openat2, 0, 1, {}, 2},
    {SYS_execve, -1, 0, sysfd::rights::run},
    {SYS_execveat, 0, 1, sysfd::rights::run},
    {SYS_truncate, -1, 0, FileRight::truncate},
    {SYS_mkdirat, 0, 1, FileRight::make_dir, -1, true},
    {SYS_mknodat, 0, 1, FileRight::make_fifo, -1, true},
    {SYS_unlinkat, 0, 1, FileRight::remove_file, -1, true},
    {SYS_symlinkat, 1, 2, FileRight::make_sym, -1, true},
    {SYS_linkat, 2, 3, FileRight::make_reg, -1, true},
    {SYS_renameat2, 0, 1, FileRight::remove_file, -1, true},
    {SYS_renameat2, 2, 3, FileRight::make_reg, -1, true},
#if defined(__x86_64__)
    {SYS_open, -1, 0, {}, 1},
    {SYS_creat, -1, 0, FileRight::write_file},
    {SYS_mkdir, -1, 0, FileRight::make_dir, -1, true},
    {SYS_mknod, -1, 0, FileRight::make_fifo, -1, true},
    {SYS_rmdir, -1, 0, FileRight::remove_dir, -1, true},
    {SYS_unlink, -1, 0, FileRight::remove_file, -1, true},
    {SYS_symlink, -1, 1, FileRight::make_sym, -1, true},
    {SYS_link, -1, 1, FileRight::make_reg, -1, true},
    {SYS_rename, -1, 0, FileRight::remove_file, -1, true},
    {SYS_rename, -1, 1, FileRight::make_reg, -1, true},
#endif
#if defined(SYS_renameat)
    {SYS_renameat, 0, 1, FileRight::remove_file, -1, true},
    {SYS_renameat, 2, 3, FileRight::make_reg, -1, true},
#endif
};

}  // namespace

void Denials::add(const RefusedSystemCall& call) {
  if (call.number == SYS_connect || call.number == SYS_bind)
    return add_port(call, call.number == SYS_connect);
  for (const PathCall& known : path_calls) {
    if (known.number != call.number) continue;
    const std::string path =
        absolute(call, known.directory, read_string(call.process, call.arguments[known.path]));
    FileRights rights = known.rights;
    bool is_parents = known.is_parents;
    if (known.flags >= 0) {
      std::uint64_t flags = call.arguments[known.flags];
      if (call.number == SYS_openat2)
        read_memory(call.process, flags, reinterpret_cast<char*>(&flags), sizeof flags);
      rights = rights_to_open(path, flags, is_parents);
    }
    add_file(call, path, rights, is_parents);
  }
}

void Denials::add_file(const RefusedSystemCall& call, const std::string& path, FileRights rights,
                       bool is_about_directory) {
  const std::string subject = is_about_directory ? directory_of(path) : path;
  // The program has a root directory of its own.
  const std::string seen =
      settings_.root ? cat({"/proc/", number(call.process), "/root", subject}) : subject;
  const auto found = sysfd::explain(ruleset_, seen, rights);
  if (!found) return;  // it cannot be there for the program either
  if (found->denied.empty() && rights.contains(FileRight::execute))
    return add_line(
        cat({path,
             ": Permission denied, but not for itself: what it needs to start, its "
             "interpreter or loader, may be denied: add --startup-files; or look at its "
             "mode"}));
  if (found->denied.empty())
    return add_line(cat({path,
                         ": Permission denied, but not by these options: look at its mode "
                         "and owner, and at those of its directories"}));
  std::string line =
      cat({path, ": denied ", sysfd::Rights{.files = found->denied}.text(), ": no rule on "});
  for (const std::string& each : found->path)
    line += cat({each == found->path.front() ? "" : ", ", each});
  add_line(line + advice(found->path.front(), found->denied));
}

std::string Denials::advice(const std::string& path, FileRights denied) const {
  const bool has_executes =
      std::ranges::any_of(settings_.confinement.paths,
                          [](const PathRule& rule) { return rule.option == Id::executes; });
  const char* option = "--writes ";
  if ((sysfd::rights::read | FileRight::execute).contains(denied))
    option = has_executes && denied.contains(FileRight::execute) ? "--executes " : "--reads ";
  // What is below it there has the number of one process.
  return cat({"; add ", option, path.starts_with("/proc/") ? "/proc" : path});
}

void Denials::add_port(const RefusedSystemCall& call, bool is_connect) {
  sockaddr_storage address{};
  if (read_memory(call.process, call.arguments[1], reinterpret_cast<char*>(&address),
                  sizeof(sockaddr_in)) != sizeof(sockaddr_in) ||
      (address.ss_family != AF_INET && address.ss_family != AF_INET6))
    return;
  // In both families, the port is at the same place.
  const std::uint16_t value = ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  const sysfd::PortRights right =
      is_connect ? sysfd::PortRight::connect_tcp : sysfd::PortRight::bind_tcp;
  const Confinement& confinement = settings_.confinement;
  const bool has_rule = std::ranges::any_of(confinement.port_rules, [&](const PortRule& rule) {
    return rule.port == value && rule.rights.contains(right);
  });
  if (!confinement.ports.contains(right) || has_rule) return;  // something else has denied it
  const std::string port = number(value);
  add_line(cat({"port ", port, ": denied ", is_connect ? "connect_tcp" : "bind_tcp", "; add ",
                is_connect ? "--connects " : "--binds ", port}));
}

void Denials::add_line(std::string line) {
  if (std::ranges::find(lines_, line) == lines_.end()) lines_.push_back(std::move(line));
}

std::string Denials::describe() const {
  std::string text;
  for (const std::string& line : lines_)
    text += cat({"sysfd-run: why: ", line, "\n"});
  if (lines_.empty()) text = "sysfd-run: why: nothing was denied that these options are about\n";
  return text;
}

}  // namespace sysfd_run
