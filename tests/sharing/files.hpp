// SPDX-License-Identifier: MIT
//
// Makes files to share, and describes the state of their descriptions.
#ifndef SYSFD_TESTS_SHARING_FILES_HPP
#define SYSFD_TESTS_SHARING_FILES_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "support/scratch_directory.hpp"

namespace sysfd_test {

inline std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Each byte of this content tells its offset.
inline constexpr std::string_view digits = "0123456789";

// Returns the content of a file from its start.
inline std::string content_of(const OwnedFd& file) {
  std::string all(1 << 20, '\0');
  const ssize_t size = ::pread(file.get(), all.data(), all.size(), 0);
  all.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return all;
}

// A file on disk with a content.
class ScratchFile {
 public:
  explicit ScratchFile(std::string_view content = "") {
    const OwnedFd file = open(O_WRONLY | O_CREAT | O_EXCL);
    if (::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
      std::abort();
  }
  std::string path() const { return directory_.path() / "file"; }
  // Opens another description of it each time.
  OwnedFd open(int flags) const { return must(sysfd::open(cwd(), path(), flags, 0644)); }
  std::string content() const { return content_of(open(O_RDONLY)); }

 private:
  ScratchDirectory directory_;
};

// The same in memory: on a file system that honours the flags of writes, whatever file system the
// scratch directory is on.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content = "") {
    if (::write(memory_.get(), content.data(), content.size()) !=
        static_cast<ssize_t>(content.size()))
      std::abort();
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(memory_.get()); }
  OwnedFd open(int flags) const { return must(sysfd::open(cwd(), path(), flags)); }
  std::string content() const { return content_of(open(O_RDONLY)); }

 private:
  OwnedFd memory_ = must(memfd("memory file"));
};

// Everything that one holder of a description can see another one change. The lock is the one that
// would prevent `other`, another description of the file, from locking all of it.
struct DescriptionState {
  off_t offset;
  int flags;
  short lock;
  off_t lock_start;
  bool operator==(const DescriptionState&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const DescriptionState& state) {
    return out << "offset " << state.offset << " flags " << state.flags << " lock " << state.lock
               << " from " << state.lock_start;
  }
};

inline DescriptionState state_of(int fd, int other) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  if (::fcntl(other, 36 /* F_OFD_GETLK */, &lock) != 0) std::abort();
  return {::lseek(fd, 0, SEEK_CUR), ::fcntl(fd, F_GETFL), lock.l_type, lock.l_start};
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SHARING_FILES_HPP
