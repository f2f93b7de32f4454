// SPDX-License-Identifier: MIT
//
// Declares what the pieces of code in pages and headers may use without declaring it: see
// extract_snippets.py. The code must name sysfd:: itself, as a reader does, so it is not in the
// namespace of the tests, where the names of sysfd are in scope.
#ifndef SYSFD_TESTS_FAMILY_SNIPPETS_HPP
#define SYSFD_TESTS_FAMILY_SNIPPETS_HPP

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <iostream>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/cgroup.hpp>
#include <sysfd/command.hpp>
#include <sysfd/create.hpp>
#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/fanotify.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/flock_lock.hpp>
#include <sysfd/landlock.hpp>
#include <sysfd/listen_fds.hpp>
#include <sysfd/mount_cache.hpp>
#include <sysfd/notify.hpp>
#include <sysfd/output_sink.hpp>
#include <sysfd/pidfd.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/sealed_memory.hpp>
#include <sysfd/spawn_all.hpp>
#include <sysfd/stop_fd.hpp>

#include "family/stand_ins.hpp"
#include "support/run_apart.hpp"

namespace sysfd_snippets {

struct Given {
  sysfd::OwnedFd socket, connection;              // the ends of a pair
  sysfd::OwnedFd file, log, input, control, any;  // files in memory
  sysfd::OwnedFd directory;
  pid_t pid;  // of a child that has ended
};

// Calls the function in a copy of this process. Its result does not matter, since most of the
// programs that the examples start do not exist. It must return.
void run_snippet(Anything (*snippet)(Given&));

}  // namespace sysfd_snippets

#define SYSFD_NAMES_OF_SNIPPETS              \
  using namespace std::chrono_literals;      \
  using namespace std::string_view_literals; \
  [[maybe_unused]] auto& [socket, connection, file, log, input, control, any, directory, pid] = has;

#define SYSFD_NAMES_OF_TABLES                                                              \
  using sysfd::Command;                                                                    \
  using sysfd::DropPolicy;                                                                 \
  using sysfd::Stdio;                                                                      \
  [[maybe_unused]] sysfd::Command command("name");                                         \
  [[maybe_unused]] auto child = command.spawn();                                           \
  [[maybe_unused]] sysfd::Result<sysfd::ExitStatus> status = sysfd::ExitStatus::exited(0); \
  [[maybe_unused]] sysfd::BorrowedFd fd = file, a = file;                                  \
  [[maybe_unused]] const char *path = "", *name = "", *text = "", *line = "";              \
  [[maybe_unused]] char* const argv[] = {nullptr};                                         \
  [[maybe_unused]] char* const* envp = argv;                                               \
  [[maybe_unused]] int b = 3, number = 3, s = 0;                                           \
  [[maybe_unused]] uid_t uid = 1;                                                          \
  [[maybe_unused]] gid_t gid = 1;

#endif  // SYSFD_TESTS_FAMILY_SNIPPETS_HPP
