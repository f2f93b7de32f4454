// SPDX-License-Identifier: MIT
#include <sysfd/fanotify.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/mount_cache.hpp>

#include <compare>
#include <cstring>
#include <functional>
#include <optional>
#include <span>

#include "convert.hpp"

using namespace sysfd_c;  // NOLINT(google-build-using-namespace)
using sysfd::FileHandle;
using sysfd::HandleFlags;
using sysfd::MountId;

struct sysfd_file_handle {
  FileHandle handle;
};

struct sysfd_mount_cache {
  sysfd::MountCache cache{};
};

struct sysfd_fanotify_events {
  explicit sysfd_fanotify_events(std::span<const std::byte> read) noexcept : bytes(read) {}
  sysfd_fanotify_events(const sysfd_fanotify_events&) = delete;
  sysfd_fanotify_events& operator=(const sysfd_fanotify_events&) = delete;

  std::span<const std::byte> bytes;  // of the events to come, whose descriptors it owns
  std::optional<sysfd::FanotifyEvent> event{};
  std::span<const std::byte> records{};  // of that event, still to come
  std::optional<sysfd_file_handle> handle{};

  ~sysfd_fanotify_events() {
    const sysfd::FanotifyEvents rest(bytes);  // closes what is left
  }
};

namespace {

static_assert(SYSFD_FANOTIFY_DFID == static_cast<int>(sysfd::FanotifyFidKind::dfid) &&
              SYSFD_FANOTIFY_DFID_NAME == static_cast<int>(sysfd::FanotifyFidKind::dfid_name) &&
              SYSFD_FANOTIFY_OLD_DFID_NAME ==
                  static_cast<int>(sysfd::FanotifyFidKind::old_dfid_name) &&
              SYSFD_FANOTIFY_NEW_DFID_NAME ==
                  static_cast<int>(sysfd::FanotifyFidKind::new_dfid_name));

std::span<const std::byte> bytes(const void* data, std::size_t size) noexcept {
  return {static_cast<const std::byte*>(data), size};
}

std::optional<HandleFlags> handle_flags(std::uint32_t flags) noexcept {
  if (has_unknown(flags, SYSFD_HANDLE_FOLLOW | SYSFD_HANDLE_FID | SYSFD_HANDLE_CONNECTABLE |
                             SYSFD_HANDLE_UNIQUE_MOUNT))
    return std::nullopt;
  return HandleFlags{.follow = (flags & SYSFD_HANDLE_FOLLOW) != 0,
                     .fid = (flags & SYSFD_HANDLE_FID) != 0,
                     .connectable = (flags & SYSFD_HANDLE_CONNECTABLE) != 0,
                     .unique_mount = (flags & SYSFD_HANDLE_UNIQUE_MOUNT) != 0};
}

std::optional<MountId> mount_id(sysfd_mount_id mount) noexcept {
  if (mount.reserved != 0 || mount.is_unique > 1) return std::nullopt;
  if (mount.is_unique != 0) return MountId::unique(mount.id);
  if (mount.id > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) return std::nullopt;
  return MountId(static_cast<int>(mount.id));
}

int write_named(const sysfd::Result<sysfd::NamedHandle>& named, sysfd_file_handle** handle,
                sysfd_mount_id* mount) {
  if (!named) return negative(named.error());
  const int code = make(handle, named->handle);
  if (code == 0 && mount) *mount = {named->mount.get(), named->mount.is_unique() ? 1U : 0U, 0};
  return code;
}

int number_of(const std::optional<sysfd::OwnedFd>& fd) noexcept {
  return fd ? fd->get() : -1;
}

// In place of a mount, two numbers are special.
bool is_mount(int mount) noexcept {
  return is_directory(mount) || mount == SYSFD_PIDFS_ROOT || mount == SYSFD_NSFS_ROOT;
}

}  // namespace

