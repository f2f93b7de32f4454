// SPDX-License-Identifier: MIT
//
// Copies files that are not sealed.
#include <sysfd/positioned_file.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <thread>

#include <sysfd/sealed_memory.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "support/system_calls.hpp"

namespace sysfd_test {
namespace {

constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();

std::string numbered(std::size_t size) {
  std::string content(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    content[i] = static_cast<char>(i + (i >> 8) + (i >> 16));
  return content;
}

TEST(Copy, HasWhatTheFileHas) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{64 * 1024 - 1},
        std::size_t{64 * 1024}, std::size_t{64 * 1024 + 1}, std::size_t{300'000}}) {
    const std::string content = numbered(size);
    const ScratchFile scratch(content);
    const OwnedFd fd = scratch.open(O_RDONLY);
    ASSERT_EQ(::lseek(fd.get(), 3, SEEK_SET), 3);
    const auto copy = must(SealedMemory::copy(fd, any_size));
    EXPECT_TRUE(text(copy.bytes()) == content) << size;
    EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), 3) << "the offset belongs to the others";
  }
}

TEST(Copy, IsNotChangedOrTakenAwayByAnotherHolder) {
  const ScratchFile scratch("0123456789");
  const OwnedFd fd = scratch.open(O_RDWR);
  const auto copy = must(SealedMemory::copy(fd, 100));
  SecondHolder holder(fd);
  EXPECT_EQ(holder(Do::write, "abc"), 3);
  EXPECT_EQ(holder(Do::truncate, 0), 0);
  EXPECT_EQ(text(copy.bytes()), "0123456789");
}

TEST(Copy, IsNotLongerThanTheLimit) {
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{100}, std::size_t{64 * 1024}, std::size_t{100'000}}) {
    const std::string content = numbered(size);
    const ScratchFile scratch(content);
    const OwnedFd fd = scratch.open(O_RDONLY);
    EXPECT_TRUE(text(must(SealedMemory::copy(fd, size)).bytes()) == content) << size;
    EXPECT_TRUE(text(must(SealedMemory::copy(fd, size + 1)).bytes()) == content) << size;
    EXPECT_EQ(error_of(SealedMemory::copy(fd, size - 1)).value(), EFBIG) << size;
    EXPECT_EQ(error_of(SealedMemory::copy(fd, 0)).value(), EFBIG) << size;
  }
  const ScratchFile nothing;
  EXPECT_TRUE(must(SealedMemory::copy(nothing.open(O_RDONLY).borrow(), 0)).bytes().empty());
}

