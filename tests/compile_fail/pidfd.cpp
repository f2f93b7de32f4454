// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile, each with the correct form: see check.cmake.
#include <signal.h>

#include <chrono>

#include <sysfd/pidfd.hpp>

using namespace std::chrono_literals;
using namespace sysfd;

PidFd make();
void use(BorrowedFd fd);

#ifdef CASE_copy_of_a_process
void test(PidFd process) {
#ifdef EXPECT_ERROR
  PidFd copy = process;  // error
#else
  PidFd moved = std::move(process);
#endif
}
#endif

#ifdef CASE_local_number_of_a_foreign_descriptor
void test(const PidFd& process) {
#ifdef EXPECT_ERROR
  auto fd = process.get_fd(3);  // error
#else
  auto fd = process.get_fd(ForeignFd{3});
#endif
}
#endif

#ifdef CASE_foreign_number_of_a_local_descriptor
void test(ForeignFd number) {
#ifdef EXPECT_ERROR
  use(number);  // error
#else
  use(BorrowedFd::unsafe_borrow(static_cast<int>(number)));
#endif
}
#endif

#ifdef CASE_adoption_of_a_number
void test(int number) {
#ifdef EXPECT_ERROR
  auto process = PidFd::adopt(number);  // error
#else
  auto process = PidFd::adopt(OwnedFd::adopt(number));
#endif
}
#endif

#ifdef CASE_adoption_of_a_borrowed_descriptor
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  auto process = PidFd::adopt(fd);  // error
#else
  auto process = PidFd::adopt(*fd.duplicate());
#endif
}
#endif

#ifdef CASE_descriptor_of_a_temporary_process
void test() {
#ifdef EXPECT_ERROR
  use(make());  // error
#else
  use(make().fd());
#endif
}
#endif

#ifdef CASE_descriptor_taken_from_a_named_process
void test(PidFd process) {
#ifdef EXPECT_ERROR
  OwnedFd fd = process.into_fd();  // error
#else
  OwnedFd fd = std::move(process).into_fd();
#endif
}
#endif

#ifdef CASE_number_for_an_identity
sysfd::ProcessId test(pid_t pid) {
#ifdef EXPECT_ERROR
  return static_cast<std::uint64_t>(pid);  // error
#else
  return sysfd::ProcessId(static_cast<std::uint64_t>(pid));
#endif
}
#endif

#ifdef CASE_status_in_a_condition
bool test(sysfd::ExitStatus status) {
#ifdef EXPECT_ERROR
  return status ? true : false;  // error
#else
  return status.success();
#endif
}
#endif

#ifdef CASE_status_compared_with_a_code
bool test(sysfd::ExitStatus status) {
#ifdef EXPECT_ERROR
  return status == 0;  // error
#else
  return status.code() == 0;
#endif
}
#endif

#ifdef CASE_status_as_a_code
int test(sysfd::ExitStatus status) {
#ifdef EXPECT_ERROR
  return status;  // error
#else
  return status.code().value_or(1);
#endif
}
#endif

#ifdef CASE_status_made_of_a_number
sysfd::ExitStatus test(int status) {
#ifdef EXPECT_ERROR
  return status;  // error
#else
  return sysfd::ExitStatus::from_wait_status(status);
#endif
}
#endif

#ifdef CASE_kill_of_a_pidfd
int test(const PidFd& process) {
#ifdef EXPECT_ERROR
  return ::kill(process, SIGTERM);  // error
#else
  return process.send_signal(SIGTERM) ? 0 : -1;
#endif
}
#endif

#ifdef CASE_kill_of_an_identity
int test(sysfd::ProcessId id, pid_t pid) {
#ifdef EXPECT_ERROR
  return ::kill(id, 0);  // error
#else
  static_cast<void>(id);
  return ::kill(pid, 0);
#endif
}
#endif

#ifdef CASE_number_as_a_timeout_of_a_process
void test(const PidFd& process) {
#ifdef EXPECT_ERROR
  static_cast<void>(process.wait_for(5));  // error
#else
  static_cast<void>(process.wait_for(5s));
#endif
}
#endif

#ifdef CASE_duration_as_a_deadline
void test(const PidFd& process) {
#ifdef EXPECT_ERROR
  static_cast<void>(process.wait_until(5s));  // error
#else
  static_cast<void>(process.wait_until(std::chrono::steady_clock::now() + 5s));
#endif
}
#endif

#ifdef CASE_if_of_same_process
void test(const PidFd& left, const PidFd& right) {
#ifdef EXPECT_ERROR
  if (sysfd::same_process(left, right)) use(left.fd());  // error
#else
  if (sysfd::same_process(left, right) == true) use(left.fd());
#endif
}
#endif

#ifdef CASE_flag_of_the_kernel_as_a_scope
void test(const PidFd& process) {
#ifdef EXPECT_ERROR
  static_cast<void>(process.send_signal(SIGTERM, 4));  // error
#else
  static_cast<void>(process.send_signal(SIGTERM, sysfd::SignalScope::process_group));
#endif
}
#endif

#ifdef CASE_flag_of_clone_as_a_namespace
sysfd::NamespaceSet test() {
#ifdef EXPECT_ERROR
  return 0x20000;  // error
#else
  return sysfd::Namespace::mount;
#endif
}
#endif

#ifdef CASE_status_printed_to_a_number
int test(sysfd::ExitStatus status) {
#ifdef EXPECT_ERROR
  return 1 << status;  // error
#else
  return 1 << status.code().value_or(0);
#endif
}
#endif
