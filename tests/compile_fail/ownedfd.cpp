// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile, each with the correct form: see check.cmake.
#include <unistd.h>

#include <chrono>
#include <optional>
#include <stop_token>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/stop_fd.hpp>
#include <sysfd/timeout.hpp>

using namespace std::chrono_literals;
using namespace sysfd;

OwnedFd make();
void use(BorrowedFd fd);
void keep(OwnedFd fd);

#ifdef CASE_close_of_an_owner
void test(OwnedFd fd) {
#ifdef EXPECT_ERROR
  close(fd);  // error
#else
  static_cast<void>(std::move(fd).close());
#endif
}
#endif

#ifdef CASE_global_close_of_an_owner
void test(OwnedFd fd) {
#ifdef EXPECT_ERROR
  ::close(fd);  // error
#else
  ::close(std::move(fd).release());
#endif
}
#endif

#ifdef CASE_close_of_a_borrowed_descriptor
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  close(fd);  // error
#else
  use(fd);
#endif
}
#endif

#ifdef CASE_dup_of_an_owner
void test(const OwnedFd& fd) {
#ifdef EXPECT_ERROR
  auto copy = dup(fd);  // error
#else
  auto copy = fd.duplicate();
#endif
}
#endif

#ifdef CASE_dup_of_a_borrowed_descriptor
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  dup(fd);  // error
#else
  static_cast<void>(fd.duplicate());
#endif
}
#endif

#ifdef CASE_borrow_of_a_literal
#ifdef EXPECT_ERROR
BorrowedFd fd = 3;  // error
#else
BorrowedFd fd = BorrowedFd::unsafe_borrow(3);
#endif
#endif

#ifdef CASE_borrow_of_zero
#ifdef EXPECT_ERROR
BorrowedFd fd(0);  // error
#else
BorrowedFd fd(BorrowedFd::unsafe_borrow(0));
#endif
#endif

#ifdef CASE_borrow_of_a_variable
BorrowedFd test(const int& number) {
#ifdef EXPECT_ERROR
  return number;  // error
#else
  return BorrowedFd::unsafe_borrow(number);
#endif
}
#endif

#ifdef CASE_borrow_of_a_temporary
void test() {
#ifdef EXPECT_ERROR
  BorrowedFd fd = make();  // error
#else
  OwnedFd owner = make();
  BorrowedFd fd = owner;
#endif
  use(fd);
}
#endif

#ifdef CASE_borrow_of_a_temporary_for_a_call
void test() {
#ifdef EXPECT_ERROR
  use(make());  // error
#else
  use(make().borrow());
#endif
}
#endif

#ifdef CASE_number_for_a_borrowing_parameter
void test(int number) {
#ifdef EXPECT_ERROR
  use(number);  // error
#else
  use(BorrowedFd::unsafe_borrow(number));
#endif
}
#endif

#ifdef CASE_number_for_an_owning_parameter
void test(int number) {
#ifdef EXPECT_ERROR
  keep(number);  // error
#else
  keep(OwnedFd::adopt(number));
#endif
}
#endif

#ifdef CASE_number_for_a_library_function
void test(int number) {
#ifdef EXPECT_ERROR
  auto file = sysfd::open(number, "file", 0);  // error
#else
  auto file = sysfd::open(BorrowedFd::unsafe_borrow(number), "file", 0);
#endif
}
#endif

#ifdef CASE_borrowed_for_an_owning_parameter
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  keep(fd);  // error
#else
  keep(*fd.duplicate());
#endif
}
#endif

#ifdef CASE_copy_of_an_owner
void test(OwnedFd fd) {
#ifdef EXPECT_ERROR
  OwnedFd copy = fd;  // error
#else
  OwnedFd moved = std::move(fd);
#endif
}
#endif

#ifdef CASE_copy_assignment_of_an_owner
void test(OwnedFd& to, OwnedFd& from) {
#ifdef EXPECT_ERROR
  to = from;  // error
#else
  to = std::move(from);
#endif
}
#endif

#ifdef CASE_owner_left_in_the_callers_hands
void test(OwnedFd fd) {
#ifdef EXPECT_ERROR
  keep(fd);  // error
#else
  keep(std::move(fd));
#endif
}
#endif

#ifdef CASE_owner_as_a_number
int test(const OwnedFd& fd) {
#ifdef EXPECT_ERROR
  return fd;  // error
#else
  return fd.get();
#endif
}
#endif

#ifdef CASE_owner_in_a_condition
void test(std::optional<OwnedFd> maybe) {
#ifdef EXPECT_ERROR
  if (*maybe) use(*maybe);  // error
#else
  if (maybe) use(*maybe);
#endif
}
#endif

#ifdef CASE_comparison_of_owners
bool test(const OwnedFd& left, const OwnedFd& right) {
#ifdef EXPECT_ERROR
  return left == right;  // error
#else
  return left.get() == right.get();
#endif
}
#endif

#ifdef CASE_comparison_of_an_owner_and_a_number
bool test(const OwnedFd& fd) {
#ifdef EXPECT_ERROR
  return fd >= 0;  // error
#else
  return fd.get() >= 0;
#endif
}
#endif

#ifdef CASE_release_of_a_named_owner
int test(OwnedFd fd) {
#ifdef EXPECT_ERROR
  return fd.release();  // error
#else
  return std::move(fd).release();
#endif
}
#endif

#ifdef CASE_close_member_of_a_named_owner
void test(OwnedFd fd) {
#ifdef EXPECT_ERROR
  static_cast<void>(fd.close());  // error
#else
  static_cast<void>(std::move(fd).close());
#endif
}
#endif

