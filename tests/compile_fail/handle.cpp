// SPDX-License-Identifier: MIT
//
// Mistakes that must not compile, each with the correct form: see check.cmake.
#include <cstdint>
#include <string>
#include <utility>

#include <sysfd/create.hpp>
#include <sysfd/fanotify.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/mount_cache.hpp>

using namespace sysfd;

void use(BorrowedFd fd);

#ifdef CASE_number_as_a_mount
void test(int id) {
#ifdef EXPECT_ERROR
  auto mount = sysfd::find_mount(id);  // error
#else
  auto mount = sysfd::find_mount(MountId(id));
#endif
}
#endif

#ifdef CASE_number_as_the_descriptor_of_a_mount
void test(int number, const FileHandle& handle) {
#ifdef EXPECT_ERROR
  auto file = sysfd::open_by_handle(number, handle, 0);  // error
#else
  auto file = sysfd::open_by_handle(BorrowedFd::unsafe_borrow(number), handle, 0);
#endif
}
#endif

#ifdef CASE_mount_that_is_closed_before_it_is_used
void test(MountId id, const FileHandle& handle) {
#ifdef EXPECT_ERROR
  auto file = sysfd::open_by_handle(*sysfd::find_mount(id), handle, 0);  // error
#else
  const OwnedFd mount = *sysfd::find_mount(id);
  auto file = sysfd::open_by_handle(mount, handle, 0);
#endif
}
#endif

#ifdef CASE_identity_of_a_mount_in_place_of_its_descriptor
void test(MountId id, BorrowedFd mount, const FileHandle& handle) {
#ifdef EXPECT_ERROR
  auto file = sysfd::open_by_handle(id, handle, 0);  // error
#else
  static_cast<void>(id);
  auto file = sysfd::open_by_handle(mount, handle, 0);
#endif
}
#endif

#ifdef CASE_comparison_of_a_handle_and_a_number
bool test(const sysfd::FanotifyFid& fid) {
#ifdef EXPECT_ERROR
  return fid.kind == 0;  // error
#else
  return fid.kind == sysfd::FanotifyFidKind::fid;
#endif
}
#endif

#ifdef CASE_copy_of_an_event
void test(sysfd::FanotifyEvent event) {
#ifdef EXPECT_ERROR
  sysfd::FanotifyEvent copy = event;  // error
#else
  sysfd::FanotifyEvent moved = std::move(event);
#endif
}
#endif
