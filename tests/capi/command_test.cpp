// SPDX-License-Identifier: MIT
//
// Commands, and what they are told. What is the same in C and C++ is in spawn_cases.cpp.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "capi/objects.hpp"

namespace sysfd_test {
namespace {

// Runs it, and returns what it wrote.
std::string output_of(const CCommand& it) {
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  const auto output =
      made<COutput>([&](auto out) { return sysfd_command_output(it.get(), nullptr, out, &error); });
  EXPECT_TRUE(output) << error.text;
  return output ? out_of(output) : "";
}

TEST(CCommand, IsMadeOfAPathADescriptorOrALine) {
  EXPECT_EQ(output_of(command("echo", {"a", "b"})), "a b\n");
  const auto line =
      made<CCommand>([](auto out) { return sysfd_command_new_shell("echo $1", out); });
  EXPECT_EQ(sysfd_command_arg(line.get(), "x"), 0);
  EXPECT_EQ(output_of(line), "x\n");
  const int program = sysfd_open(SYSFD_CWD, "/bin/echo", O_PATH, 0);
  const auto by_descriptor =
      made<CCommand>([&](auto out) { return sysfd_command_new_borrow(program, "echo", out); });
  EXPECT_EQ(sysfd_command_arg(by_descriptor.get(), "y"), 0);
  EXPECT_EQ(output_of(by_descriptor), "y\n");
  EXPECT_EQ(sysfd_close_take(program), 0);
  sysfd_command* none = nullptr;
  EXPECT_EQ(sysfd_command_new_borrow(-1, "name", &none), -EBADF);
  EXPECT_EQ(none, nullptr);
}

TEST(CCommand, SettersOfStringsCopyThem) {
  const auto it = command("sh");
  std::string text = "-c";
  EXPECT_EQ(sysfd_command_arg(it.get(), text.c_str()), 0);
  text = "xx";
  const char* more[] = {"echo $0 $1 $NAME $GONE; pwd", "zero", "one", nullptr};
  EXPECT_EQ(sysfd_command_args(it.get(), more), 0);
  const char* entries[] = {"PATH=/bin:/usr/bin", "GONE=1", nullptr};
  EXPECT_EQ(sysfd_command_environment(it.get(), entries), 0);
  EXPECT_EQ(sysfd_command_env(it.get(), "NAME", "value"), 0);
  EXPECT_EQ(sysfd_command_remove_env(it.get(), "GONE"), 0);
  EXPECT_EQ(sysfd_command_argument0(it.get(), "-sh"), 0);
  EXPECT_EQ(sysfd_command_working_directory(it.get(), "/dev", SYSFD_BEFORE_IDENTITY), 0);
  EXPECT_EQ(output_of(it), "zero one value\n/dev\n");
  EXPECT_EQ(sysfd_command_clear_env(it.get()), 0);
}

TEST(CCommand, SearchesWhereItIsTold) {
  const auto it = command("true");
  EXPECT_EQ(sysfd_command_search(it.get(), SYSFD_SEARCH_NOWHERE), 0);
  sysfd_child* child = nullptr;
  EXPECT_EQ(sysfd_command_spawn(it.get(), &child, nullptr), -ENOENT);
  const char* directories[] = {"/no/such", "/bin", nullptr};
  EXPECT_EQ(sysfd_command_search_directories(it.get(), directories), 0);
  EXPECT_EQ(exit_code_of(spawned(it)), 0);
  EXPECT_EQ(sysfd_command_shell_fallback(it.get()), 0);
  EXPECT_EQ(sysfd_command_search(it.get(), SYSFD_SEARCH_CALLER_PATH), 0);
  EXPECT_EQ(exit_code_of(spawned(it)), 0);
}

// The result of the setter need not be looked at.
TEST(CCommand, AFailedSetterFailsTheStart) {
  const auto it = command("true");
  EXPECT_EQ(sysfd_command_pass_borrow(it.get(), -1, 3), -EBADF);
  EXPECT_EQ(sysfd_command_on_drop(it.get(), 17, nullptr), -EINVAL);
  sysfd_child* child = nullptr;
  sysfd_output* output = nullptr;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  EXPECT_EQ(sysfd_command_spawn(it.get(), &child, &error), -EBADF);
  EXPECT_EQ(error.step, SYSFD_STEP_DESCRIPTOR);
  EXPECT_EQ(error.code, EBADF);
  EXPECT_EQ(error.index, -1);
  EXPECT_EQ(error.stage, -1);
  EXPECT_EQ(sysfd_command_status(it.get(), nullptr, nullptr), -EBADF);
  EXPECT_EQ(sysfd_command_output(it.get(), nullptr, &output, nullptr), -EBADF);
  EXPECT_EQ(sysfd_command_exec(it.get(), nullptr), -EBADF);
  sysfd_command* raw = it.get();
  EXPECT_EQ(sysfd_spawn_all(&raw, 1, &child, nullptr), -EBADF);
  EXPECT_EQ(child, nullptr);
  EXPECT_EQ(output, nullptr);
}

TEST(CCommand, StringsThatAreNullAreFoundByTheStart) {
  const auto it = command("true", {"a"});
  EXPECT_EQ(sysfd_command_arg(it.get(), nullptr), 0);
  sysfd_child* child = nullptr;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  EXPECT_EQ(sysfd_command_spawn(it.get(), &child, &error), -EINVAL);
  EXPECT_EQ(error.step, SYSFD_STEP_ARGUMENT);
  EXPECT_EQ(error.index, 1);
  EXPECT_STRNE(error.text, "");
}

TEST(CCommand, ClosesWhatItTookInEveryCase) {
  const int kept = sysfd_memfd("kept", 0);
  auto it = command("true");
  EXPECT_EQ(sysfd_command_pass_take(it.get(), kept, 5), 0);
  EXPECT_EQ(sysfd_command_stdin_from_take(it.get(), sysfd_memfd("in", 0)), 0);
  EXPECT_EQ(sysfd_command_stdout_to_take(it.get(), sysfd_memfd("out", 0)), 0);
  EXPECT_EQ(sysfd_command_stderr_to_take(it.get(), sysfd_memfd("err", 0)), 0);
  EXPECT_EQ(sysfd_command_listen_fds_take(it.get(), "x", sysfd_memfd("listen", 0)), 0);
  EXPECT_EQ(sysfd_is_open(kept), 1);
  it.reset();
  EXPECT_EQ(sysfd_is_open(kept), 0);
  const int lost = sysfd_memfd("lost", 0);
  EXPECT_EQ(sysfd_command_pass_take(nullptr, lost, 5), -EINVAL);
  EXPECT_EQ(sysfd_is_open(lost), 0);
}

TEST(CCommand, LeavesWhatItBorrowed) {
  const int file = sysfd_memfd("file", 0);
  auto it = shell("echo out; echo err >&2; echo five >&5");
  EXPECT_EQ(sysfd_command_stdin_from_borrow(it.get(), file), 0);
  EXPECT_EQ(sysfd_command_stdout_to_borrow(it.get(), file), 0);
  EXPECT_EQ(sysfd_command_stderr_to_borrow(it.get(), file), 0);
  EXPECT_EQ(sysfd_command_pass_borrow(it.get(), file, 5), 0);
  EXPECT_EQ(exit_code_of(spawned(it)), 0);
  it.reset();
  std::array<char, 32> text{};
  EXPECT_EQ(::pread(file, text.data(), text.size(), 0), 13);
  EXPECT_EQ(sysfd_close_take(file), 0);
}

TEST(CCommand, PassesDescriptorsOn) {
  const int file = sysfd_memfd("file", 0);
  EXPECT_EQ(sysfd_set_close_on_exec(file, 0), 0);
  const auto it = shell("test -e /dev/fd/$1 -a ! -e /dev/fd/9");
  EXPECT_EQ(sysfd_command_arg(it.get(), "sh"), 0);
  EXPECT_EQ(sysfd_command_arg(it.get(), std::to_string(file).c_str()), 0);
  const int except[] = {9};
  EXPECT_EQ(sysfd_command_inherit_descriptors(it.get(), except, 1), 0);
  EXPECT_EQ(sysfd_command_pass_borrow(it.get(), file, 9), 0);
  EXPECT_EQ(sysfd_command_forget_descriptor(it.get(), 9), 0);
  EXPECT_EQ(exit_code_of(spawned(it)), 0);
  const auto listener = shell("test $LISTEN_FDS = 1 -a $LISTEN_FDNAMES = web");
  EXPECT_EQ(sysfd_command_listen_fds_borrow(listener.get(), "web", file), 0);
  EXPECT_EQ(exit_code_of(spawned(listener)), 0);
  EXPECT_EQ(sysfd_close_take(file), 0);
}

TEST(CCommand, ChangesDirectories) {
  const int directory = sysfd_open(SYSFD_CWD, "/dev", O_PATH | O_DIRECTORY, 0);
  const auto it = command("pwd");
  EXPECT_EQ(sysfd_command_working_directory_borrow(it.get(), directory, SYSFD_AFTER_IDENTITY), 0);
  EXPECT_EQ(output_of(it), "/dev\n");
  EXPECT_EQ(sysfd_command_working_directory_borrow(it.get(), SYSFD_CWD, SYSFD_BEFORE_IDENTITY), 0);
  EXPECT_EQ(exit_code_of(spawned(it)), 0);
  EXPECT_EQ(sysfd_command_working_directory(it.get(), "/", 2), -EINVAL);
  const auto root = command("true");
  EXPECT_EQ(sysfd_command_root_directory_borrow(root.get(), directory), 0);
  EXPECT_EQ(sysfd_command_root_directory(root.get(), "/no/such"), 0);
  EXPECT_EQ(sysfd_command_cgroup_borrow(root.get(), directory), 0);
  sysfd_child* child = nullptr;
  EXPECT_LT(sysfd_command_spawn(root.get(), &child, nullptr), 0);
  EXPECT_EQ(sysfd_close_take(directory), 0);
}

// A descriptor that is no ruleset: the child is not started.
TEST(CCommand, TakesARuleset) {
  const int directory = sysfd_open(SYSFD_CWD, "/dev", O_PATH | O_DIRECTORY, 0);
  const auto it = command("true");
  EXPECT_EQ(sysfd_command_landlock_borrow(it.get(), directory), 0);
  sysfd_child* child = nullptr;
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  EXPECT_LT(sysfd_command_spawn(it.get(), &child, &error), 0);
  EXPECT_EQ(error.step, SYSFD_STEP_LANDLOCK);
  EXPECT_EQ(sysfd_close_take(directory), 0);
}

TEST(CCommand, HasAttributes) {
  const auto it = shell("umask; ulimit -n; cut -d' ' -f5 /proc/self/stat");
  const sysfd_resource_limit limit = {RLIMIT_NOFILE, 0, 77, 77};
  sysfd_resources resources = SYSFD_RESOURCES_INIT;
  resources.flags = SYSFD_RESOURCES_UMASK | SYSFD_RESOURCES_NICE;
  resources.umask = 027;
  resources.nice = 5;
  resources.limits = &limit;
  resources.limit_count = 1;
  EXPECT_EQ(sysfd_command_resources(it.get(), &resources), 0);
  sysfd_session session = SYSFD_SESSION_INIT;
  session.flags = SYSFD_SESSION_NEW;
  EXPECT_EQ(sysfd_command_session(it.get(), &session), 0);
  const int blocked[] = {SIGUSR1};
  sysfd_signals signals = SYSFD_SIGNALS_INIT;
  signals.blocked = blocked;
  signals.blocked_count = 1;
  EXPECT_EQ(sysfd_command_signals(it.get(), &signals), 0);
  sysfd_identity identity = SYSFD_IDENTITY_INIT;
  identity.flags = SYSFD_IDENTITY_NO_NEW_PRIVILEGES;
  EXPECT_EQ(sysfd_command_identity(it.get(), &identity), 0);
  sysfd_namespaces namespaces = SYSFD_NAMESPACES_INIT;
  EXPECT_EQ(sysfd_command_namespaces(it.get(), &namespaces), 0);
  EXPECT_EQ(output_of(it).substr(0, 8), "0027\n77\n");
}

TEST(CCommand, BecomesAnotherUser) {
  SYSFD_REQUIRE_ROOT();
  const auto it = shell("id -u; id -g; id -G");
  const std::uint32_t groups[] = {12};
  sysfd_identity identity = SYSFD_IDENTITY_INIT;
  identity.flags = SYSFD_IDENTITY_USER | SYSFD_IDENTITY_GROUP | SYSFD_IDENTITY_GROUPS;
  identity.user = 10;
  identity.group = 11;
  identity.groups = groups;
  identity.group_count = 1;
  EXPECT_EQ(sysfd_command_identity(it.get(), &identity), 0);
  EXPECT_EQ(output_of(it), "10\n11\n11 12\n");
}

TEST(CCommand, RefusesInvalidAttributes) {
  const auto it = command("true");
  sysfd_identity identity = SYSFD_IDENTITY_INIT;
  identity.flags = 0x80000000;
  EXPECT_EQ(sysfd_command_identity(it.get(), &identity), -EINVAL);
  sysfd_resources resources = SYSFD_RESOURCES_INIT;
  resources.limit_count = 1;
  EXPECT_EQ(sysfd_command_resources(it.get(), &resources), -EINVAL);
  sysfd_session session = SYSFD_SESSION_INIT;
  session.controlling_terminal = -2;
  EXPECT_EQ(sysfd_command_session(it.get(), &session), -EBADF);
  sysfd_signals signals = SYSFD_SIGNALS_INIT;
  signals.flags = 4;
  EXPECT_EQ(sysfd_command_signals(it.get(), &signals), -EINVAL);
  sysfd_namespaces namespaces = SYSFD_NAMESPACES_INIT;
  namespaces.create = 1;
  EXPECT_EQ(sysfd_command_namespaces(it.get(), &namespaces), -EINVAL);
  const sysfd_namespace_join join = {-1, 0};
  namespaces.create = 0;
  namespaces.join = &join;
  namespaces.join_count = 1;
  EXPECT_EQ(sysfd_command_namespaces(it.get(), &namespaces), -EBADF);
  EXPECT_EQ(sysfd_command_identity(it.get(), nullptr), -EINVAL);
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  EXPECT_EQ(sysfd_command_status(it.get(), nullptr, &error), -EINVAL);
  EXPECT_EQ(error.step, SYSFD_STEP_USER) << "the first error stays";
}

TEST(CCommand, HasATerminal) {
  const auto it = shell("tty >/dev/null && stty size");
  EXPECT_EQ(sysfd_command_terminal(it.get(), 30, 90), 0);
  const auto child = spawned(it);
  const int terminal = sysfd_child_terminal_borrow(child.get());
  ASSERT_GE(terminal, 3);
  EXPECT_EQ(sysfd_set_window_size(terminal, 30, 90), 0);
  EXPECT_EQ(exit_code_of(child), 0);
  const int released = sysfd_child_terminal_release(child.get());
  EXPECT_EQ(released, terminal);
  EXPECT_EQ(sysfd_child_terminal_release(child.get()), -ENOENT);
  EXPECT_EQ(sysfd_close_take(released), 0);
}

TEST(CCommand, HasOtherSettings) {
  SYSFD_REQUIRE_ISOLATION();
  const auto it = command("true");
  const auto grace = timeout_of(1'000'000);
  EXPECT_EQ(sysfd_command_on_drop(it.get(), SYSFD_DROP_WAIT, &grace), 0);
  EXPECT_EQ(sysfd_command_parent_death_signal(it.get(), SIGTERM), 0);
  EXPECT_EQ(sysfd_command_retry_busy(it.get(), 3), 0);
  EXPECT_EQ(exit_code_of(spawned(it)), 0);
  const auto killed = command("true");
  EXPECT_EQ(sysfd_command_kill_with_parent(killed.get()), 0);
  EXPECT_EQ(exit_code_of(spawned(killed)), 0);
  const auto orphan = command("true");
  EXPECT_EQ(sysfd_command_leave_no_zombie(orphan.get()), 0);
  EXPECT_EQ(sysfd_command_status(orphan.get(), nullptr, nullptr), -EINVAL);
}

TEST(CCommand, ReplacesTheProcess) {
  run_apart([] {
    const auto it = command("/no/such");
    sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
    EXPECT_EQ(sysfd_command_exec(it.get(), &error), -ENOENT);
    EXPECT_EQ(error.step, SYSFD_STEP_EXEC);
  });
}

TEST(CSpawnStep, HasAName) {
  EXPECT_EQ(text_of([](char* to, std::size_t n) {
              return sysfd_spawn_step_name(SYSFD_STEP_WORKING_DIRECTORY, to, n);
            }),
            "working_directory");
  EXPECT_EQ(text_of([](char* to, std::size_t n) {
              return sysfd_spawn_step_name(SYSFD_STEP_CONFIRMATION, to, n);
            }),
            "confirmation");
  EXPECT_EQ(sysfd_spawn_step_name(SYSFD_STEP_CONTAINMENT + 1, nullptr, 0), -EINVAL);
  EXPECT_EQ(sysfd_spawn_step_name(-1, nullptr, 0), -EINVAL);
}

}  // namespace
}  // namespace sysfd_test
