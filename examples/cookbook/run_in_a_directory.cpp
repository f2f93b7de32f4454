// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <filesystem>
#include <iostream>

#include <sysfd/command.hpp>
#include <sysfd/create.hpp>

#include "recipe.hpp"

int main() {
  std::filesystem::create_directory("workplace");
  auto directory = sysfd::open(sysfd::cwd(), "workplace", O_RDONLY | O_DIRECTORY);
  if (!directory) return fail(directory.error());

  // By descriptor: the directory may be renamed meanwhile.
  std::filesystem::rename("workplace", "moved");
  auto touch = sysfd::Command("touch").arg("made").working_directory(*directory).status();
  if (!touch) return fail(touch.error());
  const bool made = std::filesystem::remove("moved/made");
  std::filesystem::remove("moved");
  std::cout << (made ? "made in the directory\n" : "made elsewhere\n");
  return made ? 0 : 1;
}
