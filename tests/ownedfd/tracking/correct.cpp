// SPDX-License-Identifier: MIT
//
// Does what a correct program may do with owners and numbers: the part that the argument names. It
// is linked to sysfd::track_close.
#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include <sysfd/forget_owners.hpp>

#include "ownedfd/tracking/place.hpp"

namespace {

using sysfd::OwnedFd;
using sysfd::detail::owner_of;
using sysfd_test::some_event;

void moves() {
  OwnedFd first = some_event();
  const int number = first.get();
  REQUIRE(owner_of(number) == &first);
  OwnedFd second = std::move(first);
  REQUIRE(owner_of(number) == &second);
  OwnedFd& second_again = second;
  second = std::move(second_again);
  REQUIRE(owner_of(number) == &second);
  std::vector<OwnedFd> many;
  for (int i = 0; i < 100; ++i)
    many.push_back(some_event());
  for (const OwnedFd& each : many)
    REQUIRE(owner_of(each.get()) == &each);
  const int replaced = many[3].get();
  many[3] = std::move(second);
  REQUIRE(!owner_of(replaced));
  REQUIRE(owner_of(number) == &many[3]);
  REQUIRE(sysfd::replace(many[3], many[4]));
  REQUIRE(owner_of(number) == &many[3]);
  std::swap(many[3], many[4]);
  REQUIRE(owner_of(number) == &many[4]);
  const int released = std::move(many[4]).release();
  REQUIRE(released == number && !owner_of(number));
  REQUIRE(::close(number) == 0);
  first = OwnedFd::adopt_open(STDERR_FILENO).or_throw("stderr");
  REQUIRE(owner_of(STDERR_FILENO) == &first);
  REQUIRE(std::move(first).release() == STDERR_FILENO);
}

// The numbers of others can be closed by any call.
void numbers_without_an_owner() {
  const int number = some_event().release();
  REQUIRE(::close(number) == 0 && ::close(number) == -1 && errno == EBADF);
  REQUIRE(!sysfd::BorrowedFd::unsafe_borrow(number).duplicate());
  REQUIRE(::dup2(STDERR_FILENO, number) == number);
  REQUIRE(::dup3(STDERR_FILENO, number, O_CLOEXEC) == number);
  REQUIRE(::dup3(number, number, O_CLOEXEC) == -1 && errno == EINVAL);
  REQUIRE(::close_range(static_cast<unsigned>(number), static_cast<unsigned>(number), 0) == 0);
  std::FILE* const file = std::fopen("/dev/null", "r");
  REQUIRE(file && std::fclose(file) == 0);
  DIR* const directory = ::opendir("/");
  REQUIRE(directory && ::closedir(directory) == 0);
  const OwnedFd owned = some_event();
  REQUIRE(::dup2(owned.get(), owned.get()) == owned.get());
  REQUIRE(::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0);
  ::closefrom(owned.get() + 1);
}

// Larger numbers than the table has are not tracked.
void numbers_beyond_the_table() {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit raised = {70000, std::max<rlim_t>(limit.rlim_max, 70000)};
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) return;  // needs CAP_SYS_RESOURCE
  const OwnedFd low = some_event();
  for (const int number : {65535, 65536, 69999}) {
    OwnedFd high = OwnedFd::from_syscall(::fcntl(low.get(), F_DUPFD_CLOEXEC, number)).value();
    REQUIRE(high.get() == number);
    REQUIRE((owner_of(number) == &high) == (number < 65536));
    const OwnedFd moved = std::move(high);
    REQUIRE((owner_of(number) == &moved) == (number < 65536));
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

bool ends_well(pid_t child) {
  int status = 0;
  REQUIRE(child > 0 && ::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A forked process has the owners, and a table of its own that fits.
void fork_with_owners() {
  std::vector<OwnedFd> owners;
  for (int i = 0; i < 100; ++i)
    owners.push_back(some_event());
  const int first = owners[0].get();
  const pid_t child = ::fork();
  if (child == 0) {
    for (const OwnedFd& each : owners)
      REQUIRE(owner_of(each.get()) == &each);
    owners.erase(owners.begin(), owners.begin() + 50);
    const OwnedFd again = some_event();
    REQUIRE(again.get() == first && owner_of(first) == &again);
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      owners.clear();
      std::_Exit(0);
    }
    REQUIRE(ends_well(grandchild));
    ::closefrom(3);  // as before execve(2); but this process goes on
    sysfd::forget_owners();
    const OwnedFd other = some_event();
    REQUIRE(other.get() == 3 && owner_of(3) == &other);
    std::_Exit(0);
  }
  REQUIRE(ends_well(child));
  for (const OwnedFd& each : owners)
    REQUIRE(owner_of(each.get()) == &each);
}

// The kernel copies the numbers first and then the memory. If a thread takes a number between the
// two, the copy has an owner for one that is free.
void fork_while_another_thread_takes_a_number() {
  const int number = ::dup(STDERR_FILENO);
  REQUIRE(number >= 0 && ::close(number) == 0);
  sysfd::detail::begin_ownership(number, &number, nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    REQUIRE(!OwnedFd::adopt_open(number));
    REQUIRE(!sysfd::BorrowedFd::unsafe_borrow(number).duplicate());
    {
      const OwnedFd now = some_event();
      REQUIRE(now.get() == number && owner_of(number) == &now);
    }
    REQUIRE(!owner_of(number));
    const OwnedFd again = OwnedFd::adopt(::dup(STDERR_FILENO));
    REQUIRE(again.get() == number && owner_of(number) == &again);
    std::_Exit(0);
  }
  REQUIRE(ends_well(child));
  REQUIRE(owner_of(number) == &number);
}

// A child that shares the memory closes numbers of its own table.
void children_in_this_memory() {
  std::vector<OwnedFd> owners;
  for (int i = 0; i < 100; ++i)
    owners.push_back(some_event());
  // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork)
  const pid_t child = ::vfork();
  if (child == 0) {
    for (const OwnedFd& each : owners)
      ::close(each.get());
    ::_exit(0);
  }
  REQUIRE(ends_well(child));

  posix_spawn_file_actions_t actions;
  REQUIRE(::posix_spawn_file_actions_init(&actions) == 0);
  for (const OwnedFd& each : owners)
    REQUIRE(::posix_spawn_file_actions_addclose(&actions, each.get()) == 0);
  char name[] = "true";
  char* arguments[] = {name, nullptr};
  pid_t spawned = 0;
  REQUIRE(::posix_spawnp(&spawned, name, &actions, nullptr, arguments, environ) == 0);
  REQUIRE(ends_well(spawned));
  ::posix_spawn_file_actions_destroy(&actions);

  for (const OwnedFd& each : owners)
    REQUIRE(owner_of(each.get()) == &each && ::fcntl(each.get(), F_GETFD) >= 0);
}

}  // namespace

int main(int, char** arguments) {
  const std::string_view part = arguments[1];
  if (part == "moves") return moves(), 0;
  if (part == "numbers_without_an_owner") return numbers_without_an_owner(), 0;
  if (part == "numbers_beyond_the_table") return numbers_beyond_the_table(), 0;
  if (part == "fork") return fork_with_owners(), 0;
  if (part == "fork_meanwhile") return fork_while_another_thread_takes_a_number(), 0;
  if (part == "vfork") return children_in_this_memory(), 0;
  return 1;
}
