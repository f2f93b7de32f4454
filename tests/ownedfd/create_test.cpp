// SPDX-License-Identifier: MIT
#include <sysfd/create.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "support/prelude.hpp"

#include "support/interruptions.hpp"
#include "support/refuse_calls.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

std::string read_some(BorrowedFd fd) {
  std::array<char, 64> buffer;
  const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
  return size < 0 ? "errno " + std::to_string(errno)
                  : std::string(buffer.data(), static_cast<std::size_t>(size));
}

void write_all(BorrowedFd fd, const std::string& text) {
  ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

TEST(Makers, EverythingIsCloseOnExecFromBirth) {
  run_apart([] {
    // No later call can add it here.
    refuse_calls({{SYS_fcntl, EPERM, RefusedCall::Match{1, F_SETFD}},
                  {SYS_ioctl, EPERM, RefusedCall::Match{1, FIOCLEX}}});
    const auto file = sysfd::open(cwd(), "/dev/null", O_RDONLY);
    const auto pipe = sysfd::pipe();
    const auto sockets = socket_pair(SOCK_STREAM);
    const auto memory = memfd("memory");
    const auto counter = event_fd();
    ASSERT_TRUE(file && pipe && sockets && memory && counter);
    for (const OwnedFd* fd : {&*file, &pipe->read, &pipe->write, &sockets->first, &sockets->second,
                              &*memory, &*counter})
      EXPECT_EQ(::fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
  });
}

// Calls `make` with the standard streams from `first` on closed.
template <class Make>
void expect_no_standard_stream(int first, Make make) {
  run_apart([&] {
    for (int number = first; number < 3; ++number)
      ::close(number);
    const auto before = open_descriptors();
    {
      const auto made = make();
      for (int number = first; number < 3; ++number)
        EXPECT_FALSE(is_open(number)) << number;
    }
    EXPECT_EQ(open_descriptors(), before);
  });
}

TEST(Makers, NothingIsMadeInPlaceOfAStandardStream) {
  for (const int first : {0, 1, 2}) {
    expect_no_standard_stream(first, [] {
      auto file = must(sysfd::open(cwd(), "/dev/null", O_RDONLY));
      EXPECT_GE(file.get(), 3);
      EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
      return file;
    });
    expect_no_standard_stream(first, [] {
      auto pipe = must(sysfd::pipe());
      write_all(pipe.write, "through");
      EXPECT_EQ(read_some(pipe.read), "through");
      EXPECT_TRUE(pipe.read.get() >= 3 && pipe.write.get() >= 3);
      return pipe;
    });
    expect_no_standard_stream(first, [] {
      auto sockets = must(socket_pair(SOCK_STREAM));
      write_all(sockets.first, "through");
      EXPECT_EQ(read_some(sockets.second), "through");
      EXPECT_TRUE(sockets.first.get() >= 3 && sockets.second.get() >= 3);
      return sockets;
    });
    expect_no_standard_stream(first, [] { return must(memfd("memory")); });
    expect_no_standard_stream(first, [] { return must(event_fd()); });
    expect_no_standard_stream(first, [] { return must(some_file().duplicate()); });
  }
}

// 3 is also the smallest argument that F_DUPFD_CLOEXEC accepts here.
TEST(Makers, WhereOnlyNumbersOfStandardStreamsAreLeftTheLimitIsReached) {
  for (const rlim_t most : {3U, 4U})
    run_apart([most] {
      const OwnedFd taken = some_file();
      ASSERT_EQ(taken.get(), 3);
      ::close(0);
      ::close(1);
      const rlimit none_left{.rlim_cur = most, .rlim_max = most};
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
      constexpr auto expected = std::errc::too_many_files_open;
      EXPECT_EQ(error_of(sysfd::open(cwd(), "/dev/null", O_RDONLY)), expected);
      EXPECT_EQ(error_of(sysfd::pipe()), expected);
      EXPECT_EQ(error_of(socket_pair(SOCK_STREAM)), expected);
      EXPECT_EQ(error_of(memfd("memory")), expected);
      EXPECT_EQ(error_of(event_fd()), expected);
      EXPECT_EQ(error_of(taken.duplicate()), expected);
      EXPECT_FALSE(is_open(0) || is_open(1)) << "what was made is closed";
    });
}

TEST(Makers, WhereOneNumberIsLeftForTwoDescriptorsTheLimitIsReached) {
  run_apart([] {
    ::close(0);
    ::close(1);
    const rlimit one_left{.rlim_cur = 4, .rlim_max = 4};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &one_left), 0);
    EXPECT_EQ(error_of(sysfd::pipe()), std::errc::too_many_files_open);
    EXPECT_EQ(error_of(socket_pair(SOCK_STREAM)), std::errc::too_many_files_open);
    EXPECT_FALSE(is_open(0) || is_open(1) || is_open(3)) << "what was made is closed";
  });
}

