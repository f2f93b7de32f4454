// SPDX-License-Identifier: MIT
//
// What the swept operations work on.
#ifndef SYSFD_TESTS_FAULTS_SUBJECTS_HPP
#define SYSFD_TESTS_FAULTS_SUBJECTS_HPP

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "faults/operations.hpp"

namespace sysfd_test {

inline OwnedFd file_with(std::string_view content) {
  OwnedFd file = must(sysfd::memfd("content", MFD_ALLOW_SEALING));
  if (::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    std::abort();
  return file;
}

inline std::string content_of(int fd) {
  std::string content(4096, '\0');
  const ssize_t size = ::pread(fd, content.data(), content.size(), 0);
  content.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return content;
}

inline Command program(const char* word) {
  return Command(sweep_program()).arg(word);
}

// A child that runs until it is killed.
inline Child waiting_child() {
  return must(program("wait").spawn());
}

// A child that has ended with status 7, and is not reaped.
inline Child ended_child() {
  Child child = must(program("exit").spawn());
  pollfd entry{child.pidfd().fd().get(), POLLIN, 0};
  while (::poll(&entry, 1, -1) != 1) {
  }
  return child;
}

// Operation::leaves_child_without: a child that cannot be killed is left running.
inline const std::vector<long> kills = {SYS_pidfd_send_signal, SYS_kill};

// The error that an operation is to have is its success.
template <class Result>
sysfd::Result<> expect_error(const Result& result, std::errc wanted) {
  if (result.has_value()) return std::unexpected(std::make_error_code(std::errc::bad_message));
  if (std::error_code(result.error()) == wanted) return {};
  return std::unexpected(std::error_code(result.error()));
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_FAULTS_SUBJECTS_HPP
