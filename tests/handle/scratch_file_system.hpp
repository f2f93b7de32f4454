// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_HANDLE_SCRATCH_FILE_SYSTEM_HPP
#define SYSFD_TESTS_HANDLE_SCRATCH_FILE_SYSTEM_HPP

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <sysfd/create.hpp>
#include <sysfd/file_handle.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

// A new, empty tmpfs that is mounted while this object lives. Needs root and the mount namespace of
// the tests.
class ScratchFileSystem {
 public:
  ScratchFileSystem() {
    std::string name = (std::filesystem::temp_directory_path() / "sysfd-XXXXXX").string();
    if (!::mkdtemp(name.data()) || ::mount("sysfd", name.c_str(), "tmpfs", 0, nullptr) != 0)
      std::abort();
    path_ = name;
    root_ = *sysfd::open(cwd(), path_, O_RDONLY | O_DIRECTORY);
  }
  ~ScratchFileSystem() {
    ::umount2(path_.c_str(), MNT_DETACH);
    std::filesystem::remove(path_);
  }
  ScratchFileSystem(const ScratchFileSystem&) = delete;
  ScratchFileSystem& operator=(const ScratchFileSystem&) = delete;

  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path create(const std::string& name, const std::string& content = "") const {
    const auto path = path_ / name;
    std::ofstream(path) << content;
    return path;
  }

  // Returns the descriptor for open_by_handle().
  BorrowedFd root() const { return *root_; }

 private:
  std::filesystem::path path_;
  std::optional<OwnedFd> root_;
};

class HandleTest : public testing::Test {
 protected:
  void SetUp() override {
    SYSFD_REQUIRE_ISOLATION();
    SYSFD_REQUIRE_ROOT();
    files_.emplace();
  }

  const ScratchFileSystem& files() const { return *files_; }

 private:
  std::optional<ScratchFileSystem> files_;
};

inline FileHandle handle_of(const std::filesystem::path& path, HandleFlags flags = {}) {
  const auto named = name_to_handle(cwd(), path, flags);
  if (!named) std::abort();
  return named->handle;
}

inline std::string content_of(BorrowedFd file) {
  char buffer[64];
  const ssize_t size = ::pread(file.get(), buffer, sizeof buffer, 0);
  return size < 0 ? "unreadable" : std::string(buffer, static_cast<std::size_t>(size));
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_HANDLE_SCRATCH_FILE_SYSTEM_HPP
