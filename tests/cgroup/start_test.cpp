// SPDX-License-Identifier: MIT
//
// Tests starts in a cgroup with a memory limit that the caller is not under. The OOM killer kills
// all processes that share memory with the one that it chooses: the child must not share the
// caller's.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <sysfd/cgroup.hpp>
#include <sysfd/create.hpp>
#include <sysfd/detail/memory_limit.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/pipeline.hpp>
#include <sysfd/prepared_command.hpp>
#include <sysfd/spawn_all.hpp>

#include "support/prelude.hpp"

#include "cgroup/cgroups.hpp"

namespace sysfd_test {
namespace {

using sysfd::detail::has_memory_limit_without_caller;

TEST(MemoryLimit, IsSoughtInAllCgroupsAbove) {
  SYSFD_REQUIRE_CGROUP();
  const Cgroup cgroup = make_cgroup();
  const Cgroup below = make_cgroup_in(cgroup, "below");
  EXPECT_FALSE(has_memory_limit_without_caller(below.fd()));
  if (const auto set = cgroup.set({.memory_max = mebibytes(64)}); !set)
    GTEST_SKIP() << "needs the memory controller";
  EXPECT_TRUE(has_memory_limit_without_caller(cgroup.fd()));
  EXPECT_TRUE(has_memory_limit_without_caller(below.fd()));
  EXPECT_FALSE(has_memory_limit_without_caller(must(Cgroup::own()).fd()));
  EXPECT_FALSE(has_memory_limit_without_caller(cwd()));
}

TEST(MemoryLimit, OfTheCallerItselfIsNone) {
  SYSFD_REQUIRE_CONTROLLER(Controller::memory);
  SYSFD_REQUIRE_ONE_THREAD();
  const Cgroup cgroup = make_cgroup({.memory_max = gibibytes(1)});
  const Cgroup below = make_cgroup_in(cgroup, "below");
  const Cgroup beside = make_cgroup_in(cgroup, "beside");
  run_apart([&] {
    write_to(beside, "cgroup.procs", "0");
    EXPECT_FALSE(has_memory_limit_without_caller(below.fd()));
    EXPECT_FALSE(has_memory_limit_without_caller(beside.fd()));
    const Child child = must(Command("true").cgroup(below.fd()).spawn());
    EXPECT_FALSE(child.report().copied_memory);
  });
}

class LimitedStart : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_CONTROLLER(Controller::memory);
    cgroup_ = make_cgroup({.memory_max = mebibytes(64)});
  }
  Command shell(const std::string& line) { return Command::shell(line).cgroup(cgroup_->fd()); }
  bool was_there(const std::string& memberships) {
    return memberships.contains("/" + cgroup_name() + "\n");
  }
  std::optional<Cgroup> cgroup_;
};

TEST_F(LimitedStart, IsWhereTheChildIsAndHasItsStreams) {
  const auto output =
      shell("cat /proc/self/cgroup; echo error >&2; cat; exit 3").output({.input = "input"});
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_TRUE(was_there(output->out)) << output->out;
  EXPECT_TRUE(output->out.ends_with("input"));
  EXPECT_EQ(output->err, "error\n");
  EXPECT_EQ(must(output->status).code(), 3);
}

TEST_F(LimitedStart, IsToldAndOnlyWhereThereIsALimit) {
  EXPECT_TRUE(start_in(*cgroup_).report().copied_memory);
  ASSERT_TRUE(cgroup_->set({.memory_max = Bytes::unlimited()}));
  EXPECT_FALSE(start_in(*cgroup_).report().copied_memory);
}

TEST_F(LimitedStart, TellsItsErrors) {
  const auto missing = Command("/no/such/program").cgroup(cgroup_->fd()).spawn();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().describe(), "exec of \"/no/such/program\": No such file or directory");
  const auto directory = shell("exit").working_directory("/no/such").spawn();
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().step, SpawnStep::working_directory);
  EXPECT_EQ(directory.error().code.value(), ENOENT);
}

TEST_F(LimitedStart, OfEachKind) {
  EXPECT_EQ(must(shell("exit 4").status()).code(), 4);
  {
    auto pending = must(shell("exit 5").spawn_async());
    Child child = must(std::move(pending).finish());
    EXPECT_EQ(must(child.wait()).code(), 5);
  }
  {
    const auto prepared = must(shell("exit 6").prepare());
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(must(prepared.status()).code(), 6);
    auto pending = must(prepared.spawn_async({}, Confirmation::by_descriptor));
    Child child = must(std::move(pending).finish());
    EXPECT_EQ(must(child.wait()).code(), 6);
  }
  {
    std::array commands = {shell("exit 7"), Command("/no/such/program").cgroup(cgroup_->fd())};
    auto children = spawn_all(commands);
    EXPECT_EQ(must(must(std::move(children[0])).wait()).code(), 7);
    ASSERT_FALSE(children[1]);
    EXPECT_EQ(children[1].error().step, SpawnStep::exec);
  }
  {
    const auto output = (shell("echo text") | shell("tr t T")).output();
    ASSERT_TRUE(output);
    EXPECT_EQ(output->out, "TexT\n");
  }
  const OwnedFd done = must(event_fd(0));
  const auto orphan = Command::shell("printf '\\1\\0\\0\\0\\0\\0\\0\\0' >&5")
                          .pass(done, 5)
                          .leave_no_zombie()
                          .cgroup(cgroup_->fd())
                          .spawn();
  ASSERT_TRUE(orphan) << orphan.error().describe();
  std::uint64_t count = 0;
  EXPECT_EQ(::read(done.get(), &count, sizeof count), 8);
}

