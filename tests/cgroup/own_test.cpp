// SPDX-License-Identifier: MIT
//
// Tests where the cgroup of this process is found, and what can be done there.
#include <sysfd/cgroup.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "cgroup/cgroups.hpp"
#include "support/scratch_directory.hpp"
#include "support/stopped_calls.hpp"

namespace sysfd_test {
namespace {

// Where cgroups of version 2 are mounted.
std::string mount_point() {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);)
    if (line.contains(" - cgroup2 ")) {
      std::istringstream fields(line);
      std::string field;
      for (int i = 0; i < 5; ++i)
        fields >> field;
      return field;
    }
  return {};
}

void run_with_own_mounts(const std::function<void()>& body) {
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    body();
  });
}

TEST(OwnCgroup, IsThatOfTheProcess) {
  const auto own = Cgroup::own();
  if (!own) GTEST_SKIP() << "needs cgroups of version 2: " << own.error();
  EXPECT_NE(
      ("\n" + content_of(*own, "cgroup.procs")).find("\n" + std::to_string(::getpid()) + "\n"),
      std::string::npos);
  EXPECT_FALSE(own->is_removed_when_dropped());
}

TEST(OwnCgroup, IsFoundWhereverItIsMounted) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ONE_THREAD();
  const ScratchDirectory scratch;
  const std::string other = scratch.path() / "other place";
  std::filesystem::create_directory(other);
  const std::string point = mount_point();
  run_with_own_mounts([&] {
    ASSERT_EQ(::mount("cgroup2", other.c_str(), "cgroup2", 0, nullptr), 0);
    EXPECT_TRUE(Cgroup::own());
    ASSERT_EQ(::mount("tmpfs", point.c_str(), "tmpfs", 0, nullptr), 0);
    EXPECT_TRUE(Cgroup::own()) << "the other mount is still there";
    ASSERT_EQ(::umount2(other.c_str(), MNT_DETACH), 0);
    const auto none = Cgroup::own();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().step, CgroupStep::find) << none.error();
  });
  run_with_own_mounts([&] {
    ASSERT_EQ(::umount2(point.c_str(), MNT_DETACH), 0);
    const auto none = Cgroup::own();
    expect_error(none, CgroupStep::find, ENOENT);
    EXPECT_EQ(none.error().subject, "no cgroup v2 is mounted");
  });
}

// What is mounted from outside of the namespace has other paths than the process.
TEST(OwnCgroup, IsInTheCgroupNamespace) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ONE_THREAD();
  const ScratchDirectory scratch;
  const Cgroup cgroup = make_cgroup();
  const Cgroup outside = make_cgroup_in(must(Cgroup::own()), cgroup_name() + "-outside");
  const std::string point = mount_point();
  run_with_own_mounts([&] {
    write_to(cgroup, "cgroup.procs", "0");
    EXPECT_TRUE(must(Cgroup::own()).abilities());
    ASSERT_EQ(::unshare(CLONE_NEWCGROUP), 0);
    expect_error(Cgroup::own(), CgroupStep::find, ENOENT);
    ASSERT_EQ(::mount("cgroup2", scratch.path().c_str(), "cgroup2", 0, nullptr), 0);
    const Cgroup own = must(Cgroup::own());
    EXPECT_EQ(content_of(own, "cgroup.procs"), content_of(cgroup, "cgroup.procs"));
    EXPECT_TRUE(must(own.abilities()).needs_leaf) << "the root of a namespace is no root";
    write_to(outside, "cgroup.procs", "0");
    EXPECT_EQ(content_of(must(Cgroup::own()), "cgroup.procs"), content_of(outside, "cgroup.procs"));
    ASSERT_EQ(::umount2(point.c_str(), MNT_DETACH), 0);
    expect_error(Cgroup::own(), CgroupStep::find, ENOENT);
  });
}

