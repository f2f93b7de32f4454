// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile, each with the correct form: see check.cmake.
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include <sysfd/command.hpp>
#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/flock_lock.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

using namespace std::chrono_literals;
using namespace sysfd;

UniqueDescription make();
OwnedFd make_owned();
PositionedFile make_file();
void use(BorrowedFd fd);

#ifdef CASE_copy_of_a_unique_description
void test(UniqueDescription description) {
#ifdef EXPECT_ERROR
  UniqueDescription copy = description;  // error
#else
  UniqueDescription moved = std::move(description);
#endif
}
#endif

#ifdef CASE_duplicate_of_a_unique_description
void test(UniqueDescription description) {
#ifdef EXPECT_ERROR
  auto copy = description.duplicate();  // error
#else
  auto copy = std::move(description).into_shareable().duplicate();
#endif
}
#endif

#ifdef CASE_borrow_of_a_unique_description
void test(const UniqueDescription& description) {
#ifdef EXPECT_ERROR
  use(description);  // error
#else
  LentFd lent = description;
#endif
}
#endif

#ifdef CASE_borrow_of_a_lent_descriptor
void test(LentFd lent) {
#ifdef EXPECT_ERROR
  use(lent);  // error
#else
  (void)sysfd::SealedMemory::map(lent);
#endif
}
#endif

#ifdef CASE_duplicate_of_a_lent_descriptor
void test(LentFd lent, BorrowedFd borrowed) {
#ifdef EXPECT_ERROR
  auto copy = lent.duplicate();  // error
#else
  auto copy = borrowed.duplicate();
#endif
}
#endif

#ifdef CASE_unique_description_in_a_message
void test(BorrowedFd socket, UniqueDescription description) {
#ifdef EXPECT_ERROR
  const std::array<BorrowedFd, 1> fds = {description};  // error
#else
  const OwnedFd fd = std::move(description).into_shareable();
  const std::array<BorrowedFd, 1> fds = {fd};
#endif
  (void)sysfd::send_fds(socket, fds, std::as_bytes(std::span("x")));
}
#endif

#ifdef CASE_unique_description_for_a_child
void test(sysfd::Command& command, UniqueDescription description) {
#ifdef EXPECT_ERROR
  command.pass(description, 3);  // error
#else
  command.pass(std::move(description).into_shareable(), 3);
#endif
}
#endif

#ifdef CASE_unique_description_as_a_stream_of_a_child
void test(sysfd::Command& command, UniqueDescription description) {
#ifdef EXPECT_ERROR
  command.stdout_to(std::move(description));  // error
#else
  command.stdout_to(std::move(description).into_shareable());
#endif
}
#endif

#ifdef CASE_unique_description_of_any_descriptor
UniqueDescription test(OwnedFd fd) {
#ifdef EXPECT_ERROR
  return UniqueDescription(std::move(fd));  // error
#else
  return *UniqueDescription::reopen(fd, 0);
#endif
}
#endif

#ifdef CASE_unique_description_that_stays_unique_when_shared
OwnedFd test(UniqueDescription description) {
#ifdef EXPECT_ERROR
  return description.into_shareable();  // error
#else
  return std::move(description).into_shareable();
#endif
}
#endif

#ifdef CASE_lock_of_a_temporary_description
void test() {
#ifdef EXPECT_ERROR
  auto lock = DescriptionLock::acquire(make(), LockMode::shared);  // error
#else
  UniqueDescription description = make();
  auto lock = DescriptionLock::acquire(description, LockMode::shared);
#endif
}
#endif

#ifdef CASE_lock_of_a_temporary_owner
void test() {
#ifdef EXPECT_ERROR
  auto lock = DescriptionLock::acquire(make_owned(), LockMode::shared);  // error
#else
  OwnedFd fd = make_owned();
  auto lock = DescriptionLock::acquire(fd, LockMode::shared);
#endif
}
#endif

#ifdef CASE_lock_of_a_temporary_file
void test() {
#ifdef EXPECT_ERROR
  auto lock = DescriptionLock::acquire(make_file(), LockMode::shared);  // error
#else
  PositionedFile file = make_file();
  auto lock = DescriptionLock::acquire(file, LockMode::shared);
#endif
}
#endif

