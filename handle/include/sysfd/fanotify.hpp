// SPDX-License-Identifier: MIT
//
// FanotifyEvents: parses the events of a fanotify(7) group, with the file handles of groups that
// were made with FAN_REPORT_FID, FAN_REPORT_DIR_FID, FAN_REPORT_NAME and similar flags.
//
//     std::span<const std::byte> bytes;  // what read(2) of the group has stored in a buffer
//     for (auto& event : sysfd::FanotifyEvents(bytes)) {
//       if (!event) return fail(event.error());
//       for (auto& fid : event->fids())
//         if (fid) use(fid->name, fid->handle);
//     }
//
// The lengths in the buffer are checked: bytes that the kernel would not write are EBADMSG, and the
// rest is dropped, so that every loop ends. The descriptor numbers in it are not checked: pass what
// read(2) stored, and pass each buffer once. Nothing here allocates.
//
// open_by_handle() opens the handle of an event, with any descriptor of the file system that has
// that `fsid`. If the file system cannot open handles, it fails with ESTALE. name_to_handle() of
// the same file returns an equal handle (with HandleFlags::fid if it cannot be opened).
#ifndef SYSFD_FANOTIFY_HPP
#define SYSFD_FANOTIFY_HPP
#include <sysfd/detail/cxx23.hpp>

#include <array>
#include <cerrno>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
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

// The ID of a file system: f_fsid of statfs(2).
struct FileSystemId {
  std::array<std::int32_t, 2> value;
  friend auto operator<=>(const FileSystemId&, const FileSystemId&) noexcept = default;
};

// fstatfs(2): returns the ID of the file system that an open file is in. On btrfs each subvolume
// has its own ID. The events of a mark on the file system (FAN_MARK_FILESYSTEM) have the ID of the
// top subvolume instead: compare them with that one.
//
// Errors: EBADF, and those of the file system.
// Cost: one system call.
[[nodiscard]] SYSFD_API Result<FileSystemId> file_system_id(BorrowedFd file) noexcept;

// The values are fixed: they may be stored and sent. New ones are appended.
enum class FanotifyFidKind {
  fid = 0,            // FAN_EVENT_INFO_TYPE_FID: the file itself
  dfid = 1,           // ..._DFID: its directory
  dfid_name = 2,      // ..._DFID_NAME: its directory, and its name there
  old_dfid_name = 3,  // ..._OLD_DFID_NAME: directory and name before a rename (Linux 5.17)
  new_dfid_name = 4,  // ..._NEW_DFID_NAME: directory and name after it
};

struct FanotifyFid {
  FanotifyFidKind kind;
  FileSystemId fsid;
  FileHandle handle;      // empty if the event is not about a file (FAN_FS_ERROR)
  std::string_view name;  // points into the buffer; "." for the directory itself; empty for the
                          // kinds without a name
};

// Removes records from the front of `records`, up to and including the first one that has a handle.
// Returns that one.
//
// Errors: ENODATA: there is none. EBADMSG: invalid bytes; `records` is then empty.
[[nodiscard]] SYSFD_API Result<FanotifyFid> take_fid(std::span<const std::byte>& records) noexcept;

namespace detail {

// A range that calls Take until it fails with ENODATA.
template <class T, Result<T> (*Take)(std::span<const std::byte>&) noexcept>
class TakenRange {
 public:
  class Iterator {
   public:
    // NOLINTBEGIN(readability-identifier-naming): std::input_iterator requires these names
    using value_type = Result<T>;
    using difference_type = std::ptrdiff_t;
    // NOLINTEND(readability-identifier-naming)

    Iterator() = default;
    explicit Iterator(TakenRange* range) noexcept : range_(range) {}
    Result<T>& operator*() const noexcept { return *range_->current_; }
    Iterator& operator++() noexcept {
      range_->advance();
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return !range_->current_; }

   private:
    TakenRange* range_ = nullptr;
  };

  explicit TakenRange(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
  TakenRange(TakenRange&& other) noexcept
      : bytes_(std::exchange(other.bytes_, {})),
        current_(std::exchange(other.current_, std::nullopt)) {}
  TakenRange& operator=(TakenRange&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(current_, other.current_);
    return *this;
  }
  ~TakenRange() {
    while (!bytes_.empty())
      (void)Take(bytes_);  // closes the descriptors of that element
  }

  // Elements can be moved from. An element that holds an error (EBADMSG) is the last one.
  Iterator begin() noexcept {
    advance();
    return Iterator(this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  void advance() noexcept {
    current_ = Take(bytes_);
    if (!*current_ && current_->error().value() == ENODATA) current_.reset();
  }

  std::span<const std::byte> bytes_;
  std::optional<Result<T>> current_{};
};

}  // namespace detail

// The records of an event that have a handle: a range of Result<FanotifyFid>.
using FanotifyFids = detail::TakenRange<FanotifyFid, take_fid>;

struct FanotifyEvent {
  std::uint64_t mask;  // FAN_CREATE, FAN_MODIFY, ...
  std::int32_t pid;    // the number of the process that caused the event
  // The file. Only set for groups that do not report handles.
  std::optional<OwnedFd> file{};
  // A pidfd of that process, for PidFd::adopt(). Only set for groups with FAN_REPORT_PIDFD (Linux
  // 5.15), and if the process still exists.
  std::optional<OwnedFd> process{};
  std::span<const std::byte> records{};  // points into the buffer

  FanotifyFids fids() const noexcept { return FanotifyFids(records); }
};

// Removes the first event from `events`, which is what read(2) of a fanotify group has stored.
//
// Errors: ENODATA: there is none. EBADMSG: invalid bytes; `events` is then empty.
// Ownership: the event owns its descriptors. Those of the events that remain in the buffer have no
//   owner; use FanotifyEvents to have them closed.
[[nodiscard]] SYSFD_API Result<FanotifyEvent> take_event(
    std::span<const std::byte>& events) noexcept;

// A range of Result<FanotifyEvent> over what read(2) of a fanotify group has stored in a buffer.
// The buffer must outlive the range. A loop can only run once over each event: begin() continues
// where the last loop ended.
//
// Ownership: owns every descriptor in the buffer. Its destructor closes those that were not moved
//   from an event, so that a loop may be left early.
using FanotifyEvents = detail::TakenRange<FanotifyEvent, take_event>;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_FANOTIFY_HPP
