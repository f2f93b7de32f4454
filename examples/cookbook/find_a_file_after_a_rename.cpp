// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/file_handle.hpp>

#include "recipe.hpp"

int main() {
  std::ofstream("before") << "text";
  auto named = sysfd::name_to_handle(sysfd::cwd(), "before");
  const std::vector<std::byte> stored =  // for a file or a database
      named ? named->handle.serialize() : std::vector<std::byte>();
  std::filesystem::rename("before", "after");

  auto directory = sysfd::open(sysfd::cwd(), ".", O_RDONLY | O_DIRECTORY);
  if (!directory) return fail(directory.error());
  auto handle = sysfd::FileHandle::deserialize(stored);
  auto file = handle ? sysfd::open_by_handle(*directory, *handle, O_RDONLY)
                     : sysfd::Result<sysfd::OwnedFd>(std::unexpected(handle.error()));
  std::filesystem::remove("after");
  if (!named) return not_possible_here(named.error());  // the file system has no handles
  if (!file && file.error() == std::errc::operation_not_permitted)
    return not_possible_here("this needs CAP_DAC_READ_SEARCH");
  if (!file) return fail(file.error());
  char text[5] = {};
  const ssize_t size = ::read(file->get(), text, 4);
  std::cout << text << '\n';
  return size == 4 && std::string(text) == "text" ? 0 : 1;
}
