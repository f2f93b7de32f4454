// SPDX-License-Identifier: MIT
//
// Tests which privileges a child gives up: no-new-privileges, and a seccomp program.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <filesystem>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

using Program = std::vector<BpfInstruction>;

Configure with(const Identity& identity) {
  return [=](Command& command) { command.identity(identity); };
}

// Makes a program as a user of libseccomp does: these calls fail with EPERM, all others are
// allowed.
Program refusing(std::initializer_list<int> calls) {
  scmp_filter_ctx context = ::seccomp_init(SCMP_ACT_ALLOW);
  for (const int call : calls)
    EXPECT_EQ(::seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), call, 0), 0);
  const OwnedFd file = some_file();
  EXPECT_EQ(::seccomp_export_bpf(context, file.get()), 0);
  ::seccomp_release(context);
  const auto size = static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END));
  Program program(size / sizeof(BpfInstruction));
  EXPECT_EQ(::pread(file.get(), program.data(), size, 0), static_cast<ssize_t>(size));
  EXPECT_FALSE(program.empty());
  return program;
}

Program no_mkdir() {
#ifdef SYS_mkdir
  return refusing({SYS_mkdir, SYS_mkdirat});
#else
  return refusing({SYS_mkdirat});
#endif
}

TEST(CommandConfinement, WithoutNewPrivileges) {
  expect_facts(with({.no_new_privileges = true}), {{"NoNewPrivs", "1"}, {"Seccomp", "0"}});
}

TEST(CommandConfinement, FiltersTheSystemCallsOfTheChildAlone) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() / "made";
  const auto make_directory = [&](const Identity& identity) {
    auto output = Command("mkdir").arg(path).identity(identity).output();
    EXPECT_TRUE(output) << output.error().describe();
    return output && output->success();
  };
  EXPECT_FALSE(make_directory({.no_new_privileges = true, .seccomp = no_mkdir()}));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::create_directory(path)) << "here it is allowed";
  std::filesystem::remove(path);
  EXPECT_TRUE(make_directory({.no_new_privileges = true}));
}

TEST(CommandConfinement, FiltersTogetherWithAllElseThatAChildCanBe) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(with({.user = 1234,
                     .group = 1234,
                     .iab = "^cap_kill",
                     .no_new_privileges = true,
                     .seccomp = no_mkdir()}),
               {{"Seccomp", "2"}, {"NoNewPrivs", "1"}, {"CapEff", "0000000000000020"}});
}

// Installing it is the last step of the child: the child can do before what it forbids.
TEST(CommandConfinement, MayForbidWhatTheChildNeededBefore) {
  SYSFD_REQUIRE_ROOT();
  const Program program =
      refusing({SYS_setresuid, SYS_setgroups, SYS_prctl, SYS_dup3, SYS_chdir, SYS_close_range});
  expect_facts(
      [&](Command& command) {
        command.identity({.user = 1234, .no_new_privileges = true, .seccomp = program})
            .working_directory("/")
            .parent_death_signal(SIGTERM);
      },
      {{"Seccomp", "2"}, {"Uid", "1234 1234 1234 1234"}, {"directory", "/"}});
}

TEST(CommandConfinement, NeedsNoNewPrivilegesOrThePowerToDoWithout) {
  SYSFD_REQUIRE_ROOT();
  expect_facts(with({.seccomp = no_mkdir()}), {{"Seccomp", "2"}, {"NoNewPrivs", "0"}});
  Command command("/bin/true");
  command.identity({.user = 1234, .seccomp = no_mkdir()});
  expect_error(command, SpawnStep::seccomp, EACCES);
  EXPECT_EQ(command.spawn().error().describe(), "seccomp program: Permission denied");
  // Keeps a capability through the change of the user.
  expect_facts(with({.user = 1234, .iab = "^cap_sys_admin", .seccomp = no_mkdir()}),
               {{"Seccomp", "2"}, {"NoNewPrivs", "0"}});
}

TEST(CommandConfinement, ThatWouldForbidTheProgramIsAFailureOfExec) {
  Command command("/bin/true");
  command.identity({.no_new_privileges = true, .seccomp = refusing({SYS_execve})});
  expect_error(command, SpawnStep::exec, EPERM);
}

TEST(CommandConfinement, ByAProgramThatIsTooLongIsRefused) {
  expect_refused({{with({.seccomp = Program(4097)}), SpawnStep::seccomp,
                   "seccomp program \"4097 instructions\""}});
}

TEST(CommandConfinement, ByAProgramThatIsNoneFailsInTheChild) {
  Command command("/bin/true");
  command.identity({.no_new_privileges = true, .seccomp = Program{{0xffff, 0, 0, 0}}});
  expect_error(command, SpawnStep::seccomp, EINVAL);
}

TEST(CommandConfinement, ThatFailsIsNamedByItsStep) {
  const Identity both{.no_new_privileges = true, .seccomp = no_mkdir()};
  expect_failures({
      {{SYS_prctl, EINVAL, RefusedCall::Match{0, PR_SET_NO_NEW_PRIVS}},
       with(both),
       SpawnStep::no_new_privileges},
      {{SYS_seccomp, ENOSYS}, with(both), SpawnStep::seccomp},
  });
}

}  // namespace
}  // namespace sysfd_test
