// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include <sysfd/create.hpp>

#include "recipe.hpp"

int main() {
  std::filesystem::create_directory("public");
  std::ofstream("public/page") << "text";
  std::filesystem::create_symlink("/etc", "public/link");
  auto directory = sysfd::open(sysfd::cwd(), "public", O_PATH | O_DIRECTORY);
  if (!directory) return fail(directory.error());

  int opened = 0;
  int refused = 0;
  for (const char* path : {"page", "../../etc/passwd", "/etc/passwd", "link/passwd"}) {
    auto file = sysfd::open(*directory, path, O_RDONLY, sysfd::Resolve::beneath);
    std::cout << path << ": " << (file ? "opened" : file.error().message()) << '\n';
    ++(file ? opened : refused);
  }
  std::filesystem::remove_all("public");
  return opened == 1 && refused == 3 ? 0 : 1;
}
