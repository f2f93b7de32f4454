// SPDX-License-Identifier: MIT
//
// Shows the bytes of a fuzzing program to code that reads a file.
#ifndef SYSFD_TESTS_FUZZ_AS_FILE_HPP
#define SYSFD_TESTS_FUZZ_AS_FILE_HPP

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include <sysfd/owned_fd.hpp>

namespace sysfd_test {

// A regular file with this content, at its start: the same one for each input.
inline sysfd::BorrowedFd as_file(std::string_view content) {
  static const auto file = sysfd::OwnedFd::adopt(::memfd_create("input", MFD_CLOEXEC));
  const auto size = static_cast<ssize_t>(content.size());
  if (::ftruncate(file.get(), 0) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0 ||
      ::pwrite(file.get(), content.data(), content.size(), 0) != size)
    std::abort();
  return file.borrow();
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_FUZZ_AS_FILE_HPP
