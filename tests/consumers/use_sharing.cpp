// SPDX-License-Identifier: MIT
// Reads a file at its own position, under a lock.
#include <cstdio>
#include <string>

#include <sysfd/description_lock.hpp>
#include <sysfd/positioned_file.hpp>

int main() {
  auto memory = sysfd::UniqueDescription::memfd("scratch");
  if (!memory) return 1;
  sysfd::PositionedFile file(*std::move(memory));
  const auto lock = sysfd::DescriptionLock::acquire(file, sysfd::LockMode::exclusive);
  std::string text(5, '\0');
  if (!lock || !file.write_all(std::string("sharing")) || !file.seek(2)) return 1;
  if (!file.read_exact(text) || text != "aring") return 1;
  std::printf("sharing works: %s\n", text.c_str());
}
