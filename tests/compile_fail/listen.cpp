// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile, each with the correct form: see check.cmake.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/listen_fds.hpp>
#include <sysfd/notify.hpp>
#include <sysfd/pidfd.hpp>

using namespace std::chrono_literals;
using namespace sysfd;

ListenFds given();
void use(BorrowedFd fd);

#ifdef CASE_assignment_as_a_notification
void test() {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify("READY=1"));  // error
#else
  static_cast<void>(sysfd::notify({.ready = true}));
#endif
}
#endif

#ifdef CASE_arguments_of_sd_notify
void test() {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify(0, "READY=1"));  // error
#else
  static_cast<void>(sysfd::notify({.more = "READY=1"}));
#endif
}
#endif

#ifdef CASE_number_of_a_process_as_an_address
void test(pid_t pid, const PidFd& process) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify(pid, {.ready = true}));  // error
#else
  static_cast<void>(pid);
  static_cast<void>(sysfd::notify({.ready = true, .sender = &process}));
#endif
}
#endif

#ifdef CASE_number_of_a_process_as_a_sender
void test(pid_t pid, const PidFd& process) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify({.ready = true, .sender = pid}));  // error
#else
  static_cast<void>(pid);
  static_cast<void>(sysfd::notify({.ready = true, .sender = &process}));
#endif
}
#endif

#ifdef CASE_process_in_place_of_its_address
void test(const PidFd& process) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify({.main_process = process}));  // error
#else
  static_cast<void>(sysfd::notify({.main_process = &process}));
#endif
}
#endif

#ifdef CASE_address_of_a_process_that_dies
void test() {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify({.main_process = &*PidFd::self()}));  // error
#else
  const PidFd self = *PidFd::self();
  static_cast<void>(sysfd::notify({.main_process = &self}));
#endif
}
#endif

#ifdef CASE_number_as_a_timeout_of_a_notification
void test() {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify({.ready = true, .timeout = 5}));  // error
#else
  static_cast<void>(sysfd::notify({.ready = true, .timeout = 5s}));
#endif
}
#endif

#ifdef CASE_number_as_a_timeout_of_a_barrier
void test() {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify_barrier(5));  // error
#else
  static_cast<void>(sysfd::notify_barrier(5s));
#endif
}
#endif

#ifdef CASE_number_as_an_interval
void test() {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify({.watchdog_interval = 5}));  // error
#else
  static_cast<void>(sysfd::notify({.watchdog_interval = 5s}));
#endif
}
#endif

#ifdef CASE_owners_to_store
void test(const std::vector<OwnedFd>& fds) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::notify({.store = fds}));  // error
#else
  const std::vector<BorrowedFd> borrowed(fds.begin(), fds.end());
  static_cast<void>(sysfd::notify({.store = borrowed}));
#endif
}
#endif

#ifdef CASE_copy_of_a_notifier
void test(Notifier notifier) {
#ifdef EXPECT_ERROR
  Notifier copy = notifier;  // error
#else
  Notifier moved = std::move(notifier);
#endif
}
#endif

#ifdef CASE_bool_that_unsets_the_environment
void test() {
#ifdef EXPECT_ERROR
  static_cast<void>(Notifier::from_environment(true));  // error
#else
  static_cast<void>(Notifier::from_environment({.unset_environment = true}));
#endif
}
#endif

#ifdef CASE_copy_of_listen_fds
void test(ListenFds fds) {
#ifdef EXPECT_ERROR
  ListenFds copy = fds;  // error
#else
  ListenFds moved = std::move(fds);
#endif
}
#endif

#ifdef CASE_index_by_name
void test(ListenFds& fds) {
#ifdef EXPECT_ERROR
  auto web = fds.take("web");  // error
#else
  auto web = fds.take_one("web");
#endif
}
#endif

#ifdef CASE_number_of_listen_fds
int test() {
#ifdef EXPECT_ERROR
  const int count = ListenFds::take();  // error
  return count;
#else
  const auto fds = ListenFds::take();
  return fds ? static_cast<int>(fds->size()) : 0;
#endif
}
#endif

#ifdef CASE_kind_compared_with_a_number
bool test(const sysfd::ListenError& error) {
#ifdef EXPECT_ERROR
  return error.kind == 0;  // error
#else
  return error.kind == sysfd::ListenErrorKind::not_activated;
#endif
}
#endif

#ifdef CASE_if_of_matches
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  if (FdType::fifo().matches(fd)) use(fd);  // error
#else
  if (FdType::fifo().matches(fd) == true) use(fd);
#endif
}
#endif

#ifdef CASE_type_that_checks_a_number
void test(int number) {
#ifdef EXPECT_ERROR
  static_cast<void>(FdType::fifo().matches(number));  // error
#else
  static_cast<void>(FdType::fifo().matches(BorrowedFd::unsafe_borrow(number)));
#endif
}
#endif

#ifdef CASE_not_of_is_listening_stream
bool test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  return !sysfd::is_listening_stream(fd);  // error
#else
  return sysfd::is_listening_stream(fd) == false;
#endif
}
#endif