// Their size is zero, and they are read in pieces.
TEST(Copy, OfAFileInProc) {
  const OwnedFd version = must(sysfd::open(cwd(), "/proc/version", O_RDONLY));
  std::ifstream stream("/proc/version");
  const std::string content{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(text(must(SealedMemory::copy(version, any_size)).bytes()), content);
  EXPECT_EQ(text(must(SealedMemory::copy(version, content.size())).bytes()), content);
  EXPECT_EQ(error_of(SealedMemory::copy(version, content.size() - 1)).value(), EFBIG);

  constexpr std::size_t pages = 4000;
  constexpr std::size_t page = 4096;
  void* const start = ::mmap(nullptr, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(start, MAP_FAILED);
  for (std::size_t i = 0; i < pages; i += 2)
    ASSERT_EQ(::mprotect(static_cast<char*>(start) + i * page, page, PROT_READ), 0);
  const OwnedFd maps = must(sysfd::open(cwd(), "/proc/self/maps", O_RDONLY));
  const auto copy = must(SealedMemory::copy(maps, any_size));
  ::munmap(start, pages * page);
  const std::string list = text(copy.bytes());
  EXPECT_GT(list.size(), std::size_t{130} * 1024) << "more than the first two guesses";
  EXPECT_TRUE(list.ends_with('\n'));
  EXPECT_GE(std::ranges::count(list, '\n'), 4000);
  EXPECT_EQ(list.find('\0'), std::string::npos);
}

TEST(Copy, OfWhatHasNoPositionsIsAnError) {
  const auto pipe = must(sysfd::pipe());
  const auto sockets = must(socket_pair(SOCK_STREAM));
  EXPECT_EQ(error_of(SealedMemory::copy(pipe.read, any_size)).value(), ESPIPE);
  EXPECT_EQ(error_of(SealedMemory::copy(pipe.read, 0)).value(), ESPIPE);
  EXPECT_EQ(error_of(SealedMemory::copy(sockets.first, any_size)).value(), ESPIPE);
  const OwnedFd folder = must(sysfd::open(cwd(), "/", O_RDONLY));
  EXPECT_EQ(error_of(SealedMemory::copy(folder, any_size)).value(), EISDIR);
  const ScratchFile scratch("x");
  const OwnedFd writer = scratch.open(O_WRONLY);
  EXPECT_EQ(error_of(SealedMemory::copy(writer, any_size)).value(), EBADF);
  EXPECT_EQ(error_of(SealedMemory::copy(cwd(), any_size)).value(), EBADF);
}

TEST(Copy, OfAnEndlessFileEndsAtTheLimit) {
  const OwnedFd zero = must(sysfd::open(cwd(), "/dev/zero", O_RDONLY));
  EXPECT_EQ(error_of(SealedMemory::copy(zero, 0)).value(), EFBIG);
  EXPECT_EQ(error_of(SealedMemory::copy(zero, 1'000'000)).value(), EFBIG);
}

// Any length between the two is right, but no error, and no content that never was there.
TEST(Copy, OfAFileThatGrowsAndShrinksMeanwhile) {
  const OwnedFd fd = some_file();
  const PositionedFile file(must(reopen(fd, O_RDWR)));
  constexpr std::size_t most = 200'000;
  std::atomic<bool> is_over = false;
  std::thread changer([&] {
    const std::string content(most, 'x');
    while (!is_over) {
      ASSERT_EQ(::pwrite(fd.get(), content.data(), most, 0), static_cast<ssize_t>(most));
      ASSERT_EQ(::ftruncate(fd.get(), 10), 0);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto copy = SealedMemory::copy(file, most);
    ASSERT_TRUE(copy) << copy.error().message();
    ASSERT_LE(copy->bytes().size(), most);
    // If the file was shorter and then longer between two reads, it contained zeros.
    for (const std::byte byte : copy->bytes())
      ASSERT_TRUE(byte == std::byte{'x'} || byte == std::byte{});
  }
  is_over = true;
  changer.join();
}

// The first size is only a guess.
TEST(Copy, OfAFileThatGrowsOrShrinksAfterItsSizeWasAsked) {
  SYSFD_REQUIRE_ISOLATION();
  const OwnedFd fd = some_file();
  for (const std::size_t first : {std::size_t{10}, std::size_t{100'000}})
    for (const std::size_t then : {std::size_t{0}, std::size_t{5}, std::size_t{300'000}}) {
      const std::string content = numbered(then);
      ASSERT_EQ(::ftruncate(fd.get(), static_cast<off_t>(first)), 0);
      const auto calls = system_calls_of(
          [&] {
            const auto copy = SealedMemory::copy(fd, 300'000);
            ASSERT_TRUE(copy);
            EXPECT_TRUE(text(copy->bytes()) == content) << first << ' ' << then;
          },
          [&](std::size_t number) {
            if (number != 1) return;
            ASSERT_EQ(::ftruncate(fd.get(), 0), 0);
            ASSERT_EQ(::pwrite(fd.get(), content.data(), then, 0), static_cast<ssize_t>(then));
          });
      if (!calls) GTEST_SKIP() << "needs ptrace";
    }
  ASSERT_EQ(::ftruncate(fd.get(), 10), 0);
  (void)system_calls_of([&] { EXPECT_EQ(error_of(SealedMemory::copy(fd, 50)).value(), EFBIG); },
                        [&](std::size_t number) {
                          if (number == 1 && ::ftruncate(fd.get(), 51) != 0) std::abort();
                        });
}

TEST(Copy, OfAPartlySealedFileIsWhatMapRefuses) {
  const OwnedFd fd = some_file();
  ASSERT_EQ(::write(fd.get(), "abc", 3), 3);
  EXPECT_EQ(error_of(SealedMemory::map(fd)), SealError::may_shrink);
  EXPECT_EQ(text(must(SealedMemory::copy(fd, 3)).bytes()), "abc");
}

}  // namespace
}  // namespace sysfd_test
