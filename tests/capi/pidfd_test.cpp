// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "capi/objects.hpp"
#include "support/kernel_features.hpp"

namespace sysfd_test {
namespace {

// A program that waits for the end of its input.
CChild sleeper() {
  const auto it = command("cat");
  EXPECT_EQ(sysfd_command_stdin_from(it.get(), SYSFD_STDIO_PIPE), 0);
  return spawned(it);
}

TEST(CPidFd, OpensProcessesByNumberAndIdentity) {
  const int self = sysfd_pidfd_self();
  const int opened = sysfd_pidfd_open(::getpid(), 0);
  ASSERT_GE(self, 3);
  ASSERT_GE(opened, 3);
  EXPECT_EQ(sysfd_pidfd_pid(self), ::getpid());
  EXPECT_EQ(sysfd_same_process(self, opened), 1);
  std::uint64_t id = 0;
  if (sysfd_pidfd_id(self, &id) == 0) {
    EXPECT_NE(id, 0U);
    EXPECT_EQ(text_of([&](char* to, std::size_t n) { return sysfd_process_id_text(id, to, n); }),
              std::to_string(id));
    std::uint64_t parsed = 0;
    EXPECT_EQ(sysfd_process_id_parse(std::to_string(id).c_str(), &parsed), 0);
    EXPECT_EQ(parsed, id);
    const int found = sysfd_pidfd_from_id(id);
    if (found != -EOPNOTSUPP) {
      EXPECT_EQ(sysfd_same_process(self, found), 1);
      EXPECT_EQ(sysfd_close_take(found), 0);
    }
  }
  EXPECT_EQ(sysfd_close_take(self), 0);
  EXPECT_EQ(sysfd_close_take(opened), 0);
}

TEST(CPidFd, ReportsErrorsAndLeavesOutputsAlone) {
  std::uint64_t id = 7;
  std::int32_t status = 7;
  sysfd_process_info info = SYSFD_PROCESS_INFO_INIT;
  info.pid = 7;
  const int file = sysfd_memfd("no pidfd", 0);
  EXPECT_EQ(sysfd_pidfd_open(0, 0), -EINVAL);
  EXPECT_EQ(sysfd_pidfd_open(-5, 0), -EINVAL);
  EXPECT_EQ(sysfd_pidfd_open(::getpid(), 64), -EINVAL);
  EXPECT_EQ(sysfd_pidfd_wait(file, &status), -EBADF);
  EXPECT_LT(sysfd_pidfd_info(file, &info), 0);
  EXPECT_EQ(sysfd_process_id_parse("12x", &id), -EINVAL);
  EXPECT_EQ(id, 7U);
  EXPECT_EQ(status, 7);
  EXPECT_EQ(info.pid, 7);
  EXPECT_EQ(sysfd_pidfd_adopt_take(file), -EBADF);  // and closes it
  EXPECT_EQ(sysfd_is_open(file), 0);
}

TEST(CPidFd, AdoptsAPidFd) {
  const int self = sysfd_pidfd_self();
  EXPECT_EQ(sysfd_pidfd_adopt_take(self), self);
  EXPECT_EQ(sysfd_close_take(self), 0);
}

TEST(CPidFd, TellsThePeerOfASocket) {
  SYSFD_REQUIRE_KERNEL("SO_PEERPIDFD");
  int sockets[2];
  ASSERT_EQ(sysfd_socket_pair(SOCK_STREAM, sockets), 0);
  const int peer = sysfd_pidfd_of_peer(sockets[0]);
  EXPECT_EQ(sysfd_pidfd_pid(peer), ::getpid());
  for (const int fd : {peer, sockets[0], sockets[1]})
    EXPECT_EQ(sysfd_close_take(fd), 0);
}

TEST(CPidFd, SignalsAndWaits) {
  SYSFD_REQUIRE_ISOLATION();
  const auto child = sleeper();
  const int pidfd = sysfd_child_pidfd_borrow(child.get());
  std::int32_t status = 7;
  auto limit = timeout_of(1);
  EXPECT_EQ(sysfd_pidfd_try_wait(pidfd, &status), -EAGAIN);
  EXPECT_EQ(sysfd_pidfd_wait_for(pidfd, &limit, &status), -ETIMEDOUT);
  EXPECT_EQ(sysfd_pidfd_wait_any(&pidfd, 1, &limit), -ETIMEDOUT);
  EXPECT_EQ(status, 7);
  EXPECT_EQ(sysfd_pidfd_send_signal(pidfd, 0, SYSFD_SIGNAL_PROCESS), 0);
  EXPECT_EQ(sysfd_pidfd_send_signal(pidfd, 1000, SYSFD_SIGNAL_PROCESS), -EINVAL);
  EXPECT_EQ(sysfd_pidfd_send_signal_value(pidfd, SIGTERM, 5, SYSFD_SIGNAL_PROCESS), 0);
  EXPECT_EQ(sysfd_pidfd_wait_any(&pidfd, 1, nullptr), 0);
  ASSERT_EQ(sysfd_child_wait(child.get(), &status), 0);
  EXPECT_EQ(sysfd_exit_status_signal(status), SIGTERM);
  EXPECT_EQ(sysfd_exit_status_code(status), -ENODATA);
  EXPECT_EQ(sysfd_exit_status_core_dumped(status), 0);
}

TEST(CPidFd, WaitsForOneThatWasDetached) {
  const auto it = shell("exit 5");
  const auto child = spawned(it);
  const int pidfd = sysfd_child_detach_release(child.get());
  std::int32_t status = 0;
  ASSERT_EQ(sysfd_pidfd_wait(pidfd, &status), 0);
  EXPECT_EQ(sysfd_exit_status_code(status), 5);
  EXPECT_EQ(sysfd_close_take(pidfd), 0);
}

TEST(CPidFd, ACancelDescriptorEndsAWait) {
  const auto child = sleeper();
  const int stop = sysfd_event_fd(1, 0);
  sysfd_timeout limit = SYSFD_TIMEOUT_INIT;
  limit.cancel_fd = stop;
  EXPECT_EQ(sysfd_pidfd_wait_for(sysfd_child_pidfd_borrow(child.get()), &limit, nullptr),
            -ECANCELED);
  limit.cancel_fd = -2;
  EXPECT_EQ(sysfd_pidfd_wait_for(sysfd_child_pidfd_borrow(child.get()), &limit, nullptr), -EBADF);
  EXPECT_EQ(sysfd_close_take(stop), 0);
  EXPECT_EQ(exit_code_of(child), 0);
}

TEST(CPidFd, ReportsEvents) {
  SYSFD_REQUIRE_ISOLATION();
  const auto child = sleeper();
  const int pidfd = sysfd_child_pidfd_borrow(child.get());
  sysfd_wait_event event = SYSFD_WAIT_EVENT_INIT;
  auto limit = timeout_of(1);
  EXPECT_EQ(sysfd_pidfd_try_wait_event(pidfd, SYSFD_WAIT_STOPPED, &event), -EAGAIN);
  EXPECT_EQ(sysfd_pidfd_wait_event_for(pidfd, &limit, SYSFD_WAIT_STOPPED, &event), -ETIMEDOUT);
  EXPECT_EQ(sysfd_pidfd_wait_event(pidfd, 0x80, &event), -EINVAL);
  EXPECT_EQ(event.pid, 0);
  EXPECT_EQ(sysfd_pidfd_send_signal(pidfd, SIGSTOP, SYSFD_SIGNAL_PROCESS), 0);
  ASSERT_EQ(sysfd_pidfd_wait_event(pidfd, SYSFD_WAIT_STOPPED, &event), 0);
  EXPECT_EQ(event.kind, std::uint32_t{SYSFD_EVENT_STOPPED});
  EXPECT_EQ(event.signo, SIGSTOP);
  EXPECT_EQ(event.pid, sysfd_child_pid(child.get()));
  EXPECT_EQ(sysfd_pidfd_send_signal(pidfd, SIGCONT, SYSFD_SIGNAL_PROCESS), 0);
  EXPECT_EQ(exit_code_of(child), 0);
}

TEST(CPidFd, TellsAboutAProcess) {
  const int self = sysfd_pidfd_self();
  sysfd_process_info info = SYSFD_PROCESS_INFO_INIT;
  ASSERT_EQ(sysfd_pidfd_info(self, &info), 0);
  EXPECT_TRUE(info.set & SYSFD_INFO_PID);
  EXPECT_EQ(info.pid, ::getpid());
  if (info.set & SYSFD_INFO_CREDENTIALS) {
    EXPECT_EQ(info.effective_user, ::geteuid());
  }
  EXPECT_EQ(info.size, sizeof info);
  EXPECT_EQ(sysfd_close_take(self), 0);
}

TEST(CPidFd, FetchesDescriptorsAndDirectories) {
  SYSFD_REQUIRE_ROOT();
  const int self = sysfd_pidfd_self();
  const int file = sysfd_memfd("mine", 0);
  const int copy = sysfd_pidfd_get_fd(self, file);
  EXPECT_EQ(sysfd_same_description(file, copy), 1);
  const int directory = sysfd_pidfd_proc_directory(self);
  const int space = sysfd_pidfd_namespace_fd(self, SYSFD_NAMESPACE_UTS);
  const int children = sysfd_pidfd_namespace_for_children(self, SYSFD_NAMESPACE_PID);
  for (const int fd : {file, copy, directory, space, children}) {
    EXPECT_GE(fd, 3);
    EXPECT_EQ(sysfd_close_take(fd), 0);
  }
  EXPECT_EQ(sysfd_pidfd_get_fd(self, file), -EBADF);
  EXPECT_EQ(sysfd_pidfd_namespace_fd(self, 3), -EINVAL);
  EXPECT_EQ(sysfd_pidfd_namespace_for_children(self, SYSFD_NAMESPACE_UTS), -EINVAL);
  EXPECT_EQ(sysfd_pidfd_enter_namespaces(self, 0), -EINVAL);
  EXPECT_EQ(sysfd_pidfd_enter_namespaces(self, 1), -EINVAL);
  EXPECT_EQ(sysfd_close_take(self), 0);
}

TEST(CPidFd, AdvisesAndReleasesMemory) {
  const int self = sysfd_pidfd_self();
  static char memory[8192] = {1};
  const auto page = (reinterpret_cast<std::uintptr_t>(memory) + 4095) & ~std::uintptr_t{4095};
  const sysfd_bytes range = {reinterpret_cast<void*>(page), 4096};
  const std::int64_t advised = sysfd_pidfd_advise_memory(self, &range, 1, MADV_COLD);
  EXPECT_TRUE(advised == 4096 || advised == -EPERM || advised == -EOPNOTSUPP || advised == -ENOSYS)
      << advised;
  EXPECT_LT(sysfd_pidfd_release_memory(self), 0);  // it is not being killed
  EXPECT_EQ(sysfd_close_take(self), 0);
}

TEST(CExitStatus, IsReadFromWhatWaitStores) {
  EXPECT_EQ(sysfd_exit_status_success(0), 1);
  EXPECT_EQ(sysfd_exit_status_success(3 << 8), 0);
  EXPECT_EQ(sysfd_exit_status_code(3 << 8), 3);
  EXPECT_EQ(sysfd_exit_status_signal(3 << 8), -ENODATA);
  EXPECT_EQ(sysfd_exit_status_core_dumped(SIGSEGV | 0x80), 1);
  EXPECT_EQ(text_of([](char* to, std::size_t n) { return sysfd_exit_status_text(3 << 8, to, n); }),
            "exited with code 3");
  for (const int stopped : {0x137f, 0xffff, -1, 0x10000}) {
    EXPECT_EQ(sysfd_exit_status_success(stopped), -EINVAL);
    EXPECT_EQ(sysfd_exit_status_code(stopped), -EINVAL);
    EXPECT_EQ(sysfd_exit_status_signal(stopped), -EINVAL);
    EXPECT_EQ(sysfd_exit_status_core_dumped(stopped), -EINVAL);
    EXPECT_EQ(sysfd_exit_status_text(stopped, nullptr, 0), -EINVAL);
  }
}

}  // namespace
}  // namespace sysfd_test
