// SPDX-License-Identifier: MIT
//
// Tests what the functions of a PositionedFile return, and its position afterwards.
#include <sysfd/positioned_file.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/prelude.hpp"

#include "sharing/files.hpp"

namespace sysfd_test {
namespace {

constexpr std::uint64_t furthest = std::numeric_limits<std::int64_t>::max();

// Such a file can be written on every kernel.
PositionedFile unique(const ScratchFile& file, std::uint64_t position = 0, int flags = O_RDWR) {
  return PositionedFile(must(UniqueDescription::open(cwd(), file.path(), flags)), position);
}

template <std::size_t Size>
std::array<std::byte, Size> buffer() {
  return std::array<std::byte, Size>{};
}

TEST(PositionedRead, StopsAtTheEnd) {
  const ScratchFile scratch(digits);
  PositionedFile file = unique(scratch, 7);
  auto some = buffer<5>();
  EXPECT_EQ(file.read(some), 3U);
  EXPECT_EQ(text(some).substr(0, 3), "789");
  EXPECT_EQ(file.position(), 10U);
  EXPECT_EQ(file.read(some), 0U);
  EXPECT_EQ(file.position(), 10U);
  EXPECT_EQ(file.read_at(some, 1000), 0U);
  EXPECT_EQ(file.read(std::span<std::byte>()), 0U);
}

TEST(PositionedRead, OfAllOrNothingDoesNotMoveWhereTheFileEndsBefore) {
  const ScratchFile scratch(digits);
  PositionedFile file = unique(scratch, 7);
  auto some = buffer<5>();
  EXPECT_EQ(error_of(file.read_exact(some)).value(), ENODATA);
  EXPECT_EQ(file.position(), 7U);
  EXPECT_EQ(error_of(file.read_exact_at(some, 6)).value(), ENODATA);
  EXPECT_TRUE(file.read_exact_at(some, 5));
  EXPECT_EQ(text(some), "56789");
  EXPECT_EQ(file.position(), 7U);
  EXPECT_TRUE(file.read_exact(std::span(some).first(3)));
  EXPECT_EQ(text(some).substr(0, 3), "789");
  EXPECT_EQ(file.position(), 10U);
  EXPECT_TRUE(file.read_exact(std::span<std::byte>())) << "nothing is there everywhere";
}

// The kernel returns a list of mappings in pieces of about a page.
TEST(PositionedRead, GoesOnWhereOneCallDoesNotGiveAll) {
  constexpr std::size_t pages = 400;
  constexpr std::size_t page = 4096;
  void* const start = ::mmap(nullptr, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(start, MAP_FAILED);
  for (std::size_t i = 0; i < pages; i += 2)
    ASSERT_EQ(::mprotect(static_cast<char*>(start) + i * page, page, PROT_READ), 0);
  PositionedFile file(must(sysfd::open(cwd(), "/proc/self/maps", O_RDONLY)), 10);
  std::vector<char> all(3 * page);
  const auto at_once = file.read_at(std::as_writable_bytes(std::span(all)), 10);
  ASSERT_TRUE(at_once) << at_once.error().message();
  EXPECT_GT(*at_once, 0U);
  EXPECT_LT(*at_once, all.size()) << "or this shows nothing";
  EXPECT_TRUE(file.read_exact(all));
  EXPECT_EQ(file.position(), 10 + all.size());
  std::vector<char> bytewise(all.size());
  for (std::size_t i = 0; i < all.size(); i += 1024)
    EXPECT_TRUE(
        file.read_exact_at(std::as_writable_bytes(std::span(bytewise)).subspan(i, 1024), 10 + i));
  EXPECT_EQ(bytewise, all) << "each piece is in its place";
  ::munmap(start, pages * page);
}

TEST(PositionedRead, DoesNotWaitWithNowait) {
  const ScratchFile scratch(digits);
  PositionedFile file = unique(scratch);
  auto some = buffer<4>();
  const auto got = file.read(some, {.nowait = true});
  if (got) {
    EXPECT_EQ(*got, 4U);
    EXPECT_EQ(text(some), "0123");
    EXPECT_EQ(file.position(), 4U);
  } else {
    const int error = got.error().value();
    EXPECT_TRUE(error == EAGAIN || error == EOPNOTSUPP) << got.error().message();
    EXPECT_EQ(file.position(), 0U);
  }
}

TEST(PositionedRead, IntoSeveralBuffers) {
  const ScratchFile scratch(digits);
  const PositionedFile file = unique(scratch, 4);
  std::string first(3, '\0');
  std::string second(5, '\0');
  const iovec both[] = {{first.data(), 3}, {second.data(), 5}};
  EXPECT_EQ(file.read_at(both, 1), 8U);
  EXPECT_EQ(first + second, "12345678");
  EXPECT_EQ(file.position(), 4U);
  EXPECT_EQ(file.read_at(std::span<const iovec>(), 1), 0U);
}

TEST(PositionedWrite, OfSeveralBuffers) {
  const ScratchFile scratch(digits);
  const PositionedFile file = unique(scratch, 4);
  std::string first = "abc";
  std::string second = "de";
  const iovec both[] = {{first.data(), 3}, {second.data(), 2}};
  EXPECT_EQ(file.write_at(both, 1), 5U);
  EXPECT_EQ(scratch.content(), "0abcde6789");
  EXPECT_EQ(file.position(), 4U);
}

TEST(PositionedFile, TakesAThousandAndTwentyFourBuffersAndNotOneMore) {
  const ScratchFile scratch(std::string(2000, 'x'));
  const PositionedFile file = unique(scratch);
  char byte = 0;
  const std::vector<iovec> many(1025, iovec{&byte, 1});
  const auto as_many_as_can_be = std::span(many).first(1024);
  EXPECT_EQ(file.read_at(as_many_as_can_be, 0), 1024U);
  EXPECT_EQ(file.write_at(as_many_as_can_be, 0), 1024U);
  EXPECT_EQ(error_of(file.read_at(many, 0)).value(), EINVAL);
  EXPECT_EQ(error_of(file.write_at(many, 0)).value(), EINVAL);
}

TEST(PositionedWrite, BeyondTheEndLeavesAHole) {
  const ScratchFile scratch("ab");
  PositionedFile file = unique(scratch);
  EXPECT_EQ(file.seek(5), 5U);
  EXPECT_EQ(file.size(), 2U);
  EXPECT_EQ(file.write(bytes("X")), 1U);
  EXPECT_EQ(scratch.content(), std::string("ab\0\0\0X", 6));
  EXPECT_EQ(file.size(), 6U);
  EXPECT_EQ(file.position(), 6U);
  auto hole = buffer<3>();
  EXPECT_TRUE(file.read_exact_at(hole, 2));
  EXPECT_EQ(text(hole), std::string(3, '\0'));
}

TEST(PositionedWrite, MayBeShortAndThenAnError) {
  const ScratchFile scratch(digits);
  run_apart([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{12, 12};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    PositionedFile file = unique(scratch, 10);
    EXPECT_EQ(file.write(bytes("abcd")), 2U) << "a short write";
    EXPECT_EQ(file.position(), 12U);
    EXPECT_EQ(error_of(file.write(bytes("cd"))).value(), EFBIG);
    EXPECT_EQ(file.position(), 12U);
    EXPECT_EQ(error_of(file.append(bytes("x"))).value(), EFBIG);

    EXPECT_EQ(file.seek(8), 8U);
    EXPECT_EQ(error_of(file.write_all(bytes("ABCDEF"))).value(), EFBIG);
    EXPECT_EQ(file.position(), 8U) << "the position has not moved";
    EXPECT_EQ(error_of(file.write_all_at(bytes("ABCDEF"), 8)).value(), EFBIG);
  });
  EXPECT_EQ(scratch.content(), "01234567ABCD");
}

TEST(PositionedFile, ThatMayNotBeReadOrWrittenIsAnError) {
  const ScratchFile scratch(digits);
  PositionedFile reader = unique(scratch, 1, O_RDONLY);
  PositionedFile writer = unique(scratch, 1, O_WRONLY);
  auto some = buffer<2>();
  EXPECT_EQ(error_of(reader.write(some)).value(), EBADF);
  EXPECT_EQ(error_of(reader.append(some)).value(), EBADF);
  EXPECT_EQ(error_of(writer.read(some)).value(), EBADF);
  EXPECT_EQ(reader.position() + writer.position(), 2U);
}

TEST(PositionedFile, HasNoPlaceInAPipeOrSocketAndADirectoryHasNoBytes) {
  auto pipe = must(sysfd::pipe());
  auto sockets = must(socket_pair(SOCK_STREAM));
  PositionedFile reading(std::move(pipe.read));
  PositionedFile writing(std::move(pipe.write));
  PositionedFile socket(std::move(sockets.first));
  auto some = buffer<2>();
  EXPECT_EQ(error_of(reading.read(some)).value(), ESPIPE);
  EXPECT_EQ(error_of(writing.write(some)).value(), ESPIPE);
  EXPECT_EQ(error_of(writing.append(some)).value(), ESPIPE);
  EXPECT_EQ(error_of(socket.read(some)).value(), ESPIPE);
  EXPECT_EQ(error_of(reading.size()).value(), ESPIPE);
  EXPECT_EQ(error_of(socket.size()).value(), ESPIPE);
  EXPECT_EQ(error_of(reading.seek(0, SeekFrom::end)).value(), ESPIPE);
  PositionedFile directory(must(sysfd::open(cwd(), "/", O_RDONLY)));
  EXPECT_EQ(error_of(directory.read(some)).value(), EISDIR);
  EXPECT_EQ(error_of(directory.size()).value(), ESPIPE);
}

TEST(PositionedFile, RefusesOffsetsBeyondWhatTheKernelHas) {
  const ScratchFile scratch(digits);
  const OwnedFd fd = scratch.open(O_RDWR);
  auto some = buffer<2>();
  const PositionedFile file(must(fd.duplicate()));
  // 2^64 - 1 would be the description's own offset.
  for (const std::uint64_t offset : {furthest + 1, ~std::uint64_t{0}, ~std::uint64_t{0} - 1}) {
    EXPECT_EQ(error_of(file.read_at(some, offset)).value(), EINVAL) << offset;
    const iovec vector{some.data(), some.size()};
    EXPECT_EQ(error_of(file.read_at(std::span(&vector, 1), offset)).value(), EINVAL) << offset;
    EXPECT_EQ(error_of(file.write_at(some, offset)).value(), EINVAL) << offset;
    EXPECT_EQ(error_of(file.read_exact_at(some, offset)).value(), EINVAL) << offset;
    EXPECT_EQ(error_of(file.write_all_at(some, offset)).value(), EINVAL) << offset;
    PositionedFile there(must(fd.duplicate()), offset);
    EXPECT_EQ(error_of(there.read(some)).value(), EINVAL) << offset;
    EXPECT_EQ(error_of(there.write(some)).value(), EINVAL) << offset;
    EXPECT_EQ(there.position(), offset);
  }
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), 0);
  EXPECT_EQ(scratch.content(), digits);
}

TEST(PositionedFile, AsksTheKernelAtItsLastOffset) {
  const ScratchFile scratch(digits);
  PositionedFile file = unique(scratch);
  auto some = buffer<2>();
  EXPECT_EQ(file.seek(static_cast<std::int64_t>(furthest)), furthest);
  EXPECT_EQ(error_of(file.read(some)).value(), EINVAL) << "what is read would end beyond";
  const int error = error_of(file.write(some)).value();
  EXPECT_TRUE(error == EINVAL || error == EFBIG) << error;
  EXPECT_EQ(file.read_at(some, furthest - 2), 0U);
  EXPECT_EQ(file.position(), furthest);
}

TEST(PositionedFile, TakesAnyRangeOfBytesOrCharacters) {
  const ScratchFile scratch(digits);
  PositionedFile file = unique(scratch);
  std::string string(2, '\0');
  std::vector<char> vector(2);
  std::array<unsigned char, 2> array{};
  std::byte plain[2];
  char characters[2];
  EXPECT_EQ(file.read(string), 2U);
  EXPECT_EQ(file.read(vector), 2U);
  EXPECT_EQ(file.read(array), 2U);
  EXPECT_EQ(file.read(plain), 2U);
  EXPECT_EQ(file.read(characters), 2U);
  EXPECT_EQ(string, "01");
  EXPECT_EQ(std::string(vector.begin(), vector.end()), "23");
  EXPECT_EQ(std::string(array.begin(), array.end()), "45");
  EXPECT_EQ(text(plain), "67");
  EXPECT_EQ(std::string(characters, 2), "89");

  EXPECT_EQ(file.seek(0), 0U);
  EXPECT_TRUE(file.read_exact(std::span(string)));
  EXPECT_TRUE(file.read_exact(array));
  EXPECT_EQ(file.seek(0), 0U);
  constexpr std::string_view view = "ab";
  EXPECT_EQ(file.write(view), 2U);
  EXPECT_EQ(file.write(std::string("cd")), 2U);
  EXPECT_TRUE(file.write_all(std::vector<unsigned char>{'e', 'f'}));
  EXPECT_EQ(file.write(std::array{'g', 'h'}), 2U);
  EXPECT_EQ(file.append(view), 2U);
  EXPECT_EQ(scratch.content(), "abcdefgh89ab");
}

template <class Data>
concept Writable = requires(PositionedFile& file, const Data& data) {
  file.write(data);
  file.write_all(data);
  file.append(data);
};

TEST(PositionedFile, RefusesStringLiteralsWithTheirNul) {
  static_assert(!Writable<char[5]>);
  static_assert(Writable<std::byte[5]> && Writable<unsigned char[5]>);
  static_assert(Writable<std::string_view> && Writable<std::span<const char>>);
}

TEST(PositionedFile, MovesWithItsPosition) {
  const ScratchFile scratch(digits);
  PositionedFile file = unique(scratch, 3);
  PositionedFile moved = std::move(file);
  auto some = buffer<2>();
  EXPECT_EQ(moved.read(some), 2U);
  EXPECT_EQ(text(some), "34");
  PositionedFile assigned(some_file());
  assigned = std::move(moved);
  EXPECT_EQ(assigned.position(), 5U);
  EXPECT_EQ(assigned.read(some), 2U);
  EXPECT_EQ(text(some), "56");
  const OwnedFd fd = std::move(assigned).into_fd();
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), 0);
}

}  // namespace
}  // namespace sysfd_test
