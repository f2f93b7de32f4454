// SPDX-License-Identifier: MIT
#include <sys/vfs.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include <sysfd/fanotify.hpp>

#include "kernel.hpp"

namespace sysfd {
inline namespace v0 {
namespace {

using namespace detail;
using Bytes = std::span<const std::byte>;

// Takes a value from the front of the bytes, which need not be aligned for it. Returns false if
// there are too few bytes.
template <class T>
bool take(Bytes& bytes, T& value) noexcept {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes = bytes.subspan(sizeof value);
  return true;
}

std::optional<FanotifyFidKind> kind_of(int type) noexcept {
  switch (type) {
    case kernel::info_fid: return FanotifyFidKind::fid;
    case kernel::info_dfid: return FanotifyFidKind::dfid;
    case kernel::info_dfid_name: return FanotifyFidKind::dfid_name;
    case kernel::info_old_dfid_name: return FanotifyFidKind::old_dfid_name;
    case kernel::info_new_dfid_name: return FanotifyFidKind::new_dfid_name;
    default: return std::nullopt;
  }
}

bool has_name(FanotifyFidKind kind) noexcept {
  return kind != FanotifyFidKind::fid && kind != FanotifyFidKind::dfid;
}

// Returns the name. At least one NUL follows it, up to the end of the record.
std::optional<std::string_view> name_in(Bytes bytes) noexcept {
  const auto end = std::ranges::find(bytes, std::byte{0});
  if (end == bytes.end()) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(bytes.data()),
                          static_cast<std::size_t>(end - bytes.begin()));
}

std::optional<FanotifyFid> parse_fid(FanotifyFidKind kind, Bytes record) noexcept {
  FileSystemId fsid{};
  std::uint32_t size = 0;
  std::int32_t type = 0;
  if (!take(record, fsid.value) || !take(record, size) || !take(record, type) ||
      size > record.size())
    return std::nullopt;
  const auto handle = FileHandle::from_parts(type, record.first(size));
  const auto name = has_name(kind) ? name_in(record.subspan(size)) : std::string_view();
  if (!handle || !name) return std::nullopt;
  return FanotifyFid{kind, fsid, *handle, *name};
}

}  // namespace

Result<FileSystemId> file_system_id(BorrowedFd file) noexcept {
  struct statfs status;
  if (retry_eintr([&] { return ::fstatfs(file.get(), &status); }) == -1) return last_error();
  FileSystemId id;
  static_assert(sizeof id.value == sizeof status.f_fsid);
  std::memcpy(&id.value, &status.f_fsid, sizeof id.value);
  return id;
}

namespace {

// Takes the first record without its header. Returns an error if the kernel cannot have written it,
// and then drops the rest.
struct Record {
  int type;
  Bytes body;
};
Result<Record> take_record(Bytes& records) noexcept {
  const Bytes all = std::exchange(records, Bytes());
  Bytes rest = all;
  kernel::FanotifyInfo info;
  if (!take(rest, info) || info.size < sizeof info || info.size > all.size())
    return failure(EBADMSG);
  records = all.subspan(info.size);
  return Record{info.type, all.first(info.size).subspan(sizeof info)};
}

// Returns nothing for FAN_NOPIDFD (the process was gone) and FAN_EPIDFD (the kernel could not make
// a pidfd).
std::optional<OwnedFd> take_process(Bytes records) noexcept {
  while (!records.empty()) {
    auto record = take_record(records);
    if (!record) break;
    std::int32_t number = -1;
    if (record->type == kernel::info_pidfd && take(record->body, number) && number >= 0)
      return OwnedFd::adopt(number);
  }
  return std::nullopt;
}

}  // namespace

Result<FanotifyEvent> take_event(Bytes& events) noexcept {
  if (events.empty()) return failure(ENODATA);
  const Bytes all = std::exchange(events, Bytes());
  Bytes rest = all;
  kernel::FanotifyMetadata metadata;
  if (!take(rest, metadata) || metadata.version != kernel::fanotify_version ||
      metadata.metadata_len < sizeof metadata || metadata.event_len < metadata.metadata_len ||
      metadata.event_len > all.size())
    return failure(EBADMSG);
  events = all.subspan(metadata.event_len);
  Result<FanotifyEvent> event(std::in_place, metadata.mask, metadata.pid);
  if (metadata.fd >= 0) event->file = OwnedFd::adopt(metadata.fd);
  event->records =
      all.first(metadata.event_len).subspan(metadata.metadata_len);  // may grow in later versions
  event->process = take_process(event->records);
  return event;
}

Result<FanotifyFid> take_fid(Bytes& records) noexcept {
  while (!records.empty()) {
    const auto record = take_record(records);
    if (!record) return std::unexpected(record.error());
    const auto kind = kind_of(record->type);
    if (!kind) continue;
    auto fid = parse_fid(*kind, record->body);
    if (fid) return *std::move(fid);
    records = Bytes();
    return failure(EBADMSG);
  }
  return failure(ENODATA);
}

}  // namespace v0
}  // namespace sysfd
