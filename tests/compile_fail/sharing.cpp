// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile, each beside what is meant instead: see check.cmake.
#include <array>
#include <span>
#include <string>
#include <sysfd/description.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/fd_passing.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

#if defined(CASE_unique_description_for_a_child) || \
    defined(CASE_unique_description_as_a_stream_of_a_child)
#include <sysfd/command.hpp>
#endif

using sysfd::BorrowedFd;
using sysfd::DescriptionLock;
using sysfd::LentFd;
using sysfd::LockMode;
using sysfd::OwnedFd;
using sysfd::PositionedFile;
using sysfd::UniqueDescription;

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
