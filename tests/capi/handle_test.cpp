// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <array>

#include "capi/objects.hpp"
#include "support/kernel_features.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

using CMountCache = CObject<sysfd_mount_cache, sysfd_mount_cache_free>;

TEST(CFileHandle, NamesAFileThatCanBeOpenedAgain) {
  SYSFD_REQUIRE_ROOT();
  const ScratchDirectory directory;
  const std::string path = directory.path() / "file";
  const int file = sysfd_open(SYSFD_CWD, path.c_str(), O_RDWR | O_CREAT, 0600);
  sysfd_mount_id mount = {};
  sysfd_file_handle* raw = nullptr;
  const int code = sysfd_name_to_handle(SYSFD_CWD, path.c_str(), 0, &raw, &mount);
  if (code == -EOPNOTSUPP) {
    EXPECT_EQ(sysfd_close_take(file), 0);
    GTEST_SKIP() << "needs a file system with file handles";
  }
  ASSERT_EQ(code, 0);
  const CHandle handle(raw);
  const auto same =
      made<CHandle>([&](auto out) { return sysfd_name_to_handle_of(file, 0, out, nullptr); });
  EXPECT_EQ(sysfd_file_handle_equal(handle.get(), same.get()), 1);
  const int root = sysfd_find_mount(mount);
  ASSERT_GE(root, 3);
  const int opened = sysfd_open_by_handle(root, handle.get(), O_RDONLY);
  EXPECT_GE(opened, 3);
  EXPECT_TRUE(same_file(opened, file));
  const auto cache = made<CMountCache>(sysfd_mount_cache_new);
  const int found = sysfd_mount_cache_open_by_handle(cache.get(), handle.get(), mount, O_RDONLY);
  EXPECT_TRUE(same_file(found, file));
  EXPECT_GE(sysfd_mount_cache_find_borrow(cache.get(), mount), 3);
  EXPECT_EQ(sysfd_mount_cache_clear(cache.get()), 0);
  std::int32_t id[2] = {};
  EXPECT_EQ(sysfd_file_system_id(file, id), 0);
  for (const int fd : {file, root, opened, found})
    EXPECT_EQ(sysfd_close_take(fd), 0);
}

TEST(CFileHandle, IsAValue) {
  const auto handle =
      made<CHandle>([](auto out) { return sysfd_file_handle_from_parts(0x10007, "abcd", 4, out); });
  std::int32_t type = 0;
  const void* bytes = nullptr;
  std::size_t size = 0;
  EXPECT_EQ(sysfd_file_handle_type(handle.get(), &type), 0);
  EXPECT_EQ(type, 0x10007);
  EXPECT_EQ(sysfd_file_handle_bytes(handle.get(), &bytes, &size), 0);
  EXPECT_EQ(std::string_view(static_cast<const char*>(bytes), size), "abcd");
  EXPECT_EQ(sysfd_file_handle_is_connectable(handle.get()), 1);
  EXPECT_EQ(sysfd_file_handle_is_fid(handle.get()), 0);

  std::array<char, 160> stored;
  const int length = sysfd_file_handle_serialize(handle.get(), stored.data(), stored.size());
  ASSERT_GT(length, 4);
  EXPECT_EQ(sysfd_file_handle_serialize(handle.get(), stored.data(), 3), -ERANGE);
  const auto read = made<CHandle>([&](auto out) {
    return sysfd_file_handle_deserialize(stored.data(), static_cast<std::size_t>(length), out);
  });
  const auto copy =
      made<CHandle>([&](auto out) { return sysfd_file_handle_copy(read.get(), out); });
  EXPECT_EQ(sysfd_file_handle_equal(copy.get(), handle.get()), 1);
  std::uint64_t left = 1, right = 2;
  EXPECT_EQ(sysfd_file_handle_hash(copy.get(), &left), 0);
  EXPECT_EQ(sysfd_file_handle_hash(handle.get(), &right), 0);
  EXPECT_EQ(left, right);
  const auto other =
      made<CHandle>([](auto out) { return sysfd_file_handle_from_parts(0x10007, "abce", 4, out); });
  int order = 9, reverse = 9;
  EXPECT_EQ(sysfd_file_handle_compare(handle.get(), other.get(), &order), 0);
  EXPECT_EQ(sysfd_file_handle_compare(other.get(), handle.get(), &reverse), 0);
  EXPECT_EQ(order, -reverse);
  EXPECT_NE(order, 0);
}

TEST(CFileHandle, ReportsErrorsAndLeavesOutputsAlone) {
  sysfd_file_handle* handle = nullptr;
  std::array<char, 200> bytes{};
  EXPECT_EQ(sysfd_file_handle_from_parts(-1, "x", 1, &handle), -EINVAL);
  EXPECT_EQ(sysfd_file_handle_from_parts(1, bytes.data(), 129, &handle), -EINVAL);
  EXPECT_EQ(sysfd_file_handle_deserialize("junk", 4, &handle), -EBADMSG);
  EXPECT_EQ(sysfd_name_to_handle(SYSFD_CWD, "/no/such", 0, &handle, nullptr), -ENOENT);
  EXPECT_EQ(sysfd_name_to_handle(SYSFD_CWD, "/", 0x100, &handle, nullptr), -EINVAL);
  EXPECT_EQ(handle, nullptr);
  EXPECT_EQ(sysfd_find_mount({~std::uint64_t{0}, 0, 0}), -EINVAL);
  EXPECT_EQ(sysfd_find_mount({1, 2, 0}), -EINVAL);
  EXPECT_LT(sysfd_find_mount({0x7fffffff, 0, 0}), 0);
}

