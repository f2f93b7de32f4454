// SPDX-License-Identifier: MIT
// The handle of a file is the same for each descriptor of it.
#include <cstdio>

#include <sysfd/create.hpp>
#include <sysfd/file_handle.hpp>

int main() {
  const auto file = sysfd::memfd("file");
  if (!file) return 1;
  const auto same = file->duplicate();
  if (!same) return 1;
  const auto first = sysfd::name_to_handle(*file);
  const auto second = sysfd::name_to_handle(*same);
  if (!first || !second || first->handle != second->handle) return 1;
  std::puts("handle works");
}
