// SPDX-License-Identifier: MIT
#include <sysfd/description.hpp>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "support/prelude.hpp"

#include "sharing/second_holder.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

std::string read_some(const OwnedFd& fd) {
  char text[16];
  const ssize_t size = ::read(fd.get(), text, sizeof text);
  return size < 0 ? "error" : std::string(text, static_cast<std::size_t>(size));
}

class Reopen : public testing::Test {
 protected:
  std::string create(const std::string& name, const std::string& content = "0123456789") {
    const std::string path = directory_.path() / name;
    std::ofstream(path) << content;
    return path;
  }
  static OwnedFd open(const std::string& path, int flags) {
    return must(sysfd::open(cwd(), path, flags));
  }
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  ScratchDirectory directory_;
};

TEST_F(Reopen, GivesAnOffsetAndFlagsOfOnesOwn) {
  const OwnedFd file = open(create("file"), O_RDWR);
  SecondHolder holder(file);
  EXPECT_EQ(holder(Do::seek, 7), 7);
  EXPECT_EQ(read_some(file), "789") << "the other process changed our offset";

  const OwnedFd own = must(reopen(file, O_RDWR));
  EXPECT_EQ(holder(Do::seek, 5), 5);
  EXPECT_EQ(holder(Do::add_flags, O_APPEND | O_NONBLOCK), 0);
  EXPECT_EQ(::lseek(own.get(), 0, SEEK_CUR), 0);
  EXPECT_EQ(read_some(own), "0123456789");
  EXPECT_EQ(::fcntl(file.get(), F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND | O_NONBLOCK);
  EXPECT_EQ(::fcntl(own.get(), F_GETFL) & (O_APPEND | O_NONBLOCK), 0);
  EXPECT_EQ(holder.read(3), "567") << "this process did not change its offset";
  EXPECT_EQ(same_description(file, own), false);
}

TEST_F(Reopen, FindsAFileThatWasRenamedOrDeleted) {
  const std::string path = create("file", "content");
  const OwnedFd file = open(path, O_RDONLY);
  std::filesystem::rename(path, directory() / "renamed");
  create("file", "another");
  EXPECT_EQ(read_some(must(reopen(file, O_RDONLY))), "content");
  std::filesystem::remove(directory() / "renamed");
  EXPECT_EQ(read_some(must(reopen(file, O_RDONLY))), "content");
  const OwnedFd memory = some_file();
  ASSERT_EQ(::write(memory.get(), "xyz", 3), 3);
  EXPECT_EQ(read_some(must(reopen(memory, O_RDONLY))), "xyz");
}

TEST_F(Reopen, AsksForTheRightsAnew) {
  const OwnedFd file = open(create("file"), O_RDONLY);
  EXPECT_EQ(::write(file.get(), "x", 1), -1);
  const OwnedFd writable = must(reopen(file, O_RDWR));
  EXPECT_EQ(::write(writable.get(), "x", 1), 1);
  EXPECT_EQ(::write(must(reopen(writable, O_RDONLY)).get(), "x", 1), -1);
}

TEST_F(Reopen, IsRefusedWithoutPermissionToOpenTheFile) {
  SYSFD_REQUIRE_ROOT();
  const std::string path = create("file");
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  const OwnedFd file = open(path, O_RDWR);
  run_apart([&] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    // A process that has changed its identity cannot read its own /proc if core dumps of privileged
    // processes are disabled.
    EXPECT_EQ(error_of(reopen(file, O_RDONLY)).value(), EACCES);
    EXPECT_EQ(error_of(reopen(file, O_RDWR)).value(), EACCES);
  });
}

TEST_F(Reopen, ToWriteIsRefusedWithPermissionToRead) {
  SYSFD_REQUIRE_ROOT();
  const std::string path = create("file");
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  const OwnedFd file = open(path, O_RDWR);
  run_apart([&] {
    // Unlike after setresuid(2), the process can still read its own /proc.
    ASSERT_EQ(::syscall(SYS_setfsuid, 65534), 0);
    EXPECT_EQ(error_of(reopen(file, O_RDWR)).value(), EACCES);
    EXPECT_EQ(::write(file.get(), "x", 1), 1) << "the original descriptor can still be written";
  });
}

