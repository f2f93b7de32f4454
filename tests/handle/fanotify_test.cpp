// SPDX-License-Identifier: MIT
//
// Tests events of real fanotify groups.
#include <sysfd/fanotify.hpp>

#include <fcntl.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <sysfd/create.hpp>
#include <sysfd/detail/proc_file.hpp>

#include "support/prelude.hpp"

#include "handle/new_file_system.hpp"
#include "handle/scratch_file_system.hpp"

namespace sysfd_test {
namespace {

// The content of an event, with a copy of the name.
struct Seen {
  std::uint64_t mask;
  std::int32_t pid;
  std::optional<OwnedFd> file;
  std::vector<FanotifyFid> fids;
  std::vector<std::string> names;
};

class Fanotify : public HandleTest {
 protected:
  // Watches a directory and its content. Returns false if this kernel does not report that.
  bool watch(unsigned report, std::uint64_t mask, const std::filesystem::path& path) {
    auto made = OwnedFd::from_syscall(
        ::fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | report, O_RDONLY));
    if (!made) return false;
    group_.emplace(std::move(*made));
    return ::fanotify_mark(group_->get(), FAN_MARK_ADD, mask, AT_FDCWD, path.c_str()) == 0;
  }
  bool watch(unsigned report, std::uint64_t mask) { return watch(report, mask, files().path()); }

  // Returns all events there are, and never waits: an event is there when the call that causes it
  // has returned.
  std::vector<Seen> events() {
    alignas(fanotify_event_metadata) std::byte buffer[8192];
    const ssize_t size = ::read(group_->get(), buffer, sizeof buffer);
    std::vector<Seen> all;
    const std::span<const std::byte> read(buffer, size < 0 ? 0 : static_cast<std::size_t>(size));
    for (auto& event : FanotifyEvents(read)) {
      Seen seen{event->mask, event->pid, std::move(event->file), {}, {}};
      for (const auto& fid : event->fids()) {
        seen.fids.push_back(*fid);
        seen.names.emplace_back(fid->name);
      }
      all.push_back(std::move(seen));
    }
    return all;
  }

  BorrowedFd group() const { return *group_; }

  FileSystemId fsid() const { return must(file_system_id(files().root())); }

 private:
  std::optional<OwnedFd> group_;
};

TEST_F(Fanotify, ReportsTheDirectoryAndTheName) {
  if (!watch(FAN_REPORT_DFID_NAME, FAN_CREATE)) GTEST_SKIP() << "needs FAN_REPORT_DFID_NAME";
  files().create("a new file");
  const auto seen = events();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].mask, FAN_CREATE);
  EXPECT_EQ(seen[0].pid, ::getpid());
  EXPECT_FALSE(seen[0].file);
  ASSERT_EQ(seen[0].fids.size(), 1U);
  EXPECT_EQ(seen[0].fids[0].kind, FanotifyFidKind::dfid_name);
  EXPECT_EQ(seen[0].fids[0].handle, handle_of(files().path()));
  EXPECT_EQ(seen[0].fids[0].fsid, fsid());
  EXPECT_EQ(seen[0].names[0], "a new file");
}

TEST_F(Fanotify, ReportsTheFileItself) {
  const auto path = files().create("file");
  if (!watch(FAN_REPORT_FID, FAN_MODIFY | FAN_EVENT_ON_CHILD))
    GTEST_SKIP() << "needs FAN_REPORT_FID";
  std::ofstream(path) << "content";
  const auto seen = events();
  ASSERT_FALSE(seen.empty());
  ASSERT_EQ(seen[0].fids.size(), 1U);
  EXPECT_EQ(seen[0].fids[0].kind, FanotifyFidKind::fid);
  EXPECT_EQ(seen[0].fids[0].handle, handle_of(path));
  EXPECT_EQ(seen[0].names[0], "");
  const auto file = open_by_handle(files().root(), seen[0].fids[0].handle, O_RDONLY);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(content_of(*file), "content");
}

TEST_F(Fanotify, ReportsTheDirectoryAlone) {
  if (!watch(FAN_REPORT_DIR_FID, FAN_CREATE)) GTEST_SKIP() << "needs FAN_REPORT_DIR_FID";
  files().create("file");
  const auto seen = events();
  ASSERT_EQ(seen.size(), 1U);
  ASSERT_EQ(seen[0].fids.size(), 1U);
  EXPECT_EQ(seen[0].fids[0].kind, FanotifyFidKind::dfid);
  EXPECT_EQ(seen[0].fids[0].handle, handle_of(files().path()));
}

TEST_F(Fanotify, ReportsTheDirectoryTheNameAndTheFile) {
  const auto path = files().create("file");
  if (!watch(FAN_REPORT_DFID_NAME | FAN_REPORT_FID, FAN_MODIFY | FAN_EVENT_ON_CHILD))
    GTEST_SKIP() << "needs FAN_REPORT_DFID_NAME";
  std::ofstream(path, std::ios::app) << "content";
  const auto seen = events();
  ASSERT_FALSE(seen.empty());
  ASSERT_EQ(seen[0].fids.size(), 2U);
  EXPECT_EQ(seen[0].fids[0].kind, FanotifyFidKind::dfid_name);
  EXPECT_EQ(seen[0].fids[0].handle, handle_of(files().path()));
  EXPECT_EQ(seen[0].names[0], "file");
  EXPECT_EQ(seen[0].fids[1].kind, FanotifyFidKind::fid);
  EXPECT_EQ(seen[0].fids[1].handle, handle_of(path));
}