TEST(OwnCgroup, MayBeInAPartThatIsMounted) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ONE_THREAD();
  const ScratchDirectory scratch;
  const Cgroup cgroup = make_cgroup();
  const Cgroup below = make_cgroup_in(cgroup, "below");
  const Cgroup beside = make_cgroup_in(must(Cgroup::own()), cgroup_name() + "-beside");
  const std::string point = mount_point();
  run_with_own_mounts([&] {
    const std::string part = point + "/" + cgroup_name();
    ASSERT_EQ(::mount(part.c_str(), scratch.path().c_str(), nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(::umount2(point.c_str(), MNT_DETACH), 0);
    expect_error(Cgroup::own(), CgroupStep::find, ENOENT);  // it is outside of that part
    write_to(below, "cgroup.procs", "0");
    EXPECT_EQ(content_of(must(Cgroup::own()), "cgroup.procs"), content_of(below, "cgroup.procs"));
    write_to(cgroup, "cgroup.procs", "0");
    EXPECT_EQ(content_of(must(Cgroup::own()), "cgroup.procs"), content_of(cgroup, "cgroup.procs"));
    write_to(beside, "cgroup.procs", "0");
    expect_error(Cgroup::own(), CgroupStep::find, ENOENT);
  });
}

TEST(OpenedCgroup, MustBeOne) {
  expect_error(Cgroup::open("/"), CgroupStep::open, EBADF);
  expect_error(Cgroup::open("/no/such"), CgroupStep::open, ENOENT);
  expect_error(Cgroup::open(std::string("/\0x", 3)), CgroupStep::open, EINVAL);
  EXPECT_EQ(Cgroup::open("/").error().describe(),
            "open of the cgroup \"/\": Bad file descriptor: not a cgroup of version 2");
}

TEST(OpenedCgroup, IsLeftAlone) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  const std::string path = "/proc/self/fd/" + std::to_string(cgroup.fd().get());
  {
    const Cgroup opened = must(Cgroup::open(path));
    EXPECT_FALSE(opened.is_removed_when_dropped());
    EXPECT_TRUE(must(is_close_on_exec(opened.fd())));
  }
  EXPECT_TRUE(cgroup.events());
}

TEST(CgroupAbilities, AreWhatCanBeDone) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  const auto found = must(own.abilities());
  EXPECT_FALSE(found.create_obstacle) << *found.create_obstacle;
  EXPECT_FALSE(found.start_obstacle) << *found.start_obstacle;
  EXPECT_TRUE(found.available.contains(found.enabled));
  EXPECT_EQ(found.to_be_enabled() | found.enabled, found.available);
  EXPECT_TRUE((found.in_version_1 - found.available) == found.in_version_1);
  const Cgroup cgroup = make_cgroup();
  EXPECT_FALSE(must(cgroup.abilities()).needs_leaf);
  Child child = start_in(cgroup);
  EXPECT_TRUE(must(cgroup.abilities()).needs_leaf);
  EXPECT_EQ(content_of(cgroup, "cgroup.stat").substr(0, 16), "nr_descendants 0");
}

// A line of /proc/PID/cgroup is "NUMBER:CONTROLLERS:PATH".
TEST(CgroupAbilities, TellWhatCgroupsOfVersion1Use) {
  SYSFD_REQUIRE_CGROUP();
  std::ifstream memberships("/proc/thread-self/cgroup");
  ControllerSet in_version_1;
  for (std::string line; std::getline(memberships, line);) {
    const std::string names =
        "," + line.substr(0, line.rfind(":")).substr(line.find(':') + 1) + ",";
    for (const auto& [controller, name] : {std::pair{Controller::cpu, ",cpu,"},
                                           {Controller::cpuset, ",cpuset,"},
                                           {Controller::io, ",blkio,"},
                                           {Controller::memory, ",memory,"},
                                           {Controller::pids, ",pids,"},
                                           {Controller::hugetlb, ",hugetlb,"}})
      if (names.contains(name)) in_version_1 = in_version_1 | controller;
  }
  EXPECT_EQ(must(must(Cgroup::own()).abilities()).in_version_1, in_version_1);
}

