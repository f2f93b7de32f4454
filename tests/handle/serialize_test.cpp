// SPDX-License-Identifier: MIT
//
// Tests stored handles, and bytes that were never a handle. tests/fuzz/ has more of them.
#include <sysfd/file_handle.hpp>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <random>
#include <span>
#include <vector>

#include "support/prelude.hpp"

#include "handle/scratch_file_system.hpp"
#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values)
    bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

FileHandle some_handle(std::size_t size, int type = 0x1234) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>(i * 7);
  return must(FileHandle::from_parts(type, bytes));
}

// Checks what must hold for any bytes: they are refused, or they are the stored form of a handle.
bool is_stored_handle(std::span<const std::byte> bytes) {
  const Bytes exact(bytes.begin(), bytes.end());  // a sanitizer sees where they end
  const auto handle = FileHandle::deserialize(exact);
  if (!handle) {
    EXPECT_EQ(handle.error(), std::errc::bad_message);
    return false;
  }
  EXPECT_EQ(handle->serialize(), exact);
  EXPECT_LE(handle->bytes().size(), FileHandle::max_size);
  EXPECT_GE(handle->type(), 0);
  return true;
}

TEST(HandleParts, MakeTheHandle) {
  const Bytes id = bytes_of({1, 2, 3, 4, 5, 6, 7, 8});
  const FileHandle handle = must(FileHandle::from_parts(0xfe, id));
  EXPECT_EQ(handle.type(), 0xfe);
  EXPECT_TRUE(std::ranges::equal(handle.bytes(), id));
  EXPECT_FALSE(handle.is_fid());
  EXPECT_FALSE(handle.is_connectable());
  EXPECT_TRUE(must(FileHandle::from_parts(0x10002, id)).is_connectable());
}

TEST(HandleParts, ThatTheKernelNeverMakesAreRefused) {
  EXPECT_TRUE(FileHandle::from_parts(0, {}));
  EXPECT_TRUE(FileHandle::from_parts(1, Bytes(FileHandle::max_size)));
  EXPECT_EQ(error_of(FileHandle::from_parts(1, Bytes(FileHandle::max_size + 1))),
            std::errc::invalid_argument);
  EXPECT_EQ(error_of(FileHandle::from_parts(-1, Bytes(8))), std::errc::invalid_argument);
}

TEST(StoredHandle, HasAFormThatStaysTheSame) {
  const FileHandle handle = must(FileHandle::from_parts(0x100fe, bytes_of({9, 8, 7})));
  EXPECT_EQ(handle.serialize(), bytes_of({1, 0, 0xfe, 0x00, 0x01, 0x00, 3, 9, 8, 7}));
}

TEST(StoredHandle, IsReadBackWhateverItsSize) {
  for (std::size_t size = 0; size <= FileHandle::max_size; ++size) {
    const FileHandle handle = some_handle(size);
    const auto read_back = FileHandle::deserialize(handle.serialize());
    ASSERT_TRUE(read_back) << size;
    EXPECT_EQ(*read_back, handle);
    EXPECT_EQ(read_back->type(), handle.type());
    EXPECT_FALSE(read_back->is_fid());
  }
}

TEST(StoredHandle, RemembersThatItIsAFid) {
  Bytes stored = some_handle(12).serialize();
  stored[1] = std::byte{1};
  const FileHandle fid = must(FileHandle::deserialize(stored));
  EXPECT_TRUE(fid.is_fid());
  EXPECT_EQ(fid.serialize(), stored);
  EXPECT_EQ(fid, some_handle(12)) << "it names the same file";
  EXPECT_EQ(error_of(open_by_handle(cwd(), fid, O_RDONLY)), std::errc::operation_not_supported);
}

TEST(StoredHandle, CutOffAnywhereIsRefused) {
  for (const std::size_t size : {0U, 1U, 8U, 12U, 128U}) {
    const Bytes stored = some_handle(size).serialize();
    for (std::size_t left = 0; left < stored.size(); ++left)
      EXPECT_FALSE(is_stored_handle(std::span(stored).first(left))) << left << " of " << size;
  }
}

TEST(StoredHandle, WithMoreBehindItIsRefused) {
  for (const std::size_t size : {0U, 8U, 127U, 128U}) {
    Bytes stored = some_handle(size).serialize();
    stored.push_back(std::byte{0});
    EXPECT_FALSE(is_stored_handle(stored)) << size;
  }
}

TEST(StoredHandle, OfAnotherFormIsRefused) {
  const Bytes stored = some_handle(8).serialize();
  constexpr std::size_t format = 0, fid = 1, highest_of_type = 5, size = 6;
  for (const auto& [at, value] : std::vector<std::pair<std::size_t, int>>{
           {format, 0}, {format, 2}, {fid, 2}, {highest_of_type, 0x80}, {size, 7}, {size, 9}}) {
    Bytes other = stored;
    other[at] = static_cast<std::byte>(value);
    EXPECT_FALSE(is_stored_handle(other)) << at << ": " << value;
  }
  Bytes too_large(7 + 129);
  std::ranges::copy(stored, too_large.begin());
  too_large[size] = std::byte{129};
  EXPECT_FALSE(is_stored_handle(too_large));
}

TEST(StoredHandle, CorruptedIsRefusedOrAnotherHandle) {
  std::mt19937 random(7);
  int taken = 0;
  const int cases = fewer_if_sanitized(200'000);
  for (int i = 0; i < cases; ++i) {
    Bytes stored = some_handle(random() % (FileHandle::max_size + 1)).serialize();
    for (auto changes = random() % 4; changes > 0; --changes)
      stored[random() % stored.size()] = static_cast<std::byte>(random());
    taken += is_stored_handle(stored);
  }
  EXPECT_GT(taken, cases / 4) << "the opaque part may be anything";
  EXPECT_LT(taken, cases);
}

TEST(StoredHandle, RandomBytesAreRefusedOrAHandle) {
  std::mt19937 random(8);
  for (int i = 0; i < fewer_if_sanitized(200'000); ++i) {
    Bytes bytes(random() % 160);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
    if (bytes.size() > 7 && random() % 2 == 0) {  // random bytes never come so close
      bytes[0] = std::byte{1};
      bytes[1] &= std::byte{1};
      bytes[6] = static_cast<std::byte>(bytes.size() - 7);
    }
    (void)is_stored_handle(bytes);
  }
}

class HostileHandle : public HandleTest {};

TEST_F(HostileHandle, OpensNothing) {
  const FileHandle handle = handle_of(files().create("file"));
  std::mt19937 random(9);
  for (int i = 0; i < 2000; ++i) {
    Bytes bytes(handle.bytes().begin(), handle.bytes().end());
    bytes.resize(random() % 2 == 0 ? bytes.size() : random() % (FileHandle::max_size + 1));
    for (auto& byte : bytes)
      if (random() % 4 == 0) byte = static_cast<std::byte>(random());
    const int type = random() % 2 == 0 ? handle.type() : static_cast<int>(random() & 0x7fffffff);
    const FileHandle hostile = must(FileHandle::from_parts(type, bytes));
    if (hostile == handle) continue;
    const auto opened = open_by_handle(files().root(), hostile, O_RDONLY);
    if (opened) continue;  // only a part that this file system ignores was changed
    const int error = opened.error().value();
    EXPECT_TRUE(error == ESTALE || error == EINVAL) << opened.error().message();
  }
}

}  // namespace
}  // namespace sysfd_test
