// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SUPPORT_SCRATCH_DIRECTORY_HPP
#define SYSFD_TESTS_SUPPORT_SCRATCH_DIRECTORY_HPP

#include <cstdlib>
#include <filesystem>
#include <string>

namespace sysfd_test {

// A directory of the test, which is removed with its content when the test ends.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "sysfd-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SUPPORT_SCRATCH_DIRECTORY_HPP