TEST(CgroupAbilities, OfAnOrdinaryUserAreNone) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ROOT();
  const Cgroup own = must(Cgroup::own());
  std::thread([&] {
    ASSERT_EQ(::syscall(SYS_setresuid, -1, 65534, -1), 0);
    const auto found = must(own.abilities());
    ASSERT_TRUE(found.create_obstacle && found.start_obstacle);
    EXPECT_TRUE(found.create_obstacle->describe().ends_with(
        ": Permission denied: the parent is not delegated to this user (systemd: Delegate=yes)"))
        << *found.create_obstacle;
    expect_error(own.enable(Controller::hugetlb), CgroupStep::enable, EACCES);
  }).join();
}

// As a login shell, which is not in the part that belongs to its user.
TEST(CgroupAbilities, OutsideOfWhatIsDelegatedDoNotIncludeAStart) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ROOT();
  const Cgroup cgroup = make_cgroup();
  ASSERT_EQ(::fchown(cgroup.fd().get(), 65534, 65534), 0);
  ASSERT_EQ(::fchownat(cgroup.fd().get(), "cgroup.procs", 65534, 65534, 0), 0);
  std::thread([&] {
    ASSERT_EQ(::syscall(SYS_setresuid, 65534, 65534, -1), 0);
    const auto found = must(cgroup.abilities());
    EXPECT_FALSE(found.create_obstacle) << *found.create_obstacle;
    ASSERT_TRUE(found.start_obstacle);
    EXPECT_EQ(found.start_obstacle->describe(),
              "start below by \"cgroup.procs\": Permission denied: this process is not in what is "
              "delegated to its user: start it there (systemd-run --user)");
    const Cgroup job = make_cgroup_in(cgroup, "job");
    const auto child = Command("true").cgroup(job.fd()).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::cgroup);
    EXPECT_EQ(child.error().code.value(), EACCES);
  }).join();
}

TEST(CgroupAbilities, OfWhatIsMountedReadOnlyAreNone) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ONE_THREAD();
  const std::string point = mount_point();
  run_with_own_mounts([&] {
    ASSERT_EQ(::mount(nullptr, point.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr),
              0);
    const Cgroup own = must(Cgroup::own());
    const auto found = must(own.abilities());
    ASSERT_TRUE(found.create_obstacle && found.start_obstacle);
    EXPECT_EQ(found.create_obstacle->code.value(), EROFS);
    EXPECT_TRUE(found.create_obstacle->describe().ends_with("as in most containers"));
    EXPECT_EQ(found.start_obstacle->code.value(), EROFS);
  });
}

// Nothing here turns a cgroup threaded: the test does.
TEST(CgroupAbilities, OfThreadedCgroupsAreNone) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  const Cgroup threaded = make_cgroup_in(cgroup, "threaded");
  Child child = start_in(cgroup);
  write_to(threaded, "cgroup.type", "threaded");
  for (const Cgroup* const parent : {&cgroup, &threaded}) {
    const auto found = must(parent->abilities());
    ASSERT_TRUE(found.create_obstacle);
    EXPECT_EQ(found.create_obstacle->code.value(), EOPNOTSUPP);
    const auto refused = Cgroup::create(*parent, "below");
    expect_error(refused, CgroupStep::create, EOPNOTSUPP);
    EXPECT_FALSE(is_there(*parent, "below"));
  }
  expect_error(threaded.processes(), CgroupStep::read, EOPNOTSUPP);
  EXPECT_EQ(must(cgroup.processes()).size(), 1U);
  EXPECT_TRUE(cgroup.kill());
  EXPECT_EQ(must(child.wait()).signal(), SIGKILL);
}

TEST(MakeLeaf, MovesAllProcessesThere) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  Child first = start_in(cgroup), second = start_in(cgroup);
  {
    const Cgroup leaf = must(cgroup.make_leaf_and_enable("leaf", {}));
    EXPECT_EQ(must(leaf.processes()).size(), 2U);
    EXPECT_FALSE(must(cgroup.abilities()).needs_leaf);
  }
  EXPECT_EQ(must(cgroup.processes()).size(), 2U) << "dropping the leaf has ended them";
  expect_error(cgroup.make_leaf_and_enable("leaf", {}), CgroupStep::create, EEXIST);
}

