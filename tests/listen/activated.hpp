// SPDX-License-Identifier: MIT
//
// Runs an activated process: a forked copy of the test program, since a process takes its
// descriptors once, from number 3 on.
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

// The variables that the service manager sets; a field without a value is not set.
struct Activation {
  std::optional<std::string> pid;
  std::optional<std::string> identity = std::nullopt;
  std::optional<std::string> count = std::nullopt;
  std::optional<std::string> names = std::nullopt;

  // Returns "NAME=value" for each.
  std::vector<std::string> assignments() const;
  // Sets these variables of the environment, and no others about activation.
  void set_environment() const;
};

// Returns the variables for exactly this process: `count` descriptors, with these names.
Activation activation_for_us(int count, std::optional<std::string> names = std::nullopt);
std::string own_pid();
// Requires a kernel with identities.
std::string own_identity();

// Opens new files from number 3 on, which stay open across exec; and puts another file into the
// middle of them.
void open_files(int count);
// Puts copies of these files there. What had the numbers before is closed, so nothing may own them.
void pass_files(const std::vector<BorrowedFd>& fds);
// Returns the same file under a number beyond those that are passed.
OwnedFd beyond_the_passed(OwnedFd file);

// Contains number, flags (FD_CLOEXEC) and file of every open descriptor.
using Table = std::map<int, std::tuple<int, dev_t, ino_t>>;
Table descriptor_table();
// Returns the same table, with these numbers close-on-exec.
Table with_close_on_exec(Table table, int first, int count);

using Taken = Result<ListenFds, ListenError>;

enum class Way { environment, span };
Taken take(Way way, const Activation& activation);

// Runs `body` for each way to take, each time in a new copy.
void each_way(const std::function<void(Way)>& body);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_LISTEN_ACTIVATED_HPP
