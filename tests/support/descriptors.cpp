// SPDX-License-Identifier: MIT
#include "support/descriptors.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace sysfd_test {

std::set<int> open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), &::closedir);
  if (!directory) {
    std::perror("/proc/self/fd");
    std::abort();
  }
  std::set<int> found;
  while (const dirent* entry = ::readdir(directory.get()))
    if (entry->d_name[0] != '.') found.insert(std::atoi(entry->d_name));
  found.erase(::dirfd(directory.get()));
  return found;
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

bool same_file(int left, int right) {
  struct stat a;
  struct stat b;
  return ::fstat(left, &a) == 0 && ::fstat(right, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

sysfd::OwnedFd some_file() {
  return sysfd::OwnedFd::adopt(::memfd_create("some_file", MFD_CLOEXEC));
}

}  // namespace sysfd_test