TEST(Makers, TheLimitOfOpenDescriptorsIsAnError) {
  run_apart([] {
    const rlimit none_left{.rlim_cur = 3, .rlim_max = 3};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
    constexpr auto expected = std::errc::too_many_files_open;
    EXPECT_EQ(error_of(sysfd::open(cwd(), "/dev/null", O_RDONLY)), expected);
    EXPECT_EQ(error_of(sysfd::pipe()), expected);
    EXPECT_EQ(error_of(socket_pair(SOCK_STREAM)), expected);
    EXPECT_EQ(error_of(memfd("memory")), expected);
    EXPECT_EQ(error_of(event_fd()), expected);
  });
}

TEST(Makers, UnknownFlagsAreAnError) {
  EXPECT_EQ(error_of(sysfd::pipe(O_TRUNC)), std::errc::invalid_argument);
  EXPECT_EQ(error_of(memfd("memory", 1U << 30)), std::errc::invalid_argument);
  EXPECT_EQ(error_of(event_fd(0, O_TRUNC)), std::errc::invalid_argument);
  EXPECT_FALSE(socket_pair(0));
}

TEST(Open, CreatesReadsAndWritesAFile) {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "file";
  const auto written = sysfd::open(cwd(), path, O_WRONLY | O_CREAT | O_EXCL, 0640);
  ASSERT_TRUE(written) << written.error().message();
  write_all(*written, "hello");

  const auto file = sysfd::open(cwd(), path, O_RDONLY);
  ASSERT_TRUE(file);
  EXPECT_EQ(read_some(*file), "hello");
}