TEST_F(Reopen, OfWhatCannotBeOpenedIsAnError) {
  const auto sockets = must(socket_pair(SOCK_STREAM));
  const OwnedFd event = must(event_fd());
  const OwnedFd epoll = must(OwnedFd::from_syscall(::epoll_create1(EPOLL_CLOEXEC)));
  EXPECT_EQ(error_of(reopen(sockets.first, O_RDWR)).value(), ENXIO);
  EXPECT_EQ(error_of(reopen(event, O_RDWR)).value(), ENXIO);
  EXPECT_EQ(error_of(reopen(epoll, O_RDWR)).value(), ENXIO);
}

TEST_F(Reopen, OfAPidfdIsAnErrorOrThatProcessAgain) {
  const OwnedFd pidfd =
      must(OwnedFd::from_syscall(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))));
  const auto again = reopen(pidfd, O_RDWR);
  const int error = error_of(again).value();
  if (again)
    EXPECT_TRUE(same_file(pidfd.get(), again->get()));
  else
    EXPECT_TRUE(error == ENXIO || error == EPERM) << error;
}

TEST_F(Reopen, OfAPipeGivesEitherEnd) {
  const auto pipe = must(sysfd::pipe());
  const OwnedFd write = must(reopen(pipe.read, O_WRONLY));
  const OwnedFd read = must(reopen(pipe.read, O_RDONLY | O_NONBLOCK));
  EXPECT_EQ(::write(write.get(), "abc", 3), 3);
  EXPECT_EQ(read_some(read), "abc");
  EXPECT_EQ(::fcntl(pipe.read.get(), F_GETFL) & O_NONBLOCK, 0);

  const std::string path = directory() / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const OwnedFd fifo = open(path, O_RDONLY | O_NONBLOCK);
  EXPECT_EQ(::fcntl(must(reopen(fifo, O_WRONLY)).get(), F_GETFL) & O_ACCMODE, O_WRONLY);
}

TEST_F(Reopen, OfADirectoryIsItAgain) {
  const OwnedFd directory_fd = open(directory(), O_RDONLY | O_DIRECTORY);
  const OwnedFd again = must(reopen(directory_fd, O_RDONLY | O_DIRECTORY));
  EXPECT_TRUE(same_file(directory_fd.get(), again.get()));
  EXPECT_EQ(error_of(reopen(directory_fd, O_RDWR)).value(), EISDIR);
  const OwnedFd file = open(create("file"), O_RDONLY);
  EXPECT_EQ(error_of(reopen(file, O_RDONLY | O_DIRECTORY)).value(), ENOTDIR);
}

TEST_F(Reopen, OfAPathDescriptorOpensTheFile) {
  const OwnedFd path = open(create("file", "content"), O_PATH);
  EXPECT_EQ(read_some(path), "error");
  EXPECT_EQ(read_some(must(reopen(path, O_RDONLY))), "content");
  const OwnedFd again = must(reopen(path, O_PATH));
  EXPECT_EQ(::fcntl(again.get(), F_GETFL) & O_PATH, O_PATH);
}

TEST_F(Reopen, OfASymbolicLinkDoesNotFollowIt) {
  const std::string path = directory() / "link";
  std::filesystem::create_symlink(create("file"), path);
  const OwnedFd link = open(path, O_PATH | O_NOFOLLOW);
  EXPECT_EQ(error_of(reopen(link, O_RDONLY)).value(), ELOOP);
}

TEST_F(Reopen, RefusesFlagsThatWouldMakeAnotherFile) {
  const OwnedFd file = open(create("file"), O_RDWR);
  const OwnedFd folder = open(directory(), O_RDONLY | O_DIRECTORY);
  for (const int flags : {O_CREAT, O_CREAT | O_EXCL, O_EXCL, O_NOFOLLOW, O_TMPFILE}) {
    EXPECT_EQ(error_of(reopen(file, O_RDWR | flags)).value(), EINVAL) << flags;
    EXPECT_EQ(error_of(reopen(folder, O_RDWR | flags)).value(), EINVAL) << flags;
  }
}

TEST_F(Reopen, TakesTheOtherFlags) {
  const OwnedFd file = open(create("file"), O_RDWR);
  const OwnedFd appending = must(reopen(file, O_WRONLY | O_APPEND | O_NONBLOCK));
  EXPECT_EQ(::fcntl(appending.get(), F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK),
            O_WRONLY | O_APPEND | O_NONBLOCK);
  (void)must(reopen(file, O_WRONLY | O_TRUNC));
  EXPECT_EQ(read_some(file), "");
}