int sysfd_name_to_handle(int directory, const char* path, uint32_t flags,
                         sysfd_file_handle** handle, sysfd_mount_id* mount) {
  if (!is_directory(directory)) return -EBADF;
  const auto read = handle_flags(flags);
  if (!handle || !read) return -EINVAL;
  return write_named(sysfd::name_to_handle(lent(directory), path, *read), handle, mount);
}

int sysfd_name_to_handle_of(int fd, uint32_t flags, sysfd_file_handle** handle,
                            sysfd_mount_id* mount) {
  if (!is_directory(fd)) return -EBADF;
  const auto read = handle_flags(flags);
  if (!handle || !read) return -EINVAL;
  return write_named(sysfd::name_to_handle(lent(fd), *read), handle, mount);
}

int sysfd_open_by_handle(int mount, const sysfd_file_handle* handle, int flags) {
  if (!is_mount(mount)) return -EBADF;
  return handle ? code_of(sysfd::open_by_handle(lent(mount), handle->handle, flags)) : -EINVAL;
}

int sysfd_find_mount(sysfd_mount_id mount) {
  const auto id = mount_id(mount);
  return id ? code_of(sysfd::find_mount(*id)) : -EINVAL;
}

int sysfd_file_handle_from_parts(int32_t type, const void* content, size_t size,
                                 sysfd_file_handle** handle) {
  if (!handle || is_missing(content, size)) return -EINVAL;
  return make_from(handle, FileHandle::from_parts(type, bytes(content, size)));
}

int sysfd_file_handle_type(const sysfd_file_handle* handle, int32_t* type) {
  if (!handle || !type) return -EINVAL;
  *type = handle->handle.type();
  return 0;
}

int sysfd_file_handle_bytes(const sysfd_file_handle* handle, const void** content, size_t* size) {
  if (!handle || !content || !size) return -EINVAL;
  *content = handle->handle.bytes().data();
  *size = handle->handle.bytes().size();
  return 0;
}

int sysfd_file_handle_is_fid(const sysfd_file_handle* handle) {
  return handle ? static_cast<int>(handle->handle.is_fid()) : -EINVAL;
}

int sysfd_file_handle_is_connectable(const sysfd_file_handle* handle) {
  return handle ? static_cast<int>(handle->handle.is_connectable()) : -EINVAL;
}

int sysfd_file_handle_serialize(const sysfd_file_handle* handle, void* buffer, size_t size) {
  if (!handle || is_missing(buffer, size)) return -EINVAL;
  return without_exceptions([&] {
    const auto stored = handle->handle.serialize();
    if (stored.size() > size) return -ERANGE;
    std::memcpy(buffer, stored.data(), stored.size());
    return static_cast<int>(stored.size());
  });
}

int sysfd_file_handle_deserialize(const void* stored, size_t size, sysfd_file_handle** handle) {
  if (!handle || is_missing(stored, size)) return -EINVAL;
  return make_from(handle, FileHandle::deserialize(bytes(stored, size)));
}

int sysfd_file_handle_equal(const sysfd_file_handle* left, const sysfd_file_handle* right) {
  return left && right ? static_cast<int>(left->handle == right->handle) : -EINVAL;
}

int sysfd_file_handle_compare(const sysfd_file_handle* left, const sysfd_file_handle* right,
                              int* order) {
  if (!left || !right || !order) return -EINVAL;
  const auto found = left->handle <=> right->handle;
  *order = std::is_lt(found) ? -1 : std::is_gt(found) ? 1 : 0;
  return 0;
}

int sysfd_file_handle_hash(const sysfd_file_handle* handle, uint64_t* hash) {
  if (!handle || !hash) return -EINVAL;
  *hash = std::hash<FileHandle>()(handle->handle);
  return 0;
}

int sysfd_file_handle_copy(const sysfd_file_handle* handle, sysfd_file_handle** copy) {
  return handle && copy ? make(copy, handle->handle) : -EINVAL;
}

void sysfd_file_handle_free(sysfd_file_handle* handle) {
  delete handle;
}