TEST(MakeLeaf, ChangesNothingAfterAnError) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  // Nothing is enabled for the cgroups in the one that this process is in.
  expect_error(cgroup.make_leaf_and_enable("leaf", Controller::hugetlb), CgroupStep::enable,
               ENOENT);
  EXPECT_FALSE(is_there(cgroup, "leaf"));
  EXPECT_FALSE(child.try_wait().has_value());
  EXPECT_TRUE(must(cgroup.abilities()).needs_leaf) << "it was moved away";
}

TEST(MakeLeaf, InTheRootMovesNothing) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup own = must(Cgroup::own());
  if (::faccessat(own.fd().get(), "cgroup.type", F_OK, 0) == 0)
    GTEST_SKIP() << "needs to be in the root of all cgroups";
  const Cgroup leaf = must(own.make_leaf_and_enable(cgroup_name(), {}));
  EXPECT_EQ(content_of(leaf, "cgroup.procs"), "");
  ASSERT_EQ(::unlinkat(own.fd().get(), cgroup_name().c_str(), AT_REMOVEDIR), 0);
}

TEST(MakeLeaf, TellsWhatCannotBeMoved) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  const auto fail_moves = [](std::string_view path, int flags) {
    return path == "cgroup.procs" && (flags & O_ACCMODE) == O_WRONLY ? EACCES : 0;
  };
  run_with_failing_opens(fail_moves, [&] {
    expect_error(cgroup.make_leaf_and_enable("leaf", {}), CgroupStep::move, EACCES);
  });
  EXPECT_FALSE(is_there(cgroup, "leaf"));
  EXPECT_EQ(must(cgroup.processes()).size(), 1U);
}

TEST(MakeLeaf, DoesNotTakeAShortageForTheRoot) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup();
  Child child = start_in(cgroup);
  const auto fail_looks = [](std::string_view path, int flags) {
    return path == "cgroup.type" && (flags & O_PATH) != 0 ? EMFILE : 0;
  };
  run_with_failing_opens(fail_looks, [&] {
    EXPECT_TRUE(must(cgroup.abilities()).needs_leaf);
    const Cgroup leaf = must(cgroup.make_leaf_and_enable("leaf", {}));
    EXPECT_EQ(must(leaf.processes()).size(), 1U);
  });
}

TEST(CgroupAbilities, AreNotLessForWantOfADescriptor) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup();
  const bool has_kill = must(cgroup.abilities()).has_kill;
  const auto fail_with = [&](std::string_view file, int access) {
    return [=](std::string_view path, int flags) {
      return path == file && (flags & O_ACCMODE) == access ? EMFILE : 0;
    };
  };
  run_with_failing_opens(fail_with("cgroup.kill", O_WRONLY),
                         [&] { EXPECT_EQ(must(cgroup.abilities()).has_kill, has_kill); });
  run_with_failing_opens(fail_with("cgroup.procs", O_RDONLY),
                         [&] { expect_error(cgroup.abilities(), CgroupStep::read, EMFILE); });
}

TEST(Controllers, ThatCannotBeReadAreAnError) {
  SYSFD_REQUIRE_CGROUP();
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup();
  const auto fail_enabled = [](std::string_view path, int) {
    return path == "cgroup.subtree_control" ? EACCES : 0;
  };
  run_with_failing_opens(fail_enabled, [&] {
    expect_error(cgroup.enable(Controller::memory), CgroupStep::read, EACCES);
    expect_error(cgroup.make_leaf_and_enable("leaf", {}), CgroupStep::read, EACCES);
    expect_error(cgroup.abilities(), CgroupStep::read, EACCES);
  });
  EXPECT_FALSE(is_there(cgroup, "leaf"));
}

}  // namespace
}  // namespace sysfd_test
