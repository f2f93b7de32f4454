// SPDX-License-Identifier: MIT
//
// Tests faults with special consequences. (sweep_test.cpp makes every call fail.)
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"
#include "support/programs.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

TEST(SpawnFaults, OfTheFileSystemLookFurtherInPath) {
  run_apart([] {
    refuse_calls({{SYS_execve, ESTALE}});
    const auto child = Command("true").env("PATH", "/bin:/usr/bin").spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().code.value(), ESTALE);
    EXPECT_EQ(child.error().subject, "true");
  });
}

TEST(SpawnFaults, OfTooManyDescriptorsMakeNoChild) {
  run_apart([] {
    const rlimit limit{3, 3};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto child = Command("/bin/true").spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::clone);
    EXPECT_EQ(child.error().code, std::errc::too_many_files_open);
    EXPECT_EQ(child.error().describe(), "clone: Too many open files");
  });
}

TEST(SpawnFaults, OfTooManyProcessesMakeNoChild) {
  SYSFD_REQUIRE_ROOT();
  run_apart([] {
    const rlimit limit{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_NPROC, &limit), 0);
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    const auto child = Command("/bin/true").spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::clone);
    EXPECT_EQ(child.error().code, std::errc::resource_unavailable_try_again);
  });
}

TEST(SpawnWithoutClone3, GoesOnWithClone) {
  for (const int error : {ENOSYS, EPERM, E2BIG, EACCES, EINVAL})
    run_apart([error] {
      refuse_calls({{SYS_clone3, error}});
      const OwnedFd file = some_file();
      for (int round = 0; round < 2; ++round) {
        const Report report = inspect([&](Command& command) { command.pass(file, 5); });
        EXPECT_EQ(report.descriptors.at(5), identity_of(file.get()));
        EXPECT_EQ(report.descriptors.size(), 4U);
      }
      const auto failed = Command("/no/such").spawn();
      ASSERT_FALSE(failed);
      EXPECT_EQ(failed.error().code, std::errc::no_such_file_or_directory);
    });
}

TEST(SpawnWithoutClone3, AndCloneFailsAndNeverForks) {
  run_apart([] {
    refuse_calls({{SYS_clone3, ENOSYS}, {SYS_clone, EPERM}});
    const auto child = Command("/bin/true").spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::clone);
    EXPECT_EQ(child.error().code, std::errc::operation_not_permitted);
  });
}

// Linux 5.10 has close_range(2), but fails with EINVAL for CLOSE_RANGE_CLOEXEC.
TEST(SpawnWithoutCloseOnExecRanges, GivesTheSameDescriptors) {
  run_apart([] {
    const OwnedFd program = must(sysfd::open(cwd(), Inspection::inspector_path(), O_RDONLY));
    const OwnedFd file = some_file();
    const OwnedFd other = some_file();
    ::fcntl(other.get(), F_SETFD, 0);
    refuse_calls({{SYS_close_range, EINVAL, RefusedCall::Match{2, CLOSE_RANGE_CLOEXEC}}});
    Inspection inspection(Command(program, "inspector"));
    inspection.command.pass(file, 50);
    const Report report = inspection.run();
    EXPECT_EQ(report.descriptors.size(), 4U);
    EXPECT_EQ(report.descriptors.at(50), identity_of(file.get()));
    EXPECT_FALSE(*is_close_on_exec(other)) << "the parent's flags are the parent's";
  });
}

// Linux 5.9 to 6.10 copied the table incorrectly.
TEST(SpawnOfAFullParent, LeavesTheProgramAllNumbers) {
  run_apart([] {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 8192;
    limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
    if (::setrlimit(RLIMIT_NOFILE, &limit) == -1) {
      ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
      limit.rlim_cur = limit.rlim_max;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    const OwnedFd passed = some_file();
    std::vector<OwnedFd> files;
    for (const std::size_t open : {100U, 128U, 200U, 1000U, 5000U}) {
      while (files.size() < std::min<std::size_t>(open, limit.rlim_cur - 20))
        files.push_back(some_file());
      for (const int target : {3, 70, 300}) {
        SCOPED_TRACE(std::to_string(open) + " open, number " + std::to_string(target));
        Inspection inspection;
        inspection.command.pass(passed, target);
        EXPECT_EQ(inspection.run().facts.at("numbers left out"), "");
      }
    }
    // There is one free number below the others, which the pidfd gets.
    files.erase(files.begin() + 20);
    Inspection inspection;
    EXPECT_EQ(inspection.run().facts.at("numbers left out"), "");
  });
}

TEST(SpawnWithoutCloseRange, GivesTheSameDescriptors) {
  for (const int error : {ENOSYS, EPERM, EACCES})
    run_apart([error] {
      std::vector<OwnedFd> files;
      for (int i = 0; i < 300; ++i) {
        files.push_back(some_file());
        ::fcntl(files.back().get(), F_SETFD, 0);
      }
      refuse_calls({{SYS_close_range, error}});
      const Report report = inspect([&](Command& command) {
        command.pass(files[7], 250).pass(files[200], files[200].get()).stdin_from(Stdio::null());
      });
      EXPECT_EQ(report.descriptors.size(), 5U);
      EXPECT_EQ(report.descriptors.at(250), identity_of(files[7].get()));
      EXPECT_EQ(report.descriptors.at(files[200].get()), identity_of(files[200].get()));
      EXPECT_EQ(report.descriptors.at(0), identity_of_null());
      EXPECT_FALSE(*is_close_on_exec(files[9])) << "the parent's flags are the parent's";
    });
}

TEST(SpawnWithoutCloseRange, AndWithoutUnshareTouchesNothingOfTheParent) {
  run_apart([] {
    const OwnedFd file = some_file();
    const OwnedFd witness = OwnedFd::adopt(::dup3(file.get(), 8, 0));
    const OwnedFd passed = some_file();
    refuse_calls({{SYS_close_range, EPERM}, {SYS_unshare, EPERM}});
    const auto child = Command("/bin/true").pass(passed, 8).spawn();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().step, SpawnStep::table);
    EXPECT_TRUE(same_file(witness.get(), file.get()));
    EXPECT_FALSE(*is_close_on_exec(witness));
  });
}

// Something is mounted over it. The child looks at its numbers one by one.
TEST(SpawnWithoutProc, GivesTheSameDescriptors) {
  SYSFD_REQUIRE_ROOT();
  const std::string checker = program_path("spawn_table_checker");
  run_apart([&checker] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("tmpfs", "/proc", "tmpfs", 0, nullptr), 0);
    std::vector<OwnedFd> files;
    for (int i = 0; i < 40; ++i) {
      files.push_back(some_file());
      ::fcntl(files.back().get(), F_SETFD, 0);
    }
    Command command(checker);
    command.stdin_from(Stdio::null()).stdout_to(Stdio::null()).stderr_to(Stdio::null());
    command.pass(files[7], 60).pass(files[9], files[9].get());
    const auto expect = [&command](int number, const FileIdentity& file) {
      command.arg(std::to_string(number) + ':' + std::to_string(file.first) + ':' +
                  std::to_string(file.second));
    };
    for (const int number : {0, 1, 2})
      expect(number, identity_of_null());
    expect(60, identity_of(files[7].get()));
    expect(files[9].get(), identity_of(files[9].get()));
    EXPECT_EQ(must(must(command.spawn()).wait()).code(), 0);
    EXPECT_EQ(must(command.status()).code(), 0);
    EXPECT_FALSE(*is_close_on_exec(files[8])) << "the parent's flags are the parent's";
  });
}

}  // namespace
}  // namespace sysfd_test
