// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile, each beside what is meant instead: see check.cmake.
#include <sysfd/pidfd.hpp>

using sysfd::BorrowedFd;
using sysfd::ForeignFd;
using sysfd::OwnedFd;
using sysfd::PidFd;

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