TEST(Open, GivesANewFileTheMode) {
  run_apart([] {
    const ScratchDirectory scratch;
    ::umask(0);
    const auto file = sysfd::open(cwd(), scratch.path() / "file", O_WRONLY | O_CREAT, 0640);
    ASSERT_TRUE(file);
    struct stat status;
    ASSERT_EQ(::fstat(file->get(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640U);
  });
}

TEST(Open, CreatesNoFileWithoutAMode) {
  const ScratchDirectory scratch;
  const auto directory = must(sysfd::open(cwd(), scratch.path(), O_PATH | O_DIRECTORY));
  for (const int flags : {O_WRONLY | O_CREAT, O_RDWR | O_CREAT | O_EXCL, O_RDONLY | O_CREAT})
    EXPECT_EQ(error_of(sysfd::open(directory, "file", flags)), std::errc::invalid_argument);
  EXPECT_EQ(error_of(sysfd::open(directory, ".", O_RDWR | O_TMPFILE)), std::errc::invalid_argument);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
  EXPECT_TRUE(sysfd::open(directory, "file", O_WRONLY | O_CREAT, 0)) << "a mode like any other";
  EXPECT_TRUE(sysfd::open(directory, ".", O_RDONLY | O_DIRECTORY)) << "part of O_TMPFILE";
}

// The copy is in its own session, which has no terminal yet.
TEST(Open, DoesNotMakeATerminalTheControllingOne) {
  run_apart([] {
    const auto parent = must(sysfd::open(cwd(), "/dev/ptmx", O_RDWR));
    int unlock = 0;
    ASSERT_EQ(::ioctl(parent.get(), TIOCSPTLCK, &unlock), 0);
    char name[64];
    ASSERT_EQ(::ptsname_r(parent.get(), name, sizeof name), 0);
    ASSERT_GT(::setsid(), 0);
    const auto terminal = must(sysfd::open(cwd(), name, O_RDWR));
    ASSERT_TRUE(::isatty(terminal.get()));
    EXPECT_EQ(error_of(sysfd::open(cwd(), "/dev/tty", O_RDWR)).value(), ENXIO);
  });
}

TEST(Open, IsRelativeToTheDirectoryDescriptor) {
  const ScratchDirectory scratch;
  const auto directory = sysfd::open(cwd(), scratch.path(), O_PATH | O_DIRECTORY);
  ASSERT_TRUE(directory);
  const auto file = sysfd::open(*directory, "file", O_WRONLY | O_CREAT, 0600);
  ASSERT_TRUE(file);
  const auto same = sysfd::open(cwd(), scratch.path() / "file", O_RDONLY);
  ASSERT_TRUE(same);
  EXPECT_TRUE(same_file(file->get(), same->get()));
}

TEST(Open, IgnoresTheDirectoryForAnAbsolutePath) {
  const OwnedFd no_directory = some_file();
  EXPECT_TRUE(sysfd::open(no_directory, "/dev/null", O_RDONLY));
}

TEST(Open, IsRelativeToTheWorkingDirectoryByCwd) {
  EXPECT_EQ(cwd().get(), AT_FDCWD);
  run_apart([] {
    const ScratchDirectory scratch;
    ASSERT_EQ(::chdir(scratch.path().c_str()), 0);
    ASSERT_TRUE(sysfd::open(cwd(), "file", O_WRONLY | O_CREAT, 0600));
    EXPECT_TRUE(std::filesystem::exists(scratch.path() / "file"));
    ASSERT_EQ(::chdir("/"), 0);
  });
}

TEST(Open, SaysWhyItFailed) {
  const ScratchDirectory scratch;
  const auto open = [&](const char* name, int flags) {
    return error_of(sysfd::open(cwd(), scratch.path() / name, flags, 0600));
  };
  EXPECT_EQ(open("absent", O_RDONLY), std::errc::no_such_file_or_directory);
  EXPECT_EQ(open("absent/file", O_RDONLY | O_CREAT), std::errc::no_such_file_or_directory);
  EXPECT_EQ(open("new", O_RDWR | O_CREAT | O_EXCL), std::error_code());
  EXPECT_EQ(open("new", O_RDWR | O_CREAT | O_EXCL), std::errc::file_exists);
  EXPECT_EQ(open("new", O_RDONLY | O_DIRECTORY), std::errc::not_a_directory);
  EXPECT_EQ(open(".", O_RDWR), std::errc::is_a_directory);
  EXPECT_EQ(open("", O_WRONLY), std::errc::is_a_directory);
}

TEST(Open, RelativeToWhatIsNoDirectoryIsAnError) {
  const OwnedFd no_directory = some_file();
  EXPECT_EQ(error_of(sysfd::open(no_directory, "file", O_RDONLY)), std::errc::not_a_directory);
  const int closed = some_file().release();
  ::close(closed);
  EXPECT_EQ(error_of(sysfd::open(BorrowedFd::unsafe_borrow(closed), "file", O_RDONLY)),
            std::errc::bad_file_descriptor);
}

TEST(Open, GoesOnAfterASignal) {
  SYSFD_REQUIRE_ISOLATION();
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Interruptions interruptions;
  const pid_t writer = ::fork();
  if (writer == 0) {
    interruptions.interrupt(3);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    ::_exit(::write(fd, "x", 1) == 1 ? 0 : 1);
  }
  ASSERT_GT(writer, 0);
  const auto reader = sysfd::open(cwd(), path, O_RDONLY);  // blocks until there is a writer
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_EQ(interruptions.seen(), 3);
  EXPECT_EQ(read_some(*reader), "x");
  EXPECT_EQ(::waitpid(writer, nullptr, 0), writer);
}

TEST(PipeMaker, BytesGoFromTheWriteEndToTheReadEnd) {
  const auto pipe = sysfd::pipe();
  ASSERT_TRUE(pipe);
  write_all(pipe->write, "through");
  EXPECT_EQ(read_some(pipe->read), "through");
}

TEST(PipeMaker, PassesFlagsOn) {
  const auto pipe = sysfd::pipe(O_NONBLOCK);
  ASSERT_TRUE(pipe);
  EXPECT_EQ(read_some(pipe->read), "errno " + std::to_string(EAGAIN));
}

TEST(PipeMaker, EndsAreOwnedSeparately) {
  auto pipe = sysfd::pipe();
  ASSERT_TRUE(pipe);
  ASSERT_TRUE(std::move(pipe->write).close());
  EXPECT_EQ(read_some(pipe->read), "") << "no end of file after the only write end was closed";
}

TEST(SocketPairMaker, BytesGoBothWays) {
  const auto sockets = socket_pair(SOCK_STREAM);
  ASSERT_TRUE(sockets);
  write_all(sockets->first, "there");
  EXPECT_EQ(read_some(sockets->second), "there");
  write_all(sockets->second, "back");
  EXPECT_EQ(read_some(sockets->first), "back");
}

TEST(SocketPairMaker, MakesTheTypeThatWasAskedFor) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    const auto sockets = socket_pair(type | SOCK_NONBLOCK);
    ASSERT_TRUE(sockets);
    int made = 0;
    socklen_t size = sizeof made;
    ASSERT_EQ(::getsockopt(sockets->first.get(), SOL_SOCKET, SO_TYPE, &made, &size), 0);
    EXPECT_EQ(made, type);
    EXPECT_EQ(read_some(sockets->first), "errno " + std::to_string(EAGAIN));
  }
}

