// SPDX-License-Identifier: MIT
//
// Tests memory that other processes share: what they can do to a plain mapping, but not to a
// SealedMemory.
#include <sysfd/sealed_memory.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include <sysfd/fd_passing.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

constexpr std::size_t page = 4096;

OwnedFd memfd(std::size_t size, int seals) {
  OwnedFd fd = must(sysfd::memfd("test", MFD_ALLOW_SEALING));
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) std::abort();
  if (seals != 0 && ::fcntl(fd.get(), F_ADD_SEALS, seals) != 0) std::abort();
  return fd;
}

template <class Memory>
std::error_code error_of_map(LentFd fd) {
  return error_of(Memory::map(fd));
}

// Returns the signal that ends a forked process which reads this byte, or 0.
int signal_of_reading(const volatile char* byte) {
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    std::signal(SIGBUS, SIG_DFL);  // sanitizers handle it
    ::_exit(*byte == '\0' ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(PlainMapping, OfAFileThatAnotherHolderMakesShorterRaisesSigbus) {
  const OwnedFd fd = memfd(2 * page, 0);
  void* const start = ::mmap(nullptr, 2 * page, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  ASSERT_NE(start, MAP_FAILED);
  const char* const second = static_cast<const char*>(start) + page;
  EXPECT_EQ(signal_of_reading(second), 0);
  SecondHolder holder(fd);
  EXPECT_EQ(holder(Do::truncate, 10), 0);
  EXPECT_EQ(signal_of_reading(second), SIGBUS);
  ::munmap(start, 2 * page);
}

TEST(PlainMapping, ChangesWhileItIsRead) {
  const OwnedFd fd = memfd(page, F_SEAL_SHRINK);
  void* const start = ::mmap(nullptr, page, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  ASSERT_NE(start, MAP_FAILED);
  const auto* const first = static_cast<const volatile char*>(start);
  EXPECT_EQ(*first, '\0');
  SecondHolder holder(fd);
  EXPECT_EQ(holder(Do::map_and_write, page), 0);
  EXPECT_EQ(*first, 'X') << "though it is private";
  ::munmap(start, page);
}

TEST(SealedMemory, IsWhatItsSenderHasSealedAndCannotChange) {
  std::string content(3 * page + 17, '\0');
  for (std::size_t i = 0; i < content.size(); ++i)
    content[i] = static_cast<char>(i + i / 251);
  const OwnedFd fd = must(sealed_memfd("content", bytes(content)));
  SecondHolder holder(fd);
  const auto memory = must(SealedMemory::map(fd));
  ASSERT_EQ(memory.bytes().size(), content.size());
  EXPECT_TRUE(SealedMemory::map(fd, content.size()));
  EXPECT_EQ(error_of(SealedMemory::map(fd, content.size() - 1)).value(), EFBIG);
  EXPECT_EQ(holder(Do::write, "Y"), -EPERM);
  EXPECT_EQ(holder(Do::truncate, 1), -EPERM);
  EXPECT_EQ(holder(Do::truncate, 1 << 20), -EPERM);
  EXPECT_EQ(holder(Do::punch, page), -EPERM);
  EXPECT_EQ(holder(Do::map_and_write, page), -EPERM);
  EXPECT_EQ(holder(Do::add_seals, 0), -EPERM) << "seals cannot be added either";
  EXPECT_EQ(text(memory.bytes()), content);
  EXPECT_TRUE(is_close_on_exec(fd).value());
}

TEST(SealedMemory, OutlivesItsDescriptorAndIsMoved) {
  std::optional fd = must(sealed_memfd("content", bytes("abc")));
  std::optional memory = must(SealedMemory::map(*fd));
  fd.reset();
  EXPECT_EQ(text(memory->bytes()), "abc");
  SealedMemory moved = *std::move(memory);
  memory.reset();
  EXPECT_EQ(text(moved.bytes()), "abc");
  moved = must(SealedMemory::map(must(sealed_memfd("other", bytes("xy"))).borrow()));
  EXPECT_EQ(text(moved.bytes()), "xy");
}

TEST(SealedMemory, IsUnmappedWhenItIsDestroyed) {
  const OwnedFd fd = must(sealed_memfd("content", bytes("abc")));
  const std::byte* start = nullptr;
  {
    const auto memory = must(SealedMemory::map(fd));
    start = memory.bytes().data();
    unsigned char resident = 0;
    EXPECT_EQ(::mincore(const_cast<std::byte*>(start), page, &resident), 0);
  }
  unsigned char resident = 0;
  EXPECT_EQ(::mincore(const_cast<std::byte*>(start), page, &resident), -1);
}

TEST(SealedMemory, MayBeEmptyOrEndAnywhereInAPage) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, page - 1, page, page + 1}) {
    const std::string content(size, 'x');
    const OwnedFd fd = must(sealed_memfd("content", bytes(content)));
    const auto memory = must(SealedMemory::map(fd));
    EXPECT_EQ(memory.bytes().size(), size);
    EXPECT_EQ(text(memory.bytes()), content);
  }
}

TEST(SealedMemory, RefusesWhatIsNotSealedAgainstShrinkingAndWriting) {
  constexpr int everything_else = F_SEAL_GROW | F_SEAL_SEAL;
  const OwnedFd unsealed = memfd(page, 0);
  const OwnedFd may_shrink = memfd(page, F_SEAL_WRITE | everything_else);
  const OwnedFd may_change = memfd(page, F_SEAL_SHRINK | everything_else);
  // A writable mapping that was made before stays: this seal allows that.
  const OwnedFd may_change_still =
      memfd(page, F_SEAL_SHRINK | everything_else | 0x10 /* F_SEAL_FUTURE_WRITE */);
  EXPECT_EQ(error_of_map<SealedMemory>(unsealed), SealError::may_shrink);
  EXPECT_EQ(error_of_map<SealedMemory>(may_shrink), SealError::may_shrink);
  EXPECT_EQ(error_of_map<SealedMemory>(may_change), SealError::may_change);
  EXPECT_EQ(error_of_map<SealedMemory>(may_change_still), SealError::may_change);
  const OwnedFd just_right = memfd(page, F_SEAL_SHRINK | F_SEAL_WRITE);
  EXPECT_EQ(error_of_map<SealedMemory>(just_right), std::error_code());
}

TEST(SealedMemory, ThatMayStillGrowIsAsLongAsItWas) {
  const OwnedFd fd = memfd(page, F_SEAL_SHRINK | F_SEAL_WRITE);
  const auto memory = must(SealedMemory::map(fd));
  SecondHolder holder(fd);
  EXPECT_EQ(holder(Do::truncate, 3 * page), 0);
  EXPECT_EQ(memory.bytes().size(), page);
  EXPECT_EQ(must(SealedMemory::map(fd)).bytes().size(), 3 * page);
}

TEST(Mapping, RefusesWhatIsNoMemfd) {
  const ScratchFile on_disk("content");
  const OwnedFd file = on_disk.open(O_RDWR);
  const OwnedFd folder = must(sysfd::open(cwd(), "/", O_RDONLY));
  const OwnedFd null = must(sysfd::open(cwd(), "/dev/null", O_RDWR));
  const auto sockets = must(socket_pair(SOCK_STREAM));
  const auto pipe = must(sysfd::pipe());
  const OwnedFd unsealable = some_file();
  for (const BorrowedFd fd : {file.borrow(), folder.borrow(), null.borrow(), sockets.first.borrow(),
                              pipe.read.borrow(), unsealable.borrow()}) {
    EXPECT_EQ(error_of_map<SealedMemory>(fd), SealError::may_shrink);
    EXPECT_EQ(error_of_map<SharedMemory>(fd), SealError::may_shrink);
  }
  const OwnedFd path = must(sysfd::open(cwd(), on_disk.path(), O_PATH));
  const int number = must(file.duplicate()).get();  // closed again
  for (const BorrowedFd fd : {path.borrow(), BorrowedFd::unsafe_borrow(number), cwd()}) {
    EXPECT_EQ(error_of_map<SealedMemory>(fd).value(), EBADF);
    EXPECT_EQ(error_of_map<SharedMemory>(fd).value(), EBADF);
  }
}

// Such a file has F_SEAL_SEAL.
TEST(Mapping, RefusesAFileOfATmpfs) {
  const auto fd = sysfd::open(cwd(), "/dev/shm", O_RDWR | O_TMPFILE, 0600);
  if (!fd || ::fcntl(fd->get(), F_GET_SEALS) == -1) GTEST_SKIP() << "needs a tmpfs in /dev/shm";
  EXPECT_EQ(error_of_map<SealedMemory>(*fd), SealError::may_shrink);
  EXPECT_EQ(error_of_map<SharedMemory>(*fd), SealError::may_shrink);
}

TEST(Mapping, NeedsADescriptorThatIsOpenForIt) {
  const OwnedFd fd = must(fixed_memfd("shared", page));
  const OwnedFd reader = must(reopen(fd, O_RDONLY));
  const OwnedFd writer = must(reopen(fd, O_WRONLY));
  EXPECT_EQ(error_of_map<SharedMemory>(reader).value(), EACCES);
  EXPECT_EQ(error_of_map<SharedMemory>(writer).value(), EACCES);
  const OwnedFd sealed = must(sealed_memfd("content", bytes("x")));
  EXPECT_EQ(error_of_map<SealedMemory>(must(reopen(sealed, O_WRONLY)).borrow()).value(), EACCES);
  EXPECT_TRUE(SealedMemory::map(must(reopen(sealed, O_RDONLY)).borrow()));
}

TEST(Mapping, WithoutMemoryIsAnError) {
  if (is_sanitized) GTEST_SKIP() << "needs to be without a sanitizer, which needs much memory";
  const OwnedFd shared = must(fixed_memfd("shared", std::uint64_t{1} << 40));
  run_apart([&] {
    const rlimit limit{1ULL << 34, 1ULL << 34};
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
    EXPECT_EQ(error_of_map<SharedMemory>(shared).value(), ENOMEM);
    EXPECT_EQ(error_of(SealedMemory::copy(shared, std::numeric_limits<std::size_t>::max())).value(),
              ENOMEM);
  });
}

TEST(SharedMemory, IsSeenByAllAndKeepsItsSize) {
  const OwnedFd fd = must(fixed_memfd("shared", 2 * page + 5));
  const auto memory = must(SharedMemory::map(fd));
  EXPECT_EQ(memory.bytes().size(), 2 * page + 5);
  EXPECT_TRUE(std::ranges::all_of(memory.bytes(), [](std::byte b) { return b == std::byte{}; }));
  SecondHolder holder(fd);
  EXPECT_EQ(holder(Do::map_and_write, page), 0);
  EXPECT_EQ(memory.bytes()[0], std::byte{'X'});
  memory.bytes()[1] = std::byte{'Y'};
  EXPECT_EQ(holder.read(2), "XY");
  EXPECT_EQ(holder(Do::truncate, 1), -EPERM);
  EXPECT_EQ(holder(Do::truncate, 1 << 20), -EPERM);
  EXPECT_EQ(holder(Do::add_seals, F_SEAL_WRITE), -EPERM);
  EXPECT_EQ(holder(Do::punch, 3 * page), 0) << "zeros, and not SIGBUS";
  EXPECT_EQ(signal_of_reading(reinterpret_cast<char*>(memory.bytes().data()) + 2 * page), 0);
  EXPECT_EQ(memory.bytes()[0], std::byte{});
}

TEST(SharedMemory, RefusesWhatIsSealedAgainstWritingOrNotAgainstShrinking) {
  EXPECT_EQ(error_of_map<SharedMemory>(memfd(page, 0).borrow()), SealError::may_shrink);
  EXPECT_EQ(error_of_map<SharedMemory>(memfd(page, F_SEAL_GROW).borrow()), SealError::may_shrink);
  EXPECT_EQ(error_of_map<SharedMemory>(memfd(page, F_SEAL_SHRINK).borrow()), std::error_code());
  const OwnedFd sealed = must(sealed_memfd("content", bytes("x")));
  EXPECT_EQ(error_of_map<SharedMemory>(sealed).value(), EPERM);
}

TEST(SharedMemory, MayBeEmptyAndNotHuge) {
  EXPECT_TRUE(must(SharedMemory::map(must(fixed_memfd("none", 0)).borrow())).bytes().empty());
  constexpr auto most = std::uint64_t{1} << 63;
  EXPECT_EQ(error_of(fixed_memfd("huge", most)).value(), EFBIG);
  EXPECT_EQ(error_of(fixed_memfd("huge", ~std::uint64_t{0})).value(), EFBIG);
}

TEST(SealedMemfd, TellsErrorsAndLeavesNothingOpen) {
  const std::string too_long(300, 'n');
  EXPECT_EQ(error_of(sealed_memfd(too_long, bytes("x"))).value(), EINVAL);
  EXPECT_EQ(error_of(fixed_memfd(too_long, 1)).value(), EINVAL);
  run_apart([] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit size{100, 100};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &size), 0);
    const auto before = open_descriptors();
    EXPECT_EQ(error_of(sealed_memfd("content", bytes(std::string(101, 'x')))).value(), EFBIG);
    EXPECT_EQ(error_of(fixed_memfd("content", 101)).value(), EFBIG);
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(sealed_memfd("content", bytes(std::string(100, 'x'))));
  });
  run_apart([] {
    const rlimit none{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_EQ(error_of(sealed_memfd("content", bytes("x"))).value(), EMFILE);
    EXPECT_EQ(error_of(fixed_memfd("content", 1)).value(), EMFILE);
  });
}