TEST(CFileHandle, OfAPidFdIsOpenedAtTheRootOfPidfs) {
  SYSFD_REQUIRE_KERNEL("FD_PIDFS_ROOT");
  const int self = sysfd_pidfd_self();
  const auto handle =
      made<CHandle>([&](auto out) { return sysfd_name_to_handle_of(self, 0, out, nullptr); });
  const int opened = sysfd_open_by_handle(SYSFD_PIDFS_ROOT, handle.get(), 0);
  EXPECT_EQ(sysfd_same_process(self, opened), 1);
  EXPECT_EQ(sysfd_close_take(self), 0);
  EXPECT_EQ(sysfd_close_take(opened), 0);
}

TEST(CFanotify, EventsHaveHandles) {
  SYSFD_REQUIRE_ROOT();
  const int group = ::fanotify_init(FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME, O_RDONLY);
  if (group < 0) GTEST_SKIP() << "needs fanotify";
  const ScratchDirectory directory;
  if (::fanotify_mark(group, FAN_MARK_ADD, FAN_CREATE | FAN_ONDIR, AT_FDCWD,
                      directory.path().c_str()) != 0) {
    ::close(group);
    GTEST_SKIP() << "needs a file system with file handles";
  }
  const std::string path = directory.path() / "name";
  EXPECT_EQ(sysfd_close_take(sysfd_open(SYSFD_CWD, path.c_str(), O_CREAT | O_WRONLY, 0600)), 0);
  alignas(8) std::array<char, 4096> buffer;
  const ssize_t size = ::read(group, buffer.data(), buffer.size());
  ASSERT_GT(size, 0);
  const auto events =
      made<CObject<sysfd_fanotify_events, sysfd_fanotify_events_free>>([&](auto out) {
        return sysfd_fanotify_events_take(buffer.data(), static_cast<std::size_t>(size), out);
      });
  sysfd_fanotify_event event = SYSFD_FANOTIFY_EVENT_INIT;
  sysfd_fanotify_fid fid = SYSFD_FANOTIFY_FID_INIT;
  ASSERT_EQ(sysfd_fanotify_events_next(events.get(), &event), 1);
  EXPECT_TRUE(event.mask & FAN_CREATE);
  EXPECT_EQ(event.pid, ::getpid());
  EXPECT_EQ(sysfd_fanotify_events_file_release(events.get()), -ENOENT);
  ASSERT_EQ(sysfd_fanotify_events_next_fid(events.get(), &fid), 1);
  EXPECT_EQ(fid.kind, std::uint32_t{SYSFD_FANOTIFY_DFID_NAME});
  EXPECT_EQ(std::string_view(fid.name, fid.name_size), "name");
  EXPECT_NE(fid.handle, nullptr);
  EXPECT_EQ(sysfd_fanotify_events_next_fid(events.get(), &fid), 0);
  EXPECT_EQ(sysfd_fanotify_events_next(events.get(), &event), 0);
  EXPECT_EQ(sysfd_close_take(group), 0);
}

// Whose files are closed unless they are released.
TEST(CFanotify, EventsOwnTheirDescriptors) {
  SYSFD_REQUIRE_ROOT();
  const int group = ::fanotify_init(FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY | O_CLOEXEC);
  if (group < 0) GTEST_SKIP() << "needs fanotify";
  const ScratchDirectory directory;
  for (const char* name : {"a", "b", "c"}) {
    const std::string path = directory.path() / name;
    EXPECT_EQ(sysfd_close_take(sysfd_open(SYSFD_CWD, path.c_str(), O_CREAT | O_WRONLY, 0600)), 0);
    ASSERT_EQ(::fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, path.c_str()), 0);
    EXPECT_EQ(sysfd_close_take(sysfd_open(SYSFD_CWD, path.c_str(), O_RDONLY, 0)), 0);
  }
  alignas(8) std::array<char, 4096> buffer;
  const ssize_t size = ::read(group, buffer.data(), buffer.size());
  ASSERT_GT(size, 0);
  sysfd_fanotify_events* events = nullptr;
  ASSERT_EQ(sysfd_fanotify_events_take(buffer.data(), static_cast<std::size_t>(size), &events), 0);
  sysfd_fanotify_event event = SYSFD_FANOTIFY_EVENT_INIT;
  ASSERT_EQ(sysfd_fanotify_events_next(events, &event), 1);
  const int released = sysfd_fanotify_events_file_release(events);
  EXPECT_EQ(released, event.file);
  EXPECT_EQ(sysfd_fanotify_events_process_release(events), -ENOENT);
  ASSERT_EQ(sysfd_fanotify_events_next(events, &event), 1);
  sysfd_fanotify_events_free(events);
  EXPECT_EQ(sysfd_is_open(event.file), 0);
  EXPECT_EQ(sysfd_close_take(released), 0);
  EXPECT_EQ(sysfd_close_take(group), 0);
}

TEST(CFanotify, InvalidBytesAreAnError) {
  const auto events = made<CObject<sysfd_fanotify_events, sysfd_fanotify_events_free>>(
      [](auto out) { return sysfd_fanotify_events_take("junk that is no event", 21, out); });
  sysfd_fanotify_event event = SYSFD_FANOTIFY_EVENT_INIT;
  EXPECT_EQ(sysfd_fanotify_events_next(events.get(), &event), -EBADMSG);
}

}  // namespace
}  // namespace sysfd_test
