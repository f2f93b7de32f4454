// SPDX-License-Identifier: MIT
//
// Tests rules where paths are not plain: at mount points, and where a file has no path. What
// explain() tells must be what the kernel does.
#include <sysfd/landlock.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "landlock/attempts.hpp"
#include "support/kernel_features.hpp"
#include "support/overlay.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

const Rights handled{.files = FileRight::read_file | FileRight::write_file};

int errno_of_using(FileRight right, const fs::path& file) {
  return errno_of_opening(file, right == FileRight::read_file ? O_RDONLY : O_WRONLY);
}

// Asks about each file, restricts a copy of this process, and tries. `readable` and `writable` are
// those that must be allowed.
void expect_allowed(const Ruleset& ruleset, const std::vector<fs::path>& files,
                    const std::set<fs::path>& readable, const std::set<fs::path>& writable = {}) {
  std::map<fs::path, FileRights> told;
  for (const fs::path& file : files)
    told[file] = must(explain(ruleset, file, handled.files)).allowed;
  run_apart([&] {
    ASSERT_TRUE(ruleset.restrict_self());
    for (const fs::path& file : files)
      for (const FileRight right : {FileRight::read_file, FileRight::write_file}) {
        const auto& expected = right == FileRight::read_file ? readable : writable;
        SCOPED_TRACE(Rights{.files = right}.text() + " of " + file.string());
        EXPECT_EQ(told[file].contains(right), expected.contains(file));
        EXPECT_EQ(errno_of_using(right, file), expected.contains(file) ? 0 : EACCES);
      }
  });
}

void make_file(const fs::path& file) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << "text";
}

// A directory with a tmpfs of its own, and a mount namespace.
void run_on_mounts(const std::function<void(const fs::path&)>& body) {
  const ScratchDirectory scratch;
  run_apart([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("outer", scratch.path().c_str(), "tmpfs", 0, nullptr), 0);
    body(scratch.path());
  });
}

Ruleset ruleset_with(const fs::path& path, FileRights allowed = FileRight::read_file) {
  Ruleset ruleset = must(Ruleset::create(handled));
  EXPECT_TRUE(ruleset.allow(path, allowed));
  return ruleset;
}

TEST(LandlockPath, GoesOnAboveAMountPoint) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_ROOT();
  run_on_mounts([](const fs::path& root) {
    const fs::path plain = root / "directory/plain", inner = root / "directory/mounted/inner/file";
    make_file(plain);
    fs::create_directory(root / "directory/mounted");
    const OwnedFd covered = must(open(cwd(), root / "directory/mounted", O_PATH));
    ASSERT_EQ(::mount("inner", (root / "directory/mounted").c_str(), "tmpfs", 0, nullptr), 0);
    make_file(inner);
    const std::vector files = {plain, inner};
    expect_allowed(ruleset_with("/"), files, {plain, inner});
    expect_allowed(ruleset_with(root), files, {plain, inner});
    expect_allowed(ruleset_with(root / "directory"), files, {plain, inner});
    expect_allowed(ruleset_with(root / "directory/mounted"), files, {inner});
    expect_allowed(ruleset_with(inner), files, {inner});

    Ruleset added = ruleset_with(root);
    ASSERT_TRUE(added.allow(root / "directory/mounted", FileRight::write_file));
    expect_allowed(added, files, {plain, inner}, {inner});

    Ruleset of_covered = must(Ruleset::create(handled));
    ASSERT_TRUE(of_covered.allow(covered, FileRight::read_file));
    expect_allowed(of_covered, files, {});
  });
}

// A rule is about the directory, by whatever path. What is above it is that of the path.
TEST(LandlockPath, ThroughABindMountIsThatOfTheMount) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_ROOT();
  run_on_mounts([](const fs::path& root) {
    const fs::path file = root / "source/directory/file", bound = root / "bound/file";
    make_file(file);
    fs::create_directory(root / "bound");
    ASSERT_EQ(::mount((root / "source/directory").c_str(), (root / "bound").c_str(), nullptr,
                      MS_BIND, nullptr),
              0);
    const std::vector files = {file, bound};
    expect_allowed(ruleset_with(root), files, {file, bound});
    expect_allowed(ruleset_with(root / "source"), files, {file});
    expect_allowed(ruleset_with(root / "source/directory"), files, {file, bound});
    expect_allowed(ruleset_with(root / "bound"), files, {file, bound});
    expect_allowed(ruleset_with(bound), files, {file, bound});
  });
}

