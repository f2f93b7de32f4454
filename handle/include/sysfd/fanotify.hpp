// SPDX-License-Identifier: MIT
//
// The file handles that fanotify(7) reports: which file an event is about, for groups made with
// FAN_REPORT_FID, FAN_REPORT_DIR_FID, FAN_REPORT_NAME and their kin.
//
//     std::span<const std::byte> events(buffer, size_that_read_returned);
//     for (auto event = sysfd::take_event(events); event && *event; event = sysfd::take_event(events)) {
//       auto& records = (*event)->records;
//       for (auto file = sysfd::take_fid(records); file && *file; file = sysfd::take_fid(records))
//         std::cout << (*file)->name << " in " << directories[(*file)->handle] << '\n';
//     }
//
// Nothing here makes a system call, allocates, or trusts the bytes: what is not as the kernel
// writes it is EBADMSG, and the rest of it is dropped, so that every loop ends.
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
// call, allocates nothing.
[[nodiscard]] SYSFD_API Result<FileSystemId> file_system_id(BorrowedFd file) noexcept;

// One event.
struct FanotifyEvent {
  std::uint64_t mask;  // FAN_CREATE, FAN_MODIFY, ...
  std::int32_t pid;    // whose doing it was
  int fd;              // FAN_NOFD (-1) in groups that report handles; otherwise it is open, and the
                       // caller's to adopt
  std::span<const std::byte> records;  // for take_fid()
};

// Takes the first event off what read(2) of a fanotify group has put into a buffer. Nothing: there
// is no more. Errors: EBADMSG, after which `events` is empty.
[[nodiscard]] SYSFD_API Result<std::optional<FanotifyEvent>> take_event(
    std::span<const std::byte>& events) noexcept;

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

// Takes the first record with a handle off the records of an event. Others are passed over; one of
// them has a descriptor for the caller to adopt, in groups that ask for it (FAN_REPORT_PIDFD).
// Nothing: there is no more. Errors: EBADMSG, after which `records` is empty.
[[nodiscard]] SYSFD_API Result<std::optional<FanotifyFid>> take_fid(
    std::span<const std::byte>& records) noexcept;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_FANOTIFY_HPP