TEST(SealedMemfd, CannotBeExecuted) {
  SYSFD_REQUIRE_KERNEL("MFD_NOEXEC_SEAL");
  for (const OwnedFd& fd :
       {must(sealed_memfd("content", bytes("x"))), must(fixed_memfd("content", 1))}) {
    struct stat status{};
    ASSERT_EQ(::fstat(fd.get(), &status), 0);
    EXPECT_EQ(status.st_mode & 0111, 0U);
    EXPECT_EQ(::fcntl(fd.get(), F_GET_SEALS) & 0x20 /* F_SEAL_EXEC */, 0x20);
    EXPECT_EQ(::fchmod(fd.get(), 0700), -1);
  }
}

TEST(SealedMemfd, IsMadeWhereTheFlagIsUnknownOrRefused) {
  for (const int refusal : {EINVAL, ENOSYS, EPERM, EACCES})
    run_apart([&] {
      refuse_calls({{SYS_memfd_create, refusal, RefusedCall::Match{1, 8, 8}}});
      const OwnedFd fd = must(sealed_memfd("content", bytes("abc")));
      EXPECT_EQ(text(must(SealedMemory::map(fd)).bytes()), "abc");
      EXPECT_TRUE(SharedMemory::map(must(fixed_memfd("content", 1)).borrow()));
    });
}

TEST(SealError, SaysWhatCouldHappen) {
  const std::error_code may_shrink = SealError::may_shrink;
  const std::error_code may_change = SealError::may_change;
  EXPECT_NE(may_shrink.message().find("SIGBUS"), std::string::npos);
  EXPECT_NE(may_change.message().find("change while it is read"), std::string::npos);
  EXPECT_NE(may_shrink, may_change);
  EXPECT_EQ(may_shrink, std::errc::operation_not_permitted);
  EXPECT_EQ(may_change, std::errc::operation_not_permitted);
  EXPECT_STREQ(may_shrink.category().name(), "sysfd.seals");
}

}  // namespace
}  // namespace sysfd_test
