// SPDX-License-Identifier: MIT
//
// Tests a copy of the process that fork(2) made, and that destroys its copies: the children, locks,
// mappings and descriptors of this process do not change.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/listen_fds.hpp>
#include <sysfd/mount_cache.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/sealed_memory.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"

namespace sysfd_test {
namespace {

// Sends its input back.
Command echo() {
  return Command("cat").stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe());
}

void expect_alive(const OwnedFd& input, const OwnedFd& output, const std::string& what) {
  EXPECT_EQ(::write(input.get(), "x", 1), 1) << what;
  pollfd entry{output.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 20'000), 1) << what;
  char answer = 0;
  EXPECT_EQ(::read(output.get(), &answer, 1), 1) << what << " was killed";
  EXPECT_EQ(answer, 'x') << what;
}

void expect_alive(Child& child, const std::string& what) {
  expect_alive(*child.stdin_pipe(), *child.stdout_pipe(), what);
  siginfo_t info{};
  EXPECT_EQ(
      ::waitid(P_PIDFD, static_cast<id_t>(child.fd().get()), &info, WEXITED | WNOHANG | WNOWAIT), 0)
      << what << " was reaped";
}

// Ends the child by closing its input, whatever its policy is.
void end(Child& child) {
  const auto status = child.wait();
  EXPECT_TRUE(status && status->success());
}

// Takes any descriptor with that number: this process was forked for the test, and has opened
// nothing yet.
ListenFds take_passed() {
  OwnedFd file = some_file();
  const bool is_there = file.get() == ListenFds::first_number;
  if (!is_there && ::dup2(file.get(), ListenFds::first_number) == -1) std::abort();
  if (is_there) ::fcntl(std::move(file).release(), F_SETFD, 0);
  const std::string pid = "LISTEN_PID=" + std::to_string(::getpid());
  const char* const variables[] = {pid.c_str(), "LISTEN_FDS=1"};
  return must(ListenFds::take(variables));
}

// Owners of all kinds.
struct Owners {
  explicit Owners(const ScratchFile& scratch)
      : passed(take_passed()),
        file(scratch.open(O_RDWR)),
        positioned(scratch.open(O_RDWR)),
        unique(must(UniqueDescription::open(cwd(), scratch.path(), O_RDWR))),
        lock(must(DescriptionLock::acquire(file, LockMode::exclusive))),
        sealed(must(SealedMemory::map(must(sealed_memfd("m", bytes("sealed"))).borrow()))),
        copied(must(SealedMemory::copy(file, 1000))),
        shared(must(SharedMemory::map(must(fixed_memfd("m", 6)).borrow()))),
        process(must(PidFd::self())),
        prepared(must(echo().prepare())) {
    for (const DropPolicy policy :
         {DropPolicy::kill, DropPolicy::terminate, DropPolicy::wait, DropPolicy::detach})
      children.push_back(must(echo().on_drop(policy).spawn()));
    pipeline =
        must((Command("cat").stdin_from(Stdio::pipe()) | Command("cat").stdout_to(Stdio::pipe()))
                 .spawn());
  }

  ListenFds passed;
  OwnedFd file;
  PositionedFile positioned;
  UniqueDescription unique;
  DescriptionLock lock;
  SealedMemory sealed, copied;
  SharedMemory shared;
  MountCache mounts;
  PidFd process;
  std::vector<Child> children, pipeline;
  PreparedCommand prepared;
};

TEST(CopyOfTheProcess, LeavesWhatItDestroysToItsParent) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ONE_THREAD();
  const ScratchFile scratch("0123456789");
  run_apart([&] {
    std::signal(SIGPIPE, SIG_IGN);
    std::optional<Owners> owners(scratch);
    const OwnedFd other = scratch.open(O_RDWR);
    const auto here = name_to_handle(cwd(), "/");
    if (here) (void)must(owners->mounts.find(here->mount));
    EXPECT_TRUE(reserve_spawn_slots(4));
    const auto descriptors = open_descriptors();

    run_apart([&] { owners.reset(); });

    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_EQ(reserve_spawn_slots(4), 4U);
    EXPECT_EQ(open_descriptors(), descriptors);
    for (std::size_t i = 0; i < owners->children.size(); ++i)
      expect_alive(owners->children[i], "the child with policy " + std::to_string(i));
    expect_alive(*owners->pipeline[0].stdin_pipe(), *owners->pipeline[1].stdout_pipe(),
                 "the pipeline");
    EXPECT_EQ(error_of(DescriptionLock::try_acquire(other, LockMode::shared)),
              std::errc::resource_unavailable_try_again)
        << "it is unlocked";
    EXPECT_EQ(text(owners->sealed.bytes()), "sealed");
    EXPECT_EQ(text(owners->copied.bytes()), "0123456789");
    owners->shared.bytes()[5] = std::byte{'x'};
    EXPECT_EQ(owners->passed.get(0).get(), ListenFds::first_number);
    std::string got(2, '\0');
    EXPECT_TRUE(owners->positioned.read_exact(got));
    EXPECT_GE(::fcntl(owners->unique.get(), F_GETFD), 0);
    EXPECT_EQ(must(owners->process.pid()), ::getpid());
    if (here) (void)must(owners->mounts.find(here->mount));
    Child another = must(owners->prepared.spawn());
    expect_alive(another, "a child of the PreparedCommand");

    end(another);
    for (Child& child : owners->children)
      end(child);
    for (Child& child : owners->pipeline)
      end(child);
  });
}

TEST(CopyOfTheProcess, LeavesChildrenThatAreJustStartedToItsParent) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ONE_THREAD();
  run_apart([] {
    std::signal(SIGPIPE, SIG_IGN);
    const PreparedCommand prepared = must(echo().prepare());
    std::optional<PendingChild> pending = must(prepared.spawn_async());
    std::optional<PendingChild> waited =
        must(prepared.spawn_async({}, Confirmation::by_descriptor));
    const auto descriptors = open_descriptors();
    run_apart([&] {
      pending.reset();
      waited.reset();
    });
    EXPECT_EQ(open_descriptors(), descriptors);
    for (std::optional<PendingChild>* each : {&pending, &waited}) {
      Child child = must((*each)->finish());
      expect_alive(child, "the child");
      end(child);
    }
  });
}

}  // namespace
}  // namespace sysfd_test
