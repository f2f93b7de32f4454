// SPDX-License-Identifier: MIT
#include <sys/fanotify.h>
#include <sys/stat.h>

#include <sysfd/fanotify.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/mount_cache.hpp>

#include "faults/operations.hpp"
#include "faults/subjects.hpp"
#include "handle/made_events.hpp"
#include "handle/scratch_file_system.hpp"

namespace sysfd_test {

std::vector<Operation> handle_operations() {
  std::vector<Operation> all;
  const auto add = [&](const char* name, auto run,
                       std::vector<Operation::Translation> translations = {}) {
    all.push_back({std::string("handle: ") + name, run, std::move(translations)});
  };
  const auto names = [&](const char* name, HandleFlags flags) {
    add(name, [=](Sweep& sweep) {
      if (!can_mount(sweep)) return;
      const ScratchFileSystem files;
      const auto path = files.create("file");
      if (!name_to_handle(cwd(), path, flags)) return sweep.skip("needs that flag");
      const auto named = sweep([&] { return name_to_handle(cwd(), path, flags); });
      if (named) sweep.check(named->handle.bytes().size() > 0, "no handle");
    });
  };
  names("name_to_handle", {});
  names("name_to_handle, fid", {.fid = true});
  names("name_to_handle, connectable", {.connectable = true});
  names("name_to_handle, unique_mount", {.unique_mount = true});
  add("name_to_handle of a descriptor", [](Sweep& sweep) {
    if (!can_mount(sweep)) return;
    const ScratchFileSystem files;
    const OwnedFd file = must(sysfd::open(cwd(), files.create("file"), O_RDONLY));
    (void)sweep([&] { return name_to_handle(file); });
  });
  add("open_by_handle", [](Sweep& sweep) {
    if (!can_mount(sweep)) return;
    const ScratchFileSystem files;
    const FileHandle handle = handle_of(files.create("file", "content"));
    const auto opened = sweep([&] { return open_by_handle(files.root(), handle, O_RDONLY); });
    if (opened) sweep.check(content_of(opened->borrow()) == "content", "another file");
  });
  const auto finds = [&](const char* name, HandleFlags flags) {
    add(
        name,
        [=](Sweep& sweep) {
          if (!can_mount(sweep)) return;
          const ScratchFileSystem files;
          const auto named = name_to_handle(cwd(), files.create("file"), flags);
          if (!named) return sweep.skip("needs that flag");
          const auto mount = sweep([&] { return find_mount(named->mount); });
          if (mount) sweep.check(same_file(mount->get(), files.root().get()), "another mount");
        },
        of_mounts);
  };
  finds("find_mount", {});
  finds("find_mount, unique", {.unique_mount = true});
  add("MountCache::find", [](Sweep& sweep) {
    if (!can_mount(sweep)) return;
    const ScratchFileSystem files;
    const auto named = must(name_to_handle(cwd(), files.create("file")));
    MountCache cache;
    const auto mount = sweep([&] { return cache.find(named.mount); });
    if (mount) sweep.check(same_file(mount->get(), files.root().get()), "another mount");
  });
  add("MountCache::find, again", [](Sweep& sweep) {
    if (!can_mount(sweep)) return;
    const ScratchFileSystem files;
    const auto named = must(name_to_handle(cwd(), files.create("file")));
    MountCache cache;
    (void)cache.find(named.mount);
    const auto mount = sweep([&] { return cache.find(named.mount); });
    if (mount) sweep.check(same_file(mount->get(), files.root().get()), "another mount");
  });
  add("MountCache::open_by_handle", [](Sweep& sweep) {
    if (!can_mount(sweep)) return;
    const ScratchFileSystem files;
    const auto named = must(name_to_handle(cwd(), files.create("file", "content")));
    MountCache cache;
    const auto opened = sweep([&] { return cache.open_by_handle(named, O_RDONLY); });
    if (opened) sweep.check(content_of(opened->borrow()) == "content", "another file");
  });
  add("MountCache::clear", [](Sweep& sweep) {
    if (!can_mount(sweep)) return;
    const ScratchFileSystem files;
    const auto named = must(name_to_handle(cwd(), files.create("file")));
    MountCache cache;
    (void)cache.find(named.mount);
    sweep([&] { cache.clear(); });
  });
  add("file_system_id", [](Sweep& sweep) {
    const OwnedFd file = some_file();
    (void)sweep([&] { return file_system_id(file); });
  });
  add("take_event, take_fid", [](Sweep& sweep) {
    const OwnedFd file = some_file();
    const EventBytes bytes =
        event_of({fid_record(FAN_EVENT_INFO_TYPE_FID, 20)},
                 must(file.duplicate()).get() >= 0 ? std::move(*file.duplicate()).release() : -1);
    std::span<const std::byte> rest = bytes;
    (void)sweep([&]() -> Result<> {
      auto event = take_event(rest);
      if (!event) return std::unexpected(event.error());
      auto records = event->records;
      auto fid = take_fid(records);
      if (!fid) return std::unexpected(fid.error());
      return {};
    });
  });
  add("FileHandle::serialize, deserialize", [](Sweep& sweep) {
    const std::array<std::byte, 8> content{};
    const auto handle = must(FileHandle::from_parts(1, content));
    (void)sweep([&] { return FileHandle::deserialize(handle.serialize()); });
  });
  for (Operation& each : all)
    if (each.name.find("MountCache") != each.name.npos) {
      each.keeps_descriptors = true;
      each.translations.push_back({-1, 0, ENOSYS});  // as for find_mount
    }
  return all;
}

}  // namespace sysfd_test