TEST(MemfdMaker, HoldsWhatIsWritten) {
  const auto memory = memfd("notes");
  ASSERT_TRUE(memory);
  write_all(*memory, "remembered");
  ASSERT_EQ(::lseek(memory->get(), 0, SEEK_SET), 0);
  EXPECT_EQ(read_some(*memory), "remembered");
}

TEST(MemfdMaker, CarriesItsName) {
  const auto memory = memfd("notes");
  ASSERT_TRUE(memory);
  EXPECT_EQ(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(memory->get())),
            "/memfd:notes (deleted)");
}

TEST(MemfdMaker, PassesFlagsOn) {
  const auto sealable = memfd("sealable", MFD_ALLOW_SEALING);
  const auto plain = memfd("plain");
  ASSERT_TRUE(sealable && plain);
  EXPECT_EQ(::fcntl(sealable->get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  EXPECT_EQ(::fcntl(plain->get(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST(MemfdMaker, TooLongANameIsAnError) {
  EXPECT_TRUE(memfd(std::string(249, 'n')));
  EXPECT_EQ(error_of(memfd(std::string(250, 'n'))), std::errc::invalid_argument);
}

TEST(EventFdMaker, CountsFromTheInitialValue) {
  const auto counter = event_fd(5);
  ASSERT_TRUE(counter);
  ASSERT_EQ(::eventfd_write(counter->get(), 2), 0);
  eventfd_t value = 0;
  ASSERT_EQ(::eventfd_read(counter->get(), &value), 0);
  EXPECT_EQ(value, 7U);
}

TEST(EventFdMaker, PassesFlagsOn) {
  const auto counter = event_fd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  ASSERT_TRUE(counter);
  eventfd_t value = 0;
  ASSERT_EQ(::eventfd_read(counter->get(), &value), 0);
  EXPECT_EQ(value, 1U);
  ASSERT_EQ(::eventfd_read(counter->get(), &value), 0);
  EXPECT_EQ(::eventfd_read(counter->get(), &value), -1);
  EXPECT_EQ(errno, EAGAIN);
}

}  // namespace
}  // namespace sysfd_test