TEST_F(LimitedStart, WithAllElse) {
  SYSFD_REQUIRE_ROOT();
  const int was_dumpable = ::prctl(PR_GET_DUMPABLE);
  const auto output = shell("id -u; hostname; readlink /proc/self/ns/uts >/dev/null && umask")
                          .identity({.user = 65534, .group = 65534, .no_new_privileges = true})
                          .namespaces({.create = Namespace::uts, .host_name = "limited"})
                          .output();
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_TRUE(output->out.starts_with("65534\nlimited\n")) << output->out;
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), was_dumpable);
}

// The process that writes the maps shares the caller's memory, and the child does not.
TEST_F(LimitedStart, WithIdMaps) {
  SYSFD_REQUIRE_ROOT();
  Namespaces namespaces{.create = Namespace::user};
  namespaces.user_map = {{.inside = 0, .outside = 0, .count = 1}};
  const auto output = shell("cat /proc/self/uid_map").namespaces(namespaces).output();
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_TRUE(output->out.ends_with(" 1\n")) << output->out;
}

TEST_F(LimitedStart, ThatIsKilledNamesTheCgroup) {
  ASSERT_TRUE(cgroup_->set({.memory_max = kibibytes(8), .swap_max = Bytes(0)}));
  const auto refused = Command("/bin/true").cgroup(cgroup_->fd()).spawn();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().describe(),
            "cgroup, which killed the child (its memory limit, or was it killed once?): "
            "Operation canceled");
}

void set_oom_score_adjust(std::string_view value) {
  const OwnedFd file = must(sysfd::open(cwd(), "/proc/self/oom_score_adj", O_WRONLY));
  EXPECT_EQ(::write(file.get(), value.data(), value.size()), static_cast<ssize_t>(value.size()));
}

// Joins the cgroup, and has one child after the other killed for its memory.
[[noreturn]] void exhaust(const Cgroup& cgroup) {
  write_to(cgroup, "cgroup.procs", "0");
  set_oom_score_adjust("-1000");  // this one must go on
  constexpr std::size_t size = std::size_t{8} << 20;
  const auto room = static_cast<char*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  for (;;) {
    const pid_t child = ::fork();
    if (child == 0) {
      set_oom_score_adjust("0");
      for (std::size_t at = 0; at < size; at += 4096)
        room[at] = 'x';
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  }
}

// A parent of 128 MiB starts programs in a cgroup whose memory is used up again and again.
// SYSFD_STORM_STARTS: how many; 5,000 take some minutes in a virtual machine.
TEST_F(LimitedStart, LeavesTheParentAliveInAStorm) {
  SYSFD_REQUIRE_ROOT();
  SYSFD_REQUIRE_ONE_THREAD();
  ASSERT_TRUE(cgroup_->set({.memory_max = mebibytes(4), .swap_max = Bytes(0)}));
  const char* const wanted = std::getenv("SYSFD_STORM_STARTS");
  const int starts = wanted ? std::atoi(wanted) : 300;
  const pid_t hog = ::fork();
  if (hog == 0) exhaust(*cgroup_);
  ASSERT_GT(hog, 0);
  run_apart([&] {
    const std::vector<char> memory(std::size_t{128} << 20, 'x');
    int started = 0;
    for (int i = 0; i < starts; ++i)
      if (Command("/bin/true").cgroup(cgroup_->fd()).status()) ++started;
    EXPECT_EQ(memory.back(), 'x');
    std::printf("%d of %d programs were started\n", started, starts);
  });
  EXPECT_GE(must(cgroup_->events()).oom_kill.value_or(0), 10U);
  ASSERT_TRUE(cgroup_->kill());
  EXPECT_EQ(::waitpid(hog, nullptr, 0), hog);
}

// As the comment of Command::cgroup() has it.
TEST_F(LimitedStart, MayBeThatOfASmallProgramThatMoves) {
  const OwnedFd processes = must(sysfd::open(cgroup_->fd(), "cgroup.procs", O_WRONLY));
  const auto output = Command::shell("echo 0 >&3 && exec \"$@\" 3>&-")
                          .args({"ls", "/proc/self/fd"})
                          .pass(processes, 3)
                          .output();
  ASSERT_TRUE(output) << output.error().describe();
  EXPECT_EQ(output->out, "0\n1\n2\n3\n");  // 3 is that of ls
  const auto there = Command::shell("echo 0 >&3 && exec \"$@\" 3>&-")
                         .args({"cat", "/proc/self/cgroup"})
                         .pass(processes, 3)
                         .output();
  ASSERT_TRUE(there) << there.error().describe();
  EXPECT_TRUE(was_there(there->out)) << there->out;
}

}  // namespace
}  // namespace sysfd_test
