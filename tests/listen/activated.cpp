// SPDX-License-Identifier: MIT
#include "listen/activated.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include <sysfd/pidfd.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

const char* const listen_variables[4] = {"LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS",
                                         "LISTEN_FDNAMES"};

namespace {

std::vector<std::pair<const char*, const std::optional<std::string>*>> pairs(
    const Activation& activation) {
  return {{listen_variables[0], &activation.pid},
          {listen_variables[1], &activation.identity},
          {listen_variables[2], &activation.count},
          {listen_variables[3], &activation.names}};
}

}  // namespace

std::vector<std::string> Activation::assignments() const {
  std::vector<std::string> list;
  for (const auto& [name, value] : pairs(*this))
    if (*value) list.push_back(std::string(name) + '=' + **value);
  return list;
}

void Activation::set_environment() const {
  for (const auto& [name, value] : pairs(*this))
    if (*value)
      ::setenv(name, (*value)->c_str(), 1);
    else
      ::unsetenv(name);
}

std::string own_pid() {
  return std::to_string(::getpid());
}

std::string own_identity() {
  return to_string(must(must(PidFd::self()).id()));
}

Activation activation_for_us(int count, std::optional<std::string> names) {
  return {.pid = own_pid(), .count = std::to_string(count), .names = std::move(names)};
}

namespace {
constexpr int beyond = 500;
}

OwnedFd beyond_the_passed(OwnedFd file) {
  return must(OwnedFd::from_syscall(::fcntl(file.get(), F_DUPFD_CLOEXEC, beyond)));
}

void pass_files(const std::vector<BorrowedFd>& fds) {
  // Moves files away from these numbers, which the files may have themselves.
  std::vector<OwnedFd> copies;
  for (const BorrowedFd fd : fds)
    copies.push_back(must(OwnedFd::from_syscall(::fcntl(fd.get(), F_DUPFD_CLOEXEC, beyond))));
  for (int number = ListenFds::first_number; const OwnedFd& copy : copies)
    if (::dup2(copy.get(), number++) == -1) std::abort();
}

void open_files(int count) {
  std::vector<OwnedFd> files;
  std::vector<BorrowedFd> fds;
  files.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    fds.emplace_back(files.emplace_back(some_file()));
  pass_files(fds);
  for (OwnedFd& file : files) {
    const int number = std::move(file).release();
    const bool is_passed =
        number >= ListenFds::first_number && number < ListenFds::first_number + count;
    if (!is_passed) ::close(number);
  }
}

Table descriptor_table() {
  Table table;
  for (const int fd : open_descriptors()) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) std::abort();
    table[fd] = {::fcntl(fd, F_GETFD), status.st_dev, status.st_ino};
  }
  return table;
}

Table with_close_on_exec(Table table, int first, int count) {
  for (int fd = first; fd < first + count; ++fd)
    std::get<0>(table.at(fd)) = FD_CLOEXEC;
  return table;
}

Taken take(Way way, const Activation& activation) {
  if (way == Way::environment) {
    activation.set_environment();
    return ListenFds::take();
  }
  const auto assignments = activation.assignments();
  std::vector<const char*> variables;
  variables.reserve(assignments.size());
  for (const std::string& assignment : assignments)
    variables.push_back(assignment.c_str());
  return ListenFds::take(variables);
}

void each_way(const std::function<void(Way)>& body) {
  for (const Way way : {Way::environment, Way::span}) {
    SCOPED_TRACE(way == Way::environment ? "from the environment" : "from a span");
    run_apart([&] { body(way); });
  }
}

}  // namespace sysfd_test