#ifdef CASE_lock_of_a_number
void test(int number) {
#ifdef EXPECT_ERROR
  auto lock = DescriptionLock::acquire(number, LockMode::shared);  // error
#else
  auto lock = DescriptionLock::acquire(BorrowedFd::unsafe_borrow(number), LockMode::shared);
#endif
}
#endif

#ifdef CASE_copy_of_a_lock
void test(DescriptionLock lock) {
#ifdef EXPECT_ERROR
  DescriptionLock copy = lock;  // error
#else
  DescriptionLock moved = std::move(lock);
#endif
}
#endif

#ifdef CASE_copy_of_a_positioned_file
void test(PositionedFile file) {
#ifdef EXPECT_ERROR
  PositionedFile copy = file;  // error
#else
  PositionedFile moved = std::move(file);
#endif
}
#endif

#ifdef CASE_borrow_of_a_positioned_file
void test(PositionedFile file) {
#ifdef EXPECT_ERROR
  use(file);  // error
#else
  LentFd lent = file;
#endif
}
#endif

#ifdef CASE_read_into_a_constant_string
void test(PositionedFile& file, std::string& text) {
#ifdef EXPECT_ERROR
  (void)file.read(std::as_const(text));  // error
#else
  (void)file.read(text);
#endif
}
#endif

#ifdef CASE_read_exact_into_constant_bytes
void test(PositionedFile& file, std::span<const std::byte> constant, std::span<std::byte> bytes) {
#ifdef EXPECT_ERROR
  (void)file.read_exact(constant);  // error
#else
  (void)file.read_exact(bytes);
#endif
}
#endif

#ifdef CASE_write_of_what_are_no_bytes
void test(PositionedFile& file, std::array<int, 3> numbers) {
#ifdef EXPECT_ERROR
  (void)file.write(numbers);  // error
#else
  (void)file.write(std::as_bytes(std::span(numbers)));
#endif
}
#endif

#ifdef CASE_copy_of_a_flock_lock
void test(FlockLock lock) {
#ifdef EXPECT_ERROR
  FlockLock copy = lock;  // error
#else
  FlockLock moved = std::move(lock);
#endif
}
#endif

#ifdef CASE_flock_lock_of_a_temporary_owner
void test() {
#ifdef EXPECT_ERROR
  auto lock = FlockLock::acquire(make_owned(), LockMode::shared);  // error
#else
  OwnedFd fd = make_owned();
  auto lock = FlockLock::acquire(fd, LockMode::shared);
#endif
}
#endif

#ifdef CASE_flock_lock_of_a_number
void test(int number) {
#ifdef EXPECT_ERROR
  auto lock = FlockLock::acquire(number, LockMode::shared);  // error
#else
  auto lock = FlockLock::acquire(BorrowedFd::unsafe_borrow(number), LockMode::shared);
#endif
}
#endif

#ifdef CASE_operation_of_flock_as_a_mode
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  auto lock = FlockLock::acquire(fd, LOCK_EX);  // error
#else
  auto lock = FlockLock::acquire(fd, LockMode::exclusive);
#endif
}
#endif

#ifdef CASE_range_of_a_flock_lock
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  auto lock = FlockLock::acquire(fd, LockMode::shared, {0, 5});  // error
#else
  auto lock = DescriptionLock::acquire(fd, LockMode::shared, {0, 5});
#endif
}
#endif

#ifdef CASE_unlock_of_a_named_flock_lock
void test(FlockLock lock) {
#ifdef EXPECT_ERROR
  static_cast<void>(lock.unlock());  // error
#else
  static_cast<void>(std::move(lock).unlock());
#endif
}
#endif

#ifdef CASE_release_of_a_named_lock
void test(DescriptionLock lock) {
#ifdef EXPECT_ERROR
  OwnedFd fd = lock.release();  // error
#else
  OwnedFd fd = std::move(lock).release();
#endif
}
#endif

#ifdef CASE_release_of_a_named_flock_lock
void test(FlockLock lock) {
#ifdef EXPECT_ERROR
  OwnedFd fd = lock.release();  // error
#else
  OwnedFd fd = std::move(lock).release();
#endif
}
#endif

#ifdef CASE_adoption_of_a_lock_of_a_borrowed_descriptor
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  auto lock = FlockLock::adopt(fd, LockMode::shared);  // error
#else
  auto lock = FlockLock::adopt(*fd.duplicate(), LockMode::shared);
