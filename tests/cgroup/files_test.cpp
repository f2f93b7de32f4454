// SPDX-License-Identifier: MIT
//
// Tests how the kernel's files are read, and the texts of errors.
#include <sysfd/cgroup.hpp>

#include <cerrno>

#include "support/prelude.hpp"

#include "cgroup_files.hpp"

namespace sysfd_test {
namespace {

using detail::controllers_of;
using detail::number_at;
using detail::number_of;

TEST(CgroupFiles, HaveNumbers) {
  EXPECT_EQ(number_of("12\n"), 12U);
  EXPECT_EQ(number_of("12"), 12U);
  EXPECT_EQ(number_of("18446744073709551615\n"), UINT64_MAX);
  for (const char* none : {"", "\n", "max\n", "12 \n", "-1\n", "18446744073709551616\n"})
    EXPECT_EQ(number_of(none), std::nullopt) << none;
}

TEST(CgroupFiles, HaveNumbersBehindTheirKeys) {
  const std::string_view text = "oom_kill 3\noom 2\nmax none\nlast 7";
  EXPECT_EQ(number_at(text, "oom"), 2U);
  EXPECT_EQ(number_at(text, "oom_kill"), 3U);
  EXPECT_EQ(number_at(text, "last"), 7U) << "without a newline";
  for (const char* none : {"max", "las", "kill", ""})
    EXPECT_EQ(number_at(text, none), std::nullopt) << none;
}

TEST(CgroupFiles, ListControllers) {
  EXPECT_EQ(controllers_of("cpu memory pids\n"),
            Controller::cpu | Controller::memory | Controller::pids);
  EXPECT_EQ(controllers_of("cpu,blkio,net_cls", ','), Controller::cpu | Controller::io);
  EXPECT_EQ(controllers_of("rdma cpuset"), ControllerSet(Controller::cpuset));
  for (const char* none : {"", "\n", "rdma\n", "cpuacct"})
    EXPECT_EQ(controllers_of(none), ControllerSet()) << none;
}

TEST(CgroupErrors, NameTheStepAndWhatHelps) {
  using Step = CgroupStep;
  const auto text = [](Step step, int code, const std::string& subject = {}) {
    return CgroupError{step, {code, std::system_category()}, subject}.describe();
  };
  EXPECT_EQ(text(Step::find, ENOENT), "cgroup of this process: No such file or directory");
  EXPECT_EQ(text(Step::limit, ENOENT, "pids.max"),
            "limit \"pids.max\": No such file or directory: its controller is not enabled");
  EXPECT_EQ(text(Step::move, EXDEV, "x"),
            "move into the new cgroup by \"x\": Invalid cross-device link: a process is in "
            "another pid namespace");
  EXPECT_EQ(text(Step::kill, EOPNOTSUPP, "x"),
            "kill by \"x\": Operation not supported: it is threaded: kill the cgroup above");
  EXPECT_EQ(text(Step::freeze, ETIMEDOUT, "x"), "freeze by \"x\": Connection timed out");
  EXPECT_EQ(text(Step::read, EIO, "x"), "read of \"x\": Input/output error");
  EXPECT_EQ(text(Step::wait, ETIMEDOUT, "x"), "wait for \"x\": Connection timed out");
  EXPECT_EQ(text(Step::remove, EBUSY, "x"),
            "removal of the cgroup \"x\": Device or resource busy: there are processes in it");
  EXPECT_TRUE(text(static_cast<Step>(99), EPERM).starts_with("unknown step: "));
}

}  // namespace
}  // namespace sysfd_test
