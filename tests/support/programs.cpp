// SPDX-License-Identifier: MIT
#include "support/programs.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace sysfd_test {
namespace {

namespace fs = std::filesystem;

// Contains the directory, also for the programs that the isolated process starts.
constexpr const char* variable = "SYSFD_TEST_PROGRAMS";

fs::path directory_of_this_program() {
  return fs::read_symlink("/proc/self/exe").parent_path();
}

bool others_can_enter(const fs::path& directory) {
  for (fs::path each = directory; each.has_relative_path(); each = each.parent_path())
    if ((fs::status(each).permissions() & fs::perms::others_exec) == fs::perms::none) return false;
  return true;
}

}  // namespace

std::string program_path(const std::string& name) {
  const char* directory = std::getenv(variable);
  return (directory ? fs::path(directory) : directory_of_this_program()) / name;
}

std::string make_directory_for_programs() {
  if (::geteuid() != 0 || others_can_enter(directory_of_this_program())) return "";
  std::string name = fs::temp_directory_path() / "sysfd-programs-XXXXXX";
  if (!::mkdtemp(name.data())) return "";
  return name;
}

bool show_programs_in(const std::string& directory) {
  return ::mount(directory_of_this_program().c_str(), directory.c_str(), nullptr, MS_BIND,
                 nullptr) == 0 &&
         ::setenv(variable, directory.c_str(), 1) == 0;
}

}  // namespace sysfd_test
