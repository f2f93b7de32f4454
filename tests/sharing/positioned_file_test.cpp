// SPDX-License-Identifier: MIT
//
// Tests what other holders of a description change for plain reads and writes, but not for a
// PositionedFile.
#include <sysfd/positioned_file.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"
#include "support/system_calls.hpp"

namespace sysfd_test {
namespace {

std::string read_plainly(const OwnedFd& fd, std::size_t size) {
  std::string text(size, '\0');
  const ssize_t got = ::read(fd.get(), text.data(), size);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

std::string read(PositionedFile& file, std::size_t size) {
  std::string text(size, '\0');
  text.resize(must(file.read(text)));
  return text;
}

TEST(SharedPosition, IsMovedByAnotherHolderUnderPlainReads) {
  const ScratchFile file(digits);
  const OwnedFd fd = file.open(O_RDWR);
  SecondHolder holder(fd);
  EXPECT_EQ(read_plainly(fd, 2), "01");
  EXPECT_EQ(holder.read(3), "234");
  EXPECT_EQ(read_plainly(fd, 2), "56") << "bytes are missing";
  EXPECT_EQ(holder(Do::seek, 1), 1);
  EXPECT_EQ(::write(fd.get(), "X", 1), 1);
  EXPECT_EQ(file.content(), "0X23456789") << "written somewhere else";
}

TEST(SharedPosition, IsNotThatOfAPositionedFile) {
  SYSFD_REQUIRE_KERNEL("RWF_NOAPPEND");
  const MemoryFile file(digits);
  const OwnedFd fd = file.open(O_RDWR);
  SecondHolder holder(fd);
  PositionedFile ours(must(fd.duplicate()));
  EXPECT_EQ(read(ours, 2), "01");
  EXPECT_EQ(holder.read(3), "012") << "this process did not change the other offset";
  EXPECT_EQ(read(ours, 2), "23");
  EXPECT_EQ(holder(Do::seek, 1), 1);
  EXPECT_EQ(ours.write(bytes("X")), 1U);
  EXPECT_EQ(ours.position(), 5U);
  EXPECT_EQ(file.content(), "0123X56789");
  EXPECT_EQ(holder.read(3), "123");
}

TEST(SharedFlags, MakePlainWritesGoToTheEnd) {
  const ScratchFile file(digits);
  const OwnedFd fd = file.open(O_RDWR);
  SecondHolder holder(fd);
  EXPECT_EQ(holder(Do::add_flags, O_APPEND), 0);
  EXPECT_EQ(::write(fd.get(), "A", 1), 1);
  EXPECT_EQ(::pwrite(fd.get(), "B", 1, 0), 1);
  EXPECT_EQ(file.content(), "0123456789AB") << "not even pwrite(2) writes at its offset";
}

TEST(SharedFlags, DoNotMisleadAPositionedFile) {
  SYSFD_REQUIRE_KERNEL("RWF_NOAPPEND");
  const MemoryFile file(digits);
  const OwnedFd fd = file.open(O_RDWR);
  SecondHolder holder(fd);
  PositionedFile ours(must(fd.duplicate()), 1);
  EXPECT_EQ(holder(Do::add_flags, O_APPEND), 0);
  EXPECT_EQ(ours.write(bytes("A")), 1U);
  EXPECT_EQ(ours.write_at(bytes("B"), 5), 1U);
  EXPECT_TRUE(ours.write_all(bytes("C")));
  EXPECT_TRUE(ours.write_all_at(bytes("D"), 7));
  EXPECT_EQ(file.content(), "0AC34B6D89");
  EXPECT_EQ(::fcntl(fd.get(), F_GETFL) & O_APPEND, O_APPEND) << "the other's flag stays";
}

TEST(SharedFlags, OfNonBlockingModeMeanNothingForFiles) {
  const ScratchFile file(digits);
  const OwnedFd fd = file.open(O_RDWR);
  SecondHolder holder(fd);
  PositionedFile ours(must(fd.duplicate()));
  EXPECT_EQ(holder(Do::add_flags, O_NONBLOCK), 0);
  std::string all(10, '\0');
  EXPECT_TRUE(ours.read_exact(all));
  EXPECT_EQ(all, digits);
}

TEST(SharedFlags, AreNotNeededToAppend) {
  const ScratchFile file(digits);
  const OwnedFd fd = file.open(O_RDWR);
  SecondHolder holder(fd);
  PositionedFile ours(must(fd.duplicate()), 3);
  EXPECT_EQ(holder(Do::clear_flags, O_APPEND), 0);
  EXPECT_EQ(holder(Do::write, "ab"), 2);
  EXPECT_EQ(ours.append(bytes("X")), 1U);
  EXPECT_EQ(holder(Do::add_flags, O_APPEND), 0);
  EXPECT_EQ(ours.append(bytes("YZ")), 2U);
  EXPECT_EQ(file.content(), "ab23456789XYZ");
  EXPECT_EQ(ours.position(), 3U);
}

TEST(Append, OfTwoProcessesAtOnceIsNotMixed) {
  const ScratchFile file;
  const OwnedFd fd = file.open(O_RDWR);
  SecondHolder holder(fd);
  PositionedFile ours(must(fd.duplicate()));
  constexpr int times = 500;
  const std::string their_line(100, 'b');
  const std::string our_line(100, 'a');
  holder.begin(SecondHolder::with_text(Do::append_many, their_line, times));
  for (int i = 0; i < times; ++i)
    ASSERT_EQ(ours.append(our_line), 100U);
  EXPECT_EQ(holder.end(), 0);

  const std::string content = file.content();
  ASSERT_EQ(content.size(), std::size_t{200} * times);
  int ours_found = 0;
  for (std::size_t at = 0; at < content.size(); at += 100) {
    const std::string line = content.substr(at, 100);
    ASSERT_TRUE(line == our_line || line == their_line) << at << ": " << line;
    ours_found += line == our_line ? 1 : 0;
  }
  EXPECT_EQ(ours_found, times);
}

// Each of the functions, and the system calls that it makes.
struct Function {
  const char* name;
  std::vector<long> calls;
  std::function<bool(PositionedFile&)> call;
};

const std::vector<Function>& functions() {
  static std::string buffer(4, '\0');
  static const iovec vector{buffer.data(), buffer.size()};
  static const std::vector<Function> all = {
      {"read", {SYS_pread64}, [](PositionedFile& f) { return f.read(buffer) == 4U; }},
      {"read_at",
       {SYS_pread64},
       [](PositionedFile& f) {
         return f.read_at(std::as_writable_bytes(std::span(buffer)), 1) == 4U;
       }},
      {"read_at, vectored",
       {SYS_preadv},
       [](PositionedFile& f) { return f.read_at(std::span(&vector, 1), 1) == 4U; }},
      {"read_exact",
       {SYS_pread64},
       [](PositionedFile& f) { return f.read_exact(buffer).has_value(); }},
      {"read_exact_at",
       {SYS_pread64},
       [](PositionedFile& f) {
         return f.read_exact_at(std::as_writable_bytes(std::span(buffer)), 1).has_value();
       }},
      {"write", {SYS_pwritev2}, [](PositionedFile& f) { return f.write(buffer) == 4U; }},
      {"write_at",
       {SYS_pwritev2},
       [](PositionedFile& f) { return f.write_at(bytes("x"), 1) == 1U; }},
      {"write_at, vectored",
       {SYS_pwritev2},
       [](PositionedFile& f) { return f.write_at(std::span(&vector, 1), 1) == 4U; }},
      {"write_all",
       {SYS_pwritev2},
       [](PositionedFile& f) { return f.write_all(buffer).has_value(); }},
      {"write_all_at",
       {SYS_pwritev2},
       [](PositionedFile& f) { return f.write_all_at(bytes("x"), 1).has_value(); }},
      {"append", {SYS_pwritev2}, [](PositionedFile& f) { return f.append(buffer) == 4U; }},
      {"seek", {}, [](PositionedFile& f) { return f.seek(1) == 1U; }},
      {"seek from the position",
       {},
       [](PositionedFile& f) { return f.seek(1, SeekFrom::position).has_value(); }},
      {"position", {}, [](PositionedFile& f) { return f.position() == 0; }},
  };
  return all;
}

TEST(EachFunctionOfPositionedFile, MakesOneSystemCall) {
  SYSFD_REQUIRE_KERNEL("RWF_NOAPPEND");
  SYSFD_REQUIRE_ISOLATION();
  const MemoryFile scratch(digits);
  for (const auto& [name, expected, call] : functions()) {
    PositionedFile file(scratch.open(O_RDWR));
    ASSERT_EQ(file.write_at(bytes("0"), 0), 1U);  // the first one finds out the file system
    bool done = false;
    const auto calls = system_calls_of([&] { EXPECT_TRUE(call(file)) << name; });
    if (!calls) GTEST_SKIP() << "needs ptrace";
    EXPECT_EQ(*calls, expected) << name;
    done = call(file);
    EXPECT_TRUE(done) << name;
  }
}

TEST(EachFunctionOfPositionedFile, LeavesTheDescriptionAsItWas) {
  SYSFD_REQUIRE_KERNEL("RWF_NOAPPEND");
  for (const int flags : {0, O_APPEND, O_NONBLOCK}) {
    const MemoryFile scratch(digits);
    const OwnedFd fd = scratch.open(O_RDWR | flags);
    const OwnedFd other = scratch.open(O_RDWR);
    SecondHolder holder(fd);
    EXPECT_EQ(holder(Do::seek, 3), 3);
    EXPECT_EQ(holder(Do::lock, F_WRLCK, 4, 2), 0);
    const auto before = state_of(fd.get(), other.get());
    EXPECT_EQ(before.offset, 3);
    EXPECT_EQ(before.lock_start, 2);
    for (const auto& function : functions()) {
      PositionedFile file(must(fd.duplicate()));
      EXPECT_TRUE(function.call(file)) << function.name;
      EXPECT_EQ(state_of(fd.get(), other.get()), before) << function.name;
    }
    PositionedFile file(must(fd.duplicate()));
    EXPECT_TRUE(file.size());
    EXPECT_TRUE(file.seek(-1, SeekFrom::end));
    EXPECT_EQ(state_of(fd.get(), other.get()), before);
  }
}

// Kernels before Linux 6.9 fail so for a flag that they do not know.
void refuse_noappend() {
  refuse_calls({{SYS_pwritev2, EOPNOTSUPP, RefusedCall::Match{5, 0x20}}});
}

TEST(PositionedFileWithoutNoAppend, DoesNotWriteToWhatOthersMayHold) {
  const ScratchFile scratch(digits);
  run_apart([&] {
    PositionedFile file(scratch.open(O_RDWR), 2);
    refuse_noappend();
    EXPECT_EQ(error_of(file.write(bytes("X"))).value(), EOPNOTSUPP);
    EXPECT_EQ(error_of(file.write_at(bytes("X"), 1)).value(), EOPNOTSUPP);
    EXPECT_EQ(error_of(file.write_all(bytes("X"))).value(), EOPNOTSUPP);
    EXPECT_EQ(error_of(file.write_all_at(bytes("X"), 1)).value(), EOPNOTSUPP);
    EXPECT_EQ(file.position(), 2U);
    EXPECT_EQ(scratch.content(), digits) << "and nothing was written";
    EXPECT_EQ(read(file, 2), "23");
    EXPECT_EQ(file.append(bytes("Z")), 1U);
  });
  EXPECT_EQ(scratch.content(), "0123456789Z");
}

TEST(PositionedFileWithoutNoAppend, WritesToAUniqueDescription) {
  const ScratchFile scratch(digits);
  run_apart([&] {
    PositionedFile file(must(UniqueDescription::open(cwd(), scratch.path(), O_RDWR)), 2);
    refuse_noappend();
    EXPECT_EQ(file.write(bytes("X")), 1U);
    EXPECT_TRUE(file.write_all_at(bytes("Y"), 5));
    EXPECT_EQ(file.position(), 3U);
    PositionedFile moved = std::move(file);
    EXPECT_EQ(moved.write(bytes("Z")), 1U);
  });
  EXPECT_EQ(scratch.content(), "01XZ4Y6789");
}

TEST(PositionedFileWithoutNoAppend, DoesNotWriteToAUniqueDescriptionThatAppends) {
  const ScratchFile scratch(digits);
  run_apart([&] {
    const auto path = scratch.path();
    PositionedFile file(must(UniqueDescription::open(cwd(), path, O_RDWR | O_APPEND)), 2);
    refuse_noappend();
    EXPECT_EQ(error_of(file.write(bytes("X"))).value(), EOPNOTSUPP);
    EXPECT_EQ(file.position(), 2U);
  });
  EXPECT_EQ(scratch.content(), digits);
}

TEST(PositionedFileWithoutNoAppend, TellsOtherErrorsOfAUniqueDescription) {
  const ScratchFile scratch(digits);
  run_apart([&] {
    PositionedFile file(must(UniqueDescription::open(cwd(), scratch.path(), O_RDONLY)));
    refuse_noappend();
    EXPECT_EQ(error_of(file.write(bytes("X"))).value(), EBADF);
  });
}

// The list of allowed system calls of these sandboxes is older than preadv2(2) and pwritev2(2).
void refuse_newer_calls(int error) {
  refuse_calls({{SYS_preadv2, error}, {SYS_pwritev2, error}});
}

TEST(PositionedFileInASandbox, ReadsWithTheOlderCalls) {
  const ScratchFile scratch(digits);
  for (const int error : {ENOSYS, EPERM})
    run_apart([&] {
      PositionedFile file(scratch.open(O_RDONLY), 2);
      refuse_newer_calls(error);
      EXPECT_EQ(read(file, 2), "23");
      std::string all(4, '\0');
      EXPECT_TRUE(file.read_exact(all));
      EXPECT_EQ(all, "4567");
      const iovec vector{all.data(), all.size()};
      EXPECT_EQ(file.read_at(std::span(&vector, 1), 1), 4U);
      EXPECT_EQ(all, "1234");
      EXPECT_EQ(error_of(file.read(all, {.nowait = true})).value(), error);
    });
}

TEST(PositionedFileInASandbox, WritesToAUniqueDescriptionWithTheOlderCalls) {
  for (const int error : {ENOSYS, EPERM}) {
    const ScratchFile scratch(digits);
    run_apart([&] {
      PositionedFile file(must(UniqueDescription::open(cwd(), scratch.path(), O_RDWR)), 2);
      PositionedFile shared(scratch.open(O_RDWR));
      refuse_newer_calls(error);
      EXPECT_EQ(file.write(bytes("X")), 1U);
      EXPECT_TRUE(file.write_all_at(bytes("Y"), 5));
      const int refusal = error_of(shared.write(bytes("Z"))).value();
      EXPECT_TRUE(refusal == EOPNOTSUPP || refusal == error) << refusal;
    });
    EXPECT_EQ(scratch.content(), "01X34Y6789");
  }
}

// The files of /proc accept no flags.
TEST(PositionedFileOfProc, IsWrittenThroughAUniqueDescription) {
  run_apart([] {
    const std::string path = "/proc/self/oom_score_adj";
    PositionedFile file(must(UniqueDescription::open(cwd(), path, O_RDWR)));
    EXPECT_EQ(file.write(bytes("123")), 3U);
    std::string got(4, '\0');
    EXPECT_EQ(file.read_at(std::as_writable_bytes(std::span(got)), 0), 4U);
    EXPECT_EQ(got, "123\n");
    PositionedFile shared(must(sysfd::open(cwd(), path, O_RDWR)));
    EXPECT_EQ(error_of(shared.write(bytes("124"))).value(), EOPNOTSUPP);
    EXPECT_EQ(error_of(shared.append(bytes("124"))).value(), EOPNOTSUPP);
  });
}

TEST(PositionedFileWithNoAppend, WritesToAnythingThatAppends) {
  SYSFD_REQUIRE_KERNEL("RWF_NOAPPEND");
  const MemoryFile scratch(digits);
  PositionedFile shared(scratch.open(O_RDWR | O_APPEND), 2);
  EXPECT_EQ(shared.write(bytes("X")), 1U);
  PositionedFile unique(must(UniqueDescription::open(cwd(), scratch.path(), O_RDWR | O_APPEND)), 3);
  EXPECT_EQ(unique.write(bytes("Y")), 1U);
  EXPECT_EQ(scratch.content(), "01XY456789");
}

}  // namespace
}  // namespace sysfd_test
