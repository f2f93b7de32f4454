// SPDX-License-Identifier: MIT
//
// Borrows that outlive their owner; Clang warns about them: see check.cmake.
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/pidfd.hpp>

using namespace sysfd;

OwnedFd make();
PidFd make_process();
FileHandle make_handle();

#ifdef CASE_borrow_of_a_temporary
void test() {
#ifdef EXPECT_ERROR
  BorrowedFd fd = make().borrow();  // error
#else
  OwnedFd owner = make();
  BorrowedFd fd = owner.borrow();
#endif
}
#endif

#ifdef CASE_borrow_of_a_local_owner
BorrowedFd test(OwnedFd& argument) {
#ifdef EXPECT_ERROR
  OwnedFd local = make();
  return local;  // error
#else
  return argument;
#endif
}
#endif

#ifdef CASE_descriptor_of_a_temporary_process
void test() {
#ifdef EXPECT_ERROR
  BorrowedFd fd = make_process().fd();  // error
#else
  PidFd process = make_process();
  BorrowedFd fd = process.fd();
#endif
}
#endif

#ifdef CASE_bytes_of_a_temporary_handle
void test() {
#ifdef EXPECT_ERROR
  auto bytes = make_handle().bytes();  // error
#else
  FileHandle handle = make_handle();
  auto bytes = handle.bytes();
#endif
}
#endif

#ifdef CASE_string_that_is_gone
void test() {
#ifdef EXPECT_ERROR
  CStr path = std::string("file");  // error
#else
  std::string string = "file";
  CStr path = string;
#endif
}
#endif

#ifdef CASE_strings_of_an_array_that_are_gone
void test(const std::string& string) {
#ifdef EXPECT_ERROR
  CStr names[] = {"a", string + "b"};  // error
#else
  CStr names[] = {"a", string};
#endif
}
#endif
