// SPDX-License-Identifier: MIT
//
// The file handles that fanotify(7) reports: which file an event is about, for groups made with
// FAN_REPORT_FID, FAN_REPORT_DIR_FID, FAN_REPORT_NAME and their kin.
//
//     for (auto& event : sysfd::FanotifyEvents(std::span(buffer).first(size_that_read_returned))) {
//       if (!event) return event.error();
//       for (auto& file : event->fids())
//         if (file) std::cout << file->name << " in " << directories[file->handle] << '\n';
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
#include <sysfd/detail/cxx23.hpp>

#include <array>
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

// The values are fixed: they may be stored and sent. New ones are appended.
enum class FanotifyFidKind {
  fid = 0,            // FAN_EVENT_INFO_TYPE_FID: the file itself
  dfid = 1,           // ..._DFID: its directory
  dfid_name = 2,      // ..._DFID_NAME: its directory, and its name there
  old_dfid_name = 3,  // ..._OLD_DFID_NAME: where it was before it was renamed (Linux 5.17)
  new_dfid_name = 4,  // ..._NEW_DFID_NAME: where it is since
};

struct FanotifyFid {
  FanotifyFidKind kind;
  FileSystemId fsid;
  FileHandle handle;      // empty where the event is about no file (FAN_FS_ERROR)
  std::string_view name;  // part of the bytes that were read; "." for the directory itself; empty
                          // for the kinds without a name
};

// Takes the first record with a handle off the records of an event. Others are passed over. Errors:
// ENODATA there is none left; EBADMSG, after which `records` is empty.
[[nodiscard]] SYSFD_API Result<FanotifyFid> take_fid(std::span<const std::byte>& records) noexcept;

namespace detail {

// The range of what `Take` takes off some bytes, until it answers ENODATA.
template <class T, Result<T> (*Take)(std::span<const std::byte>&) noexcept>
class TakenRange {
 public:
  class Iterator {
   public:
    // NOLINTBEGIN(readability-identifier-naming): as std::input_iterator wants them
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
      (void)Take(bytes_);  // whose descriptors are closed so
  }

  // Each element can be moved from. One that is an error (EBADMSG) is the last.
  Iterator begin() noexcept {
    advance();
    return Iterator(this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  void advance() noexcept {
    current_ = Take(bytes_);
    if (!*current_ && current_->error() == std::errc::no_message_available) current_.reset();
  }

  std::span<const std::byte> bytes_;
  std::optional<Result<T>> current_{};
};

}  // namespace detail

// The records of an event that have a handle: a range of Result<FanotifyFid>.
using FanotifyFids = detail::TakenRange<FanotifyFid, take_fid>;

// One event.
struct FanotifyEvent {
  std::uint64_t mask;  // FAN_CREATE, FAN_MODIFY, ...
  std::int32_t pid;    // of the process that caused it
  // The file, in groups that do not report handles.
  std::optional<OwnedFd> file{};
  // The pidfd of that process, in groups that ask for it (FAN_REPORT_PIDFD, Linux 5.15), unless it
  // is gone: for PidFd::adopt().
  std::optional<OwnedFd> process{};
  std::span<const std::byte> records{};  // part of the bytes that were read

  FanotifyFids fids() const noexcept { return FanotifyFids(records); }
};

// Takes the first event off what read(2) of a fanotify group has put into a buffer. The descriptors
// of the events that are left there have no owner: FanotifyEvents is one. Errors: ENODATA there is
// none left; EBADMSG, after which `events` is empty.
[[nodiscard]] SYSFD_API Result<FanotifyEvent> take_event(
    std::span<const std::byte>& events) noexcept;

// What read(2) of a fanotify group has put into a buffer, which must outlive this: a range of
// Result<FanotifyEvent>. Owns every descriptor in the buffer, and closes those that nobody has taken
// when it is destroyed: a loop may be left early. It is read once: begin() goes on where the last
// loop ended.
using FanotifyEvents = detail::TakenRange<FanotifyEvent, take_event>;

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_FANOTIFY_HPP
