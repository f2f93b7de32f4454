// SPDX-License-Identifier: MIT
//
// The program that the tests of spawn start: inspector <file> [argument...] writes what it finds
// out about itself into the file, or to stdout for "-". inspect.hpp is the other side.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include "spawn/facts.hpp"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  // Reads them before anything else is opened here.
  std::string descriptors;
  DIR* directory = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(directory)) {
    const int fd = std::atoi(entry->d_name);
    struct stat status;
    if (entry->d_name[0] == '.' || fd == ::dirfd(directory) || ::fstat(fd, &status) != 0) continue;
    descriptors += "fd " + std::to_string(fd) + ' ' + std::to_string(status.st_dev) + ' ' +
                   std::to_string(status.st_ino) + ' ' + std::to_string(::fcntl(fd, F_GETFD)) +
                   '\n';
  }
  ::closedir(directory);

  std::ostringstream report;
  report << descriptors;
  for (int i = 0; i < argc; ++i)
    if (i != 1) report << "arg " << argv[i] << '\n';
  for (char** variable = ::environ; *variable; ++variable)
    report << "env " << *variable << '\n';
  char cwd[4096];
  report << "cwd " << (::getcwd(cwd, sizeof cwd) ? cwd : "?") << '\n';
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("Sig") || line.starts_with("ShdPnd")) report << line << '\n';
  for (const auto& [name, value] : sysfd_test::facts_of_this_process())
    report << "fact " << name << '=' << value << '\n';

  if (std::string_view(argv[1]) == "-") return std::cout << report.str() << std::flush ? 0 : 3;
  std::ofstream file(argv[1]);
  file << report.str() << std::flush;
  return file ? 0 : 3;
}