TEST(LandlockPath, OfAnOverlayIsNotThatOfItsLayers) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_OVERLAY();
  run_on_overlay([](const fs::path& lower) { make_file(lower / "directory/file"); },
                 [](const fs::path& merged) {
                   const fs::path lower = merged.parent_path() / "lower";
                   const fs::path file = merged / "directory/file";
                   const fs::path below = lower / "directory/file";
                   const std::vector files = {file, below};
                   expect_allowed(ruleset_with(merged / "directory"), files, {file});
                   expect_allowed(ruleset_with(lower), files, {below});
                   expect_allowed(ruleset_with(below), files, {below});
                   expect_allowed(ruleset_with(merged.parent_path()), files, {file, below});

                   const Ruleset ruleset = ruleset_with(file);
                   expect_allowed(ruleset, files, {file});
                   std::ofstream(file, std::ios::app) << "more";  // it is copied up
                   expect_allowed(ruleset, files, {file});
                   expect_allowed(ruleset_with(merged, handled.files), files, {file}, {file});
                 });
}

TEST(LandlockPath, MayBeOnAFileSystemWithoutADisk) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  SYSFD_REQUIRE_ROOT();
  struct FileSystem {
    const char* type;
    const char* file;
  };
  for (const auto& [type, name] :
       {FileSystem{"proc", "sys/kernel/hostname"}, FileSystem{"sysfs", "kernel/uevent_seqnum"},
        FileSystem{"ramfs", "a/b/new"}, FileSystem{"cgroup2", "cgroup.procs"}})
    run_on_mounts([type, name](const fs::path& root) {
      SCOPED_TRACE(type);
      const fs::path mounted = root / "mounted", file = mounted / name, other = root / "other";
      make_file(other);
      fs::create_directory(mounted);
      if (::mount(type, mounted.c_str(), type, 0, nullptr) != 0) {
        EXPECT_STREQ(type, "cgroup2") << "a kernel may be without this one only";
        return;
      }
      if (type == "ramfs"sv) make_file(file);
      if (!fs::exists(file)) return;
      const std::vector files = {file, other};
      expect_allowed(ruleset_with(root), files, {file, other});
      expect_allowed(ruleset_with(mounted), files, {file});
      expect_allowed(ruleset_with(file), files, {file});
      expect_allowed(ruleset_with(other), files, {other});
    });
}

std::string by_descriptor(const OwnedFd& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

// Where there is no path, explain() does not tell anything; the kernel allows what belongs to no
// file system that is mounted, and looks at the old directory of a file that was removed.
TEST(LandlockPath, MayBeNone) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  const fs::path in_allowed = scratch.path() / "allowed/file",
                 elsewhere = scratch.path() / "x/file";
  make_file(in_allowed);
  make_file(elsewhere);
  run_apart([&] {
    const OwnedFd known = must(open(cwd(), elsewhere, O_RDONLY));
    const Ruleset ruleset = ruleset_with(in_allowed.parent_path());
    EXPECT_EQ(must(explain(ruleset, by_descriptor(known), handled.files)).denied, handled.files);
    const Pipe ends = must(pipe());
    const OwnedFd memory = some_file(), removed = must(open(cwd(), in_allowed, O_PATH));
    const OwnedFd denied = must(open(cwd(), elsewhere, O_PATH));
    const OwnedFd name_space = must(open(cwd(), "/proc/self/ns/net", O_RDONLY));
    ASSERT_TRUE(fs::remove(in_allowed));
    ASSERT_TRUE(fs::remove(elsewhere));
    for (const OwnedFd* each : {&ends.read, &memory, &removed, &denied, &name_space}) {
      const auto told = explain(ruleset, by_descriptor(*each), handled.files);
      ASSERT_FALSE(told.has_value());
      EXPECT_EQ(told.error().step, LandlockStep::open);
      EXPECT_EQ(told.error().code.value(), ENOENT);
    }
    ASSERT_TRUE(ruleset.restrict_self());
    EXPECT_EQ(errno_of_opening(by_descriptor(ends.read), O_RDONLY), 0);
    EXPECT_EQ(errno_of_opening(by_descriptor(memory), O_RDWR), 0);
    EXPECT_EQ(errno_of_opening(by_descriptor(name_space), O_RDONLY), 0);
    EXPECT_EQ(errno_of_opening(by_descriptor(removed), O_RDONLY), 0);
    EXPECT_EQ(errno_of_opening(by_descriptor(removed), O_WRONLY), EACCES);
    EXPECT_EQ(errno_of_opening(by_descriptor(denied), O_RDONLY), EACCES);
  });
}

}  // namespace
}  // namespace sysfd_test