TEST_F(Reopen, IsCloseOnExec) {
  const OwnedFd file = open(create("file"), O_RDONLY);
  EXPECT_EQ(is_close_on_exec(must(reopen(file, O_RDONLY)).borrow()), true);
  EXPECT_EQ(is_close_on_exec(must(reopen(file, O_RDONLY | O_CLOEXEC)).borrow()), true);
}

TEST_F(Reopen, OfWhatIsNotOpenIsAnError) {
  const int number = some_file().get();  // closed again
  EXPECT_EQ(error_of(reopen(BorrowedFd::unsafe_borrow(number), O_RDONLY)).value(), EBADF);
  EXPECT_EQ(error_of(reopen(cwd(), O_RDONLY)).value(), EBADF);
  EXPECT_EQ(error_of(reopen(BorrowedFd::unsafe_borrow(0x7fffffff), O_RDONLY)).value(), EBADF);
}

TEST_F(Reopen, WithoutProcIsAnError) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([&] {
    const OwnedFd file = open(create("file"), O_RDONLY);
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    while (::umount2("/proc", MNT_DETACH) == 0) {
    }
    EXPECT_EQ(error_of(reopen(file, O_RDONLY)).value(), EOPNOTSUPP);
  });
}

TEST_F(Reopen, TrustsNothingThatIsMountedThere) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([&] {
    const OwnedFd file = open(create("file"), O_RDONLY);
    const OwnedFd unknown = must(file.duplicate());
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const auto forged = directory() / "forged";
    std::filesystem::create_directory(forged);
    std::ofstream(forged / std::to_string(file.get())) << "another content";
    ASSERT_EQ(::mount(forged.c_str(), "/proc/thread-self/fd", nullptr, MS_BIND, nullptr), 0);
    EXPECT_EQ(error_of(reopen(file, O_RDONLY)).value(), EREMOTE);
    EXPECT_EQ(error_of(reopen(unknown, O_RDONLY)).value(), EREMOTE);
    ASSERT_EQ(::umount2("/proc/thread-self/fd", MNT_DETACH), 0);
    EXPECT_EQ(error_of(reopen(file, O_RDONLY)).value(), 0);
  });
}

TEST_F(Reopen, NeitherEmptiesNorOpensWhatIsMountedThere) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([&] {
    const OwnedFd file = open(create("file"), O_RDWR);
    const OwnedFd fifo = must(file.duplicate());
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const auto forged = directory() / "forged";
    std::filesystem::create_directory(forged);
    std::ofstream(forged / std::to_string(file.get())) << "another content";
    ASSERT_EQ(::mkfifo((forged / std::to_string(fifo.get())).c_str(), 0600), 0);
    ASSERT_EQ(::mount(forged.c_str(), "/proc/thread-self/fd", nullptr, MS_BIND, nullptr), 0);
    EXPECT_EQ(error_of(reopen(file, O_WRONLY | O_TRUNC)).value(), EREMOTE);
    EXPECT_EQ(std::filesystem::file_size(forged / std::to_string(file.get())), 15U);
    EXPECT_EQ(error_of(reopen(fifo, O_RDONLY)).value(), EREMOTE)
        << "and does not wait for a writer";
  });
}

TEST_F(Reopen, TrustsNoOtherFileSystemAtProc) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  run_apart([&] {
    const OwnedFd file = open(create("file"), O_RDONLY);
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("forged", "/proc", "tmpfs", 0, nullptr), 0);
    std::filesystem::create_directories("/proc/thread-self/fd");
    std::ofstream("/proc/thread-self/fd/" + std::to_string(file.get())) << "another content";
    EXPECT_EQ(error_of(reopen(file, O_RDONLY)).value(), EOPNOTSUPP);
  });
}

class ReopenInAThread : public Reopen {};

// Those of the first thread are in /proc/self/fd.
TEST_F(ReopenInAThread, UsesTheThreadsOwnTable) {
  SYSFD_REQUIRE_ONE_THREAD();
  run_apart([&] {
    const OwnedFd file = open(create("file", "the first thread's"), O_RDONLY);
    std::thread([&] {
      ASSERT_EQ(::unshare(CLONE_FILES), 0);
      const OwnedFd other = open(create("other", "its own"), O_RDONLY);
      ASSERT_NE(::dup3(other.get(), file.get(), O_CLOEXEC), -1);
      const auto again = reopen(file, O_RDONLY);
      ASSERT_TRUE(again) << again.error().message();
      EXPECT_EQ(read_some(*again), "its own");
    }).join();
  });
}

}  // namespace
}  // namespace sysfd_test