#endif
}
#endif

#ifdef CASE_lock_of_another_kind
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  FlockLock lock = *DescriptionLock::acquire(fd, LockMode::shared);  // error
#else
  FlockLock lock = *FlockLock::acquire(fd, LockMode::shared);
#endif
}
#endif

#ifdef CASE_lock_in_a_condition
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  auto lock = DescriptionLock::try_acquire(fd, LockMode::shared);
  if (*lock) use(fd);  // error
#else
  auto lock = DescriptionLock::try_acquire(fd, LockMode::shared);
  if (lock) use(fd);
#endif
}
#endif

#ifdef CASE_lock_for_the_condition_only
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  if (DescriptionLock::try_acquire(fd, LockMode::shared)) use(fd);  // error
#else
  if (auto lock = DescriptionLock::try_acquire(fd, LockMode::shared)) use(fd);
#endif
}
#endif

#ifdef CASE_flock_lock_for_the_condition_only
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  if (!FlockLock::try_acquire(fd, LockMode::shared)) return;  // error
#else
  auto lock = FlockLock::try_acquire(fd, LockMode::shared);
  if (!lock) return;
#endif
  use(fd);
}
#endif

#ifdef CASE_number_as_a_timeout_of_a_lock
void test(BorrowedFd fd) {
#ifdef EXPECT_ERROR
  auto lock = DescriptionLock::try_acquire_for(fd, LockMode::shared, 5);  // error
#else
  auto lock = DescriptionLock::try_acquire_for(fd, LockMode::shared, 5s);
#endif
}
#endif

#ifdef CASE_deadline_as_a_timeout_of_a_lock
void test(BorrowedFd fd, std::chrono::steady_clock::time_point when) {
#ifdef EXPECT_ERROR
  auto lock = FlockLock::try_acquire_for(fd, LockMode::shared, when);  // error
#else
  auto lock = FlockLock::try_acquire_until(fd, LockMode::shared, when);
#endif
}
#endif

#ifdef CASE_number_as_a_timeout_of_a_message
void test(BorrowedFd socket) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::send_fds(socket, {}, std::as_bytes(std::span("x")), 5));  // error
#else
  static_cast<void>(sysfd::send_fds(socket, {}, std::as_bytes(std::span("x")), 5s));
#endif
}
#endif

#ifdef CASE_number_as_a_timeout_to_receive
void test(BorrowedFd socket, std::span<std::byte> payload) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::receive_fds(socket, payload, {.timeout = 5}));  // error
#else
  static_cast<void>(sysfd::receive_fds(socket, payload, {.timeout = 5s}));
#endif
}
#endif

#ifdef CASE_text_as_a_payload
void test(BorrowedFd socket) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::send_fds(socket, {}, "text"));  // error
#else
  static_cast<void>(sysfd::send_fds(socket, {}, std::as_bytes(std::span("text"))));
#endif
}
#endif

#ifdef CASE_owners_in_place_of_borrows
void test(BorrowedFd socket, std::span<const std::byte> text, const std::vector<OwnedFd>& fds) {
#ifdef EXPECT_ERROR
  static_cast<void>(sysfd::send_fds(socket, fds, text));  // error
#else
  const std::vector<BorrowedFd> lent(fds.begin(), fds.end());
  static_cast<void>(sysfd::send_fds(socket, lent, text));
#endif
}
#endif

#ifdef CASE_flag_of_lseek
void test(PositionedFile& file) {
#ifdef EXPECT_ERROR
  static_cast<void>(file.seek(0, SEEK_SET));  // error
#else
  static_cast<void>(file.seek(0, sysfd::SeekFrom::start));
#endif
}
#endif

#ifdef CASE_sync_of_a_bool
void test(PositionedFile& file) {
#ifdef EXPECT_ERROR
  static_cast<void>(file.sync(true));  // error
#else
  static_cast<void>(file.sync({.data_only = true}));
#endif
}
#endif

#ifdef CASE_not_of_same_description
bool test(BorrowedFd left, BorrowedFd right) {
#ifdef EXPECT_ERROR
  return !sysfd::same_description(left, right);  // error
#else
  return sysfd::same_description(left, right) == false;
#endif
}
#endif
