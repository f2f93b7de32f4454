// SPDX-License-Identifier: MIT
//
// The file handles that fanotify(7) reports: which file an event is about, for groups made with
// FAN_REPORT_FID, FAN_REPORT_DIR_FID, FAN_REPORT_NAME and their kin.
//
//     sysfd::FanotifyEvents events(std::span(buffer, size_that_read_returned));
//     for (auto event = events.take(); event && *event; event = events.take()) {
//       auto& records = (*event)->records;
//       for (auto file = sysfd::take_fid(records); file && *file; file = sysfd::take_fid(records))
//         std::cout << (*file)->name << " in " << directories[(*file)->handle] << '\n';
//     }
//
// Nothing here allocates, or trusts the lengths in the bytes: what is not as the kernel writes it
// is EBADMSG, and the rest of it is dropped, so that every loop ends. The descriptors in the bytes
// are trusted: they are those that read(2) has opened, so each buffer is to be read here once.
//
// A handle of an event can be opened with open_by_handle() and any descriptor of the file system
// with that `fsid`, if the file system can open handles at all; where it cannot, that is ESTALE.
// The same files, named by name_to_handle() (with HandleFlags::fid where they cannot be opened),
// have equal handles.
#ifndef SYSFD_FANOTIFY_HPP
#define SYSFD_FANOTIFY_HPP

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <sysfd/attributes.hpp>
#include <sysfd/file_handle.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// Which file system, as statfs(2) has it in f_fsid.
struct FileSystemId {
  std::array<std::int32_t, 2> value;
  friend auto operator<=>(const FileSystemId&, const FileSystemId&) noexcept = default;
};

// fstatfs(2): the file system of an open file. Errors: EBADF; those of the file system. One system
// call, allocates nothing. On btrfs each subvolume has an ID of its own, but the events of a mark
// on the file system (FAN_MARK_FILESYSTEM) have that of its top, whichever subvolume the file is
// in: compare them with the ID of the top.
[[nodiscard]] SYSFD_API Result<FileSystemId> file_system_id(BorrowedFd file) noexcept;

// One event.
struct FanotifyEvent {
  std::uint64_t mask;  // FAN_CREATE, FAN_MODIFY, ...
  std::int32_t pid;    // whose doing it was
  int fd;              // FAN_NOFD (-1) in groups that report handles; otherwise it is open, and the
                       // caller's to adopt
  std::span<const std::byte> records;  // for take_fid()
  // The pidfd of that process, in groups that ask for it (FAN_REPORT_PIDFD, Linux 5.15), unless it
  // is gone: for PidFd::adopt(). Closed with the event.
  std::optional<OwnedFd> process{};
};

// Takes the first event off what read(2) of a fanotify group has put into a buffer. The descriptors
// of the events that are left there have no owner: FanotifyEvents is one. Nothing: there is no
// more. Errors: EBADMSG, after which `events` is empty.
[[nodiscard]] SYSFD_API Result<std::optional<FanotifyEvent>> take_event(
    std::span<const std::byte>& events) noexcept;

// What read(2) of a fanotify group has put into a buffer, which must outlive this. Owns the
// descriptors of the events that nobody has taken yet, and closes them in the end: a loop may be
// left early.
class FanotifyEvents {
 public:
  explicit FanotifyEvents(std::span<const std::byte> events) noexcept : events_(events) {}
  FanotifyEvents(FanotifyEvents&& other) noexcept : events_(std::exchange(other.events_, {})) {}
  SYSFD_API FanotifyEvents& operator=(FanotifyEvents&& other) noexcept;
  ~FanotifyEvents() {
    if (!events_.empty()) close_all();
  }

  // As take_event().
  [[nodiscard]] Result<std::optional<FanotifyEvent>> take() noexcept { return take_event(events_); }

 private:
  SYSFD_API void close_all() noexcept;

  std::span<const std::byte> events_;
};

enum class FanotifyFidKind {
  fid,            // FAN_EVENT_INFO_TYPE_FID: the file itself
  dfid,           // ..._DFID: its directory
  dfid_name,      // ..._DFID_NAME: its directory, and its name there
  old_dfid_name,  // ..._OLD_DFID_NAME: where it was before it was renamed (Linux 5.17)
  new_dfid_name,  // ..._NEW_DFID_NAME: where it is since
};

struct FanotifyFid {
  FanotifyFidKind kind;
  FileSystemId fsid;
  FileHandle handle;      // empty where the event is about no file (FAN_FS_ERROR)
  std::string_view name;  // part of the bytes that were read; "." for the directory itself; empty
                          // for the kinds without a name
};

// Takes the first record with a handle off the records of an event. Others are passed over.
// Nothing: there is no more. Errors: EBADMSG, after which `records` is empty.
[[nodiscard]] SYSFD_API Result<std::optional<FanotifyFid>> take_fid(
    std::span<const std::byte>& records) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_FANOTIFY_HPP
