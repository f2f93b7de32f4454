// SPDX-License-Identifier: MIT
//
// The program that the tests of spawn start: inspector <file> [argument...] writes what it finds
// itself to be into the file. See inspect.hpp for the other side.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  // First of all, before anything else is opened here.
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

  std::ofstream report(argv[1]);
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
  report.flush();
  return report ? 0 : 3;
}