int sysfd_mount_cache_new(sysfd_mount_cache** cache) {
  return cache ? make(cache) : -EINVAL;
}

int sysfd_mount_cache_find_borrow(sysfd_mount_cache* cache, sysfd_mount_id mount) {
  const auto id = mount_id(mount);
  if (!cache || !id) return -EINVAL;
  return without_exceptions([&] {
    const auto found = cache->cache.find(*id);
    return found ? found->get() : negative(found.error());
  });
}

int sysfd_mount_cache_open_by_handle(sysfd_mount_cache* cache, const sysfd_file_handle* handle,
                                     sysfd_mount_id mount, int flags) {
  const auto id = mount_id(mount);
  if (!cache || !handle || !id) return -EINVAL;
  return without_exceptions(
      [&] { return code_of(cache->cache.open_by_handle({handle->handle, *id}, flags)); });
}

int sysfd_mount_cache_clear(sysfd_mount_cache* cache) {
  if (!cache) return -EINVAL;
  cache->cache.clear();
  return 0;
}

void sysfd_mount_cache_free(sysfd_mount_cache* cache) {
  delete cache;
}

int sysfd_file_system_id(int fd, int32_t id[2]) {
  if (fd < 0) return -EBADF;
  if (!id) return -EINVAL;
  return code_of(sysfd::file_system_id(lent(fd)), [id](const sysfd::FileSystemId& found) {
    id[0] = found.value[0];
    id[1] = found.value[1];
  });
}

int sysfd_fanotify_events_take(const void* content, size_t size, sysfd_fanotify_events** events) {
  if (is_missing(content, size)) return -EINVAL;
  const int code = events ? make(events, bytes(content, size)) : -EINVAL;
  if (code != 0) {
    const sysfd::FanotifyEvents all(bytes(content, size));  // closes them
  }
  return code;
}

int sysfd_fanotify_events_next(sysfd_fanotify_events* events, sysfd_fanotify_event* event) {
  if (!events || check_output(event) != 0) return -EINVAL;
  events->event.reset();
  events->records = {};
  events->handle.reset();
  auto next = sysfd::take_event(events->bytes);
  if (!next) return next.error().value() == ENODATA ? 0 : negative(next.error());
  events->event = *std::move(next);
  events->records = events->event->records;
  sysfd_fanotify_event filled = SYSFD_FANOTIFY_EVENT_INIT;
  filled.mask = events->event->mask;
  filled.pid = events->event->pid;
  filled.file = number_of(events->event->file);
  filled.process = number_of(events->event->process);
  write_struct(event, filled);
  return 1;
}

int sysfd_fanotify_events_next_fid(sysfd_fanotify_events* events, sysfd_fanotify_fid* fid) {
  if (!events || check_output(fid) != 0) return -EINVAL;
  events->handle.reset();
  const auto next = sysfd::take_fid(events->records);
  if (!next) return next.error().value() == ENODATA ? 0 : negative(next.error());
  sysfd_fanotify_fid filled = SYSFD_FANOTIFY_FID_INIT;
  filled.kind = static_cast<std::uint32_t>(next->kind);
  filled.file_system[0] = next->fsid.value[0];
  filled.file_system[1] = next->fsid.value[1];
  events->handle = sysfd_file_handle{next->handle};
  filled.handle = &*events->handle;
  filled.name = next->name.empty() ? nullptr : next->name.data();
  filled.name_size = next->name.size();
  write_struct(fid, filled);
  return 1;
}

int sysfd_fanotify_events_file_release(sysfd_fanotify_events* events) {
  if (!events) return -EINVAL;
  return events->event ? give(events->event->file) : -ENOENT;
}

int sysfd_fanotify_events_process_release(sysfd_fanotify_events* events) {
  if (!events) return -EINVAL;
  return events->event ? give(events->event->process) : -ENOENT;
}

void sysfd_fanotify_events_free(sysfd_fanotify_events* events) {
  delete events;
}
