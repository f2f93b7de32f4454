// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <string>
#include <system_error>

#include <sysfd/create.hpp>
#include <sysfd/fanotify.hpp>

#include "recipe.hpp"

int main() {
  auto group = sysfd::OwnedFd::from_syscall(
      ::fanotify_init(FAN_CLOEXEC | FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME, O_RDONLY));
  if (!group) return not_possible_here(group.error());  // before Linux 5.13: root only
  std::filesystem::create_directory("watched");
  const int marked = ::fanotify_mark(group->get(), FAN_MARK_ADD, FAN_CREATE, AT_FDCWD, "watched");
  const std::error_code error(marked == -1 ? errno : 0, std::system_category());
  std::ofstream("watched/new") << "text";
  auto directory = sysfd::name_to_handle(sysfd::cwd(), "watched", {.fid = true});
  std::filesystem::remove_all("watched");
  if (error) return not_possible_here(error);  // the file system has no handles
  if (!directory) return not_possible_here(directory.error());

  alignas(fanotify_event_metadata) std::byte buffer[4096];
  const ssize_t size = ::read(group->get(), buffer, sizeof buffer);
  if (size < 0) return fail(std::error_code(errno, std::system_category()));
  std::string found;
  for (auto& event :
       sysfd::FanotifyEvents(std::span(buffer).first(static_cast<std::size_t>(size)))) {
    if (!event) return fail(event.error());
    for (auto& fid : event->fids())
      if (fid && fid->handle == directory->handle) found = fid->name;
  }
  std::cout << found << " was created\n";
  return found == "new" ? 0 : 1;
}
