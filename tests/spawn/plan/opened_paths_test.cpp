// SPDX-License-Identifier: MIT
//
// Tests that a step names the path that it opens if the path does not exist.
#include <sysfd/command.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>

#include "support/prelude.hpp"

#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

// Checks the error of a start while an empty file system is mounted over `place`.
void expect_without(const char* place, const std::function<void(Command&)>& change,
                    const std::string& description) {
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("tmpfs", place, "tmpfs", 0, nullptr), 0);
    Command command("/bin/true");
    change(command);
    const auto child = command.spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().describe(), description);
  });
}

TEST(PathThatAStepOpens, IsNamedForEachStandardStream) {
  SYSFD_REQUIRE_ROOT();
  expect_without(
      "/dev", [](Command& command) { command.stdout_to(Stdio::null()); },
      "stdout of the child, /dev/null: No such file or directory");
  expect_without(
      "/dev", [](Command&) { ::close(0); },
      "stdin of the child, /dev/null: No such file or directory");
}

TEST(PathThatAStepOpens, IsNamedForIdMaps) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ISOLATION();
  const auto map = [](Command& command, bool users) {
    Namespaces namespaces{.create = Namespace::user};
    (users ? namespaces.user_map : namespaces.group_map) = {{0, 0, 1}};
    command.namespaces(namespaces);
  };
  expect_without(
      "/proc", [&](Command& command) { map(command, true); },
      "user id map \"/proc/<pid>/uid_map\": No such file or directory");
  expect_without(
      "/proc", [&](Command& command) { map(command, false); },
      "group id map \"/proc/<pid>/gid_map\": No such file or directory");
}

TEST(PathThatAStepOpens, IsNamedForTheOomScore) {
  SYSFD_REQUIRE_ROOT();
  expect_without(
      "/proc", [](Command& command) { command.resources({.oom_score_adjust = 500}); },
      "OOM score adjustment \"/proc/thread-self/oom_score_adj\": No such file or directory");
}

TEST(PathThatAStepOpens, IsNamedForTheTableWhereCloseRangeIsRefused) {
  SYSFD_REQUIRE_ROOT();
  expect_without(
      "/proc", [](Command&) { refuse_calls({{SYS_close_range, ENOSYS}}); },
      "descriptor table of the child \"/proc/thread-self/fd\": No such file or directory");
}

}  // namespace
}  // namespace sysfd_test
