// SPDX-License-Identifier: MIT
//
// A process that was activated: a forked copy of the test program, since a process takes what it
// was given once, from number 3 on.
#ifndef SYSFD_TESTS_LISTEN_ACTIVATED_HPP
#define SYSFD_TESTS_LISTEN_ACTIVATED_HPP

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <sysfd/listen_fds.hpp>
#include <sysfd/result.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

extern const char* const listen_variables[4];

// What the service manager says; nothing of what has no value.
struct Told {
  std::optional<std::string> pid;
  std::optional<std::string> identity = std::nullopt;
  std::optional<std::string> count = std::nullopt;
  std::optional<std::string> names = std::nullopt;

  // "NAME=value" each.
  std::vector<std::string> assignments() const;
  // The environment says this and nothing else about activation.
  void put_into_environment() const;
};

// To exactly this process: so many, with these names.
Told told_us(int count, std::optional<std::string> names = std::nullopt);
std::string own_pid();
// Where there are identities.
std::string own_identity();

// Occupies the numbers from 3 on with new files, that stay open across exec; and what is open there
// instead of something in the middle of them.
void give_files(int count);
void give(const std::vector<BorrowedFd>& fds);

// Number, flags (FD_CLOEXEC) and file of all that is open.
using Table = std::map<int, std::tuple<int, dev_t, ino_t>>;
Table descriptor_table();
// The same, with these close-on-exec.
Table with_close_on_exec(Table table, int first, int count);

using Taken = Result<ListenFds, ListenError>;

enum class Way { environment, span };
Taken take(Way way, const Told& told);

// `body` for each way to take, in a copy of its own.
void each_way(const std::function<void(Way)>& body);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_LISTEN_ACTIVATED_HPP