TEST_F(Fanotify, ADirectoryItselfIsADot) {
  if (!watch(FAN_REPORT_DFID_NAME, FAN_OPEN | FAN_ONDIR))
    GTEST_SKIP() << "needs FAN_REPORT_DFID_NAME";
  ASSERT_TRUE(sysfd::open(cwd(), files().path(), O_RDONLY | O_DIRECTORY));
  const auto seen = events();
  ASSERT_EQ(seen.size(), 1U);
  ASSERT_EQ(seen[0].fids.size(), 1U);
  EXPECT_EQ(seen[0].fids[0].handle, handle_of(files().path()));
  EXPECT_EQ(seen[0].names[0], ".");
}

TEST_F(Fanotify, ARenameIsOneEventWithBothPlaces) {
  const auto path = files().create("before");
  std::filesystem::create_directory(files().path() / "directory");
  constexpr std::uint64_t fan_rename = 0x10000000;  // FAN_RENAME
  if (!watch(FAN_REPORT_DFID_NAME, fan_rename)) GTEST_SKIP() << "needs FAN_RENAME";
  std::filesystem::rename(path, files().path() / "after");
  const auto seen = events();
  ASSERT_EQ(seen.size(), 1U);
  ASSERT_EQ(seen[0].fids.size(), 2U);
  EXPECT_EQ(seen[0].fids[0].kind, FanotifyFidKind::old_dfid_name);
  EXPECT_EQ(seen[0].fids[1].kind, FanotifyFidKind::new_dfid_name);
  EXPECT_EQ(seen[0].names, (std::vector<std::string>{"before", "after"}));
  EXPECT_EQ(seen[0].fids[0].handle, handle_of(files().path()));
}

TEST_F(Fanotify, ManyEventsAreReadInTheirOrder) {
  if (!watch(FAN_REPORT_DFID_NAME, FAN_CREATE | FAN_DELETE))
    GTEST_SKIP() << "needs FAN_REPORT_DFID_NAME";
  std::vector<std::string> expected;
  for (int i = 1; i <= 40; ++i) {
    expected.emplace_back(static_cast<std::size_t>(i), 'x');
    files().create(expected.back());
  }
  std::vector<std::string> names;
  for (const auto& event : events())
    names.insert(names.end(), event.names.begin(), event.names.end());
  EXPECT_EQ(names, expected);
}

TEST_F(Fanotify, AFidFindsTheEventOfAFileThatCannotBeOpened) {
  const NewFileSystem made(overlay);
  if (!made.missing().empty()) GTEST_SKIP() << made.missing();
  const auto path = made.create("file");
  const auto fid = name_to_handle(cwd(), path, {.fid = true});
  if (!fid || !watch(FAN_REPORT_FID, FAN_MODIFY, path))
    GTEST_SKIP() << "needs fanotify by FID of overlayfs";
  std::ofstream(path, std::ios::app) << "content";
  const auto seen = events();
  ASSERT_FALSE(seen.empty());
  ASSERT_EQ(seen[0].fids.size(), 1U);
  EXPECT_EQ(seen[0].fids[0].handle, fid->handle);
}

TEST_F(Fanotify, AGroupWithoutHandlesHasDescriptorsInstead) {
  const auto path = files().create("file");
  if (!watch(0, FAN_MODIFY | FAN_EVENT_ON_CHILD)) GTEST_SKIP() << "needs fanotify";
  std::ofstream(path, std::ios::app) << "content";
  auto seen = events();
  ASSERT_FALSE(seen.empty());
  for (const auto& event : seen) {
    EXPECT_TRUE(event.fids.empty());
    ASSERT_TRUE(event.file);
    EXPECT_EQ(content_of(*event.file), "content");
  }
}

TEST_F(Fanotify, TheProcessIsOwnedByItsEvent) {
  constexpr unsigned report_pidfd = 0x80;  // FAN_REPORT_PIDFD
  if (!watch(FAN_REPORT_DFID_NAME | report_pidfd, FAN_CREATE))
    GTEST_SKIP() << "needs FAN_REPORT_PIDFD";
  const auto before = open_descriptors();
  constexpr int files_made = 20;
  for (int i = 0; i < files_made; ++i)
    files().create(std::to_string(i));
  alignas(fanotify_event_metadata) std::byte buffer[8192];
  const ssize_t size = ::read(group().get(), buffer, sizeof buffer);
  ASSERT_GT(size, 0);
  int seen = 0;
  for (const auto& event :
       FanotifyEvents(std::span(buffer).first(static_cast<std::size_t>(size)))) {
    ++seen;
    for (const auto& fid : event->fids())
      EXPECT_TRUE(fid);
    ASSERT_TRUE(event->process);
    const detail::NumberedPath path("thread-self/fdinfo/", event->process->get());
    char room[16];
    EXPECT_EQ(
        must(detail::find_field(must(detail::open_proc_file(path.get())).borrow(), "Pid:\t", room)),
        std::to_string(::getpid()));
  }
  EXPECT_EQ(seen, files_made);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(FileSystemIdOf, AClosedDescriptorIsNone) {
  const int number = some_file().release();
  ::close(number);
  EXPECT_EQ(error_of(file_system_id(BorrowedFd::unsafe_borrow(number))),
            std::errc::bad_file_descriptor);
}

}  // namespace
}  // namespace sysfd_test