#ifdef CASE_owner_of_nothing
#ifdef EXPECT_ERROR
OwnedFd fd;  // error
#else
std::optional<OwnedFd> fd;
#endif
#endif

#ifdef CASE_owner_made_of_a_number
#ifdef EXPECT_ERROR
OwnedFd fd(3);  // error
#else
OwnedFd fd(OwnedFd::adopt(3));
#endif
#endif

#ifdef CASE_string_of_nothing
void test() {
#ifdef EXPECT_ERROR
  auto file = sysfd::open(sysfd::cwd(), nullptr, 0);  // error
#else
  auto file = sysfd::open(sysfd::cwd(), "file", 0);
#endif
}
#endif

#ifdef CASE_string_that_may_lack_the_nul
void test(std::string_view path) {
#ifdef EXPECT_ERROR
  auto file = sysfd::open(sysfd::cwd(), path, 0);  // error
#else
  auto file = sysfd::open(sysfd::cwd(), std::string(path), 0);
#endif
}
#endif

#ifdef CASE_pipe_taken_apart_unchecked
int test() {
#ifdef EXPECT_ERROR
  auto [read, write] = sysfd::pipe();  // error
  return read.get();
#else
  auto ends = sysfd::pipe();
  if (!ends) return -1;
  auto& [read, write] = *ends;
  return read.get();
#endif
}
#endif

#ifdef CASE_number_of_a_result
int test() {
#ifdef EXPECT_ERROR
  const int fd = sysfd::event_fd();  // error
  return fd;
#else
  const auto fd = sysfd::event_fd();
  return fd ? fd->get() : -1;
#endif
}
#endif

#ifdef CASE_comparison_of_a_result_and_zero
bool test() {
#ifdef EXPECT_ERROR
  return sysfd::event_fd() < 0;  // error
#else
  return !sysfd::event_fd();
#endif
}
#endif

#ifdef CASE_answer_of_is_nonblocking_as_a_bool
bool test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  const bool answer = sysfd::is_nonblocking(fd);  // error
  return answer;
#else
  const bool answer = sysfd::is_nonblocking(fd) == true;
  return answer;
#endif
}
#endif

#ifdef CASE_not_of_is_nonblocking
bool test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  return !sysfd::is_nonblocking(fd);  // error
#else
  return sysfd::is_nonblocking(fd) == false;
#endif
}
#endif

#ifdef CASE_array_of_borrows_of_what_dies
void test() {
#ifdef EXPECT_ERROR
  const BorrowedFd fds[] = {*sysfd::event_fd()};  // error
  use(fds[0]);
#else
  const OwnedFd event = *sysfd::event_fd();
  const BorrowedFd fds[] = {event};
  use(fds[0]);
#endif
}
#endif

#ifdef CASE_pair_with_a_borrow_of_a_result_that_dies
void test() {
#ifdef EXPECT_ERROR
  const std::pair<BorrowedFd, int> pair(sysfd::event_fd(), 0);  // error
  use(pair.first);
#else
  const auto event = sysfd::event_fd();
  const std::pair<BorrowedFd, int> pair(event, 0);
  use(pair.first);
#endif
}
#endif

#ifdef CASE_return_of_a_borrow_of_a_result_that_dies
sysfd::Result<BorrowedFd> test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  return sysfd::event_fd();  // error
#else
  return fd;
#endif
}
#endif

#ifdef CASE_number_as_a_timeout
sysfd::Timeout test() {
#ifdef EXPECT_ERROR
  return 5;  // error
#else
  return 5s;
#endif
}
#endif

#ifdef CASE_moment_as_a_timeout
sysfd::Timeout test() {
#ifdef EXPECT_ERROR
  return std::chrono::steady_clock::now() + 5s;  // error
#else
  return 5s;
#endif
}
#endif

#ifdef CASE_wait_called_off_by_what_dies
sysfd::Timeout test(std::stop_token token, const sysfd::StopFd& stop) {
#ifdef EXPECT_ERROR
  return sysfd::Timeout(5s).canceled_by(sysfd::StopFd::make(token));  // error
#else
  static_cast<void>(token);
  return sysfd::Timeout(5s).canceled_by(stop);
#endif
}
#endif

#ifdef CASE_wait_called_off_by_a_stop_fd_that_dies
sysfd::Timeout test(std::stop_token token, const sysfd::StopFd& stop) {
#ifdef EXPECT_ERROR
  return sysfd::Timeout(5s).canceled_by(*sysfd::StopFd::make(token));  // error
#else
  static_cast<void>(token);
  return sysfd::Timeout(5s).canceled_by(stop);
#endif
}
#endif

#ifdef CASE_wait_called_off_by_a_stop_token
sysfd::Timeout test(std::stop_token token, const sysfd::StopFd& stop) {
#ifdef EXPECT_ERROR
  return sysfd::Timeout(5s).canceled_by(token);  // error
#else
  static_cast<void>(token);
  return sysfd::Timeout(5s).canceled_by(stop);
#endif
}
#endif

#ifdef CASE_wait_called_off_by_a_number
sysfd::Timeout test(int number) {
#ifdef EXPECT_ERROR
  return sysfd::Timeout(5s).canceled_by(number);  // error
#else
  return sysfd::Timeout(5s).canceled_by(BorrowedFd::unsafe_borrow(number));
#endif
}
#endif

#ifdef CASE_name_of_flags_that_resolve_as_open_flags
void test(BorrowedFd directory) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::open(directory, "file", 0, 0644, 0x08));  // error
#else
  static_cast<void>(sysfd::open(directory, "file", 0, 0644, sysfd::Resolve::beneath));
#endif
}
#endif
