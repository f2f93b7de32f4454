// SPDX-License-Identifier: MIT
#include <sysfd/description.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <concepts>
#include <optional>
#include <type_traits>

#include <sysfd/command.hpp>
#include <sysfd/description_lock.hpp>
#include <sysfd/positioned_file.hpp>
#include <sysfd/sealed_memory.hpp>

#include "support/prelude.hpp"

#include "sharing/files.hpp"
#include "sharing/second_holder.hpp"

namespace sysfd_test {
namespace {

// Every way to make a second descriptor needs one of these conversions. Each has a test that must
// not compile (tests/compile_fail/sharing.cpp); this is the reason.
static_assert(!std::convertible_to<UniqueDescription&, BorrowedFd>);
static_assert(!std::constructible_from<BorrowedFd, UniqueDescription&>);
static_assert(!std::constructible_from<OwnedFd, UniqueDescription>);
static_assert(!std::copy_constructible<UniqueDescription>);
static_assert(!std::constructible_from<Stdio, UniqueDescription&>);
static_assert(!std::constructible_from<BorrowedFd, LentFd>);
static_assert(!std::convertible_to<LentFd, BorrowedFd>);
static_assert(!std::constructible_from<BorrowedFd, PositionedFile&>);

// The object can be borrowed from; one that dies too soon cannot.
static_assert(std::convertible_to<UniqueDescription&, LentFd>);
static_assert(std::convertible_to<const OwnedFd&, LentFd>);
static_assert(std::convertible_to<BorrowedFd, LentFd>);
static_assert(std::convertible_to<const PositionedFile&, LentFd>);
static_assert(!std::convertible_to<UniqueDescription, LentFd>);
static_assert(!std::convertible_to<OwnedFd, LentFd>);
static_assert(!std::convertible_to<int, LentFd>);
static_assert(!std::convertible_to<PositionedFile, LentFd>);

TEST(UniqueDescription, IsMadeInEachWayAndCloseOnExec) {
  const ScratchFile scratch("content");
  const OwnedFd shared = scratch.open(O_RDWR);
  auto opened = must(UniqueDescription::open(cwd(), scratch.path(), O_RDONLY));
  auto memory = must(UniqueDescription::memfd("memory"));
  auto reopened = must(UniqueDescription::reopen(shared, O_RDWR));
  EXPECT_TRUE(same_file(opened.get(), shared.get()));
  EXPECT_TRUE(same_file(reopened.get(), shared.get()));
  for (UniqueDescription* each : {&opened, &memory, &reopened}) {
    EXPECT_EQ(::fcntl(each->get(), F_GETFD), FD_CLOEXEC);
    const auto borrowed = BorrowedFd::unsafe_borrow(each->get());
    EXPECT_EQ(same_description(borrowed, shared), false);
  }
  const auto created =
      must(UniqueDescription::open(cwd(), scratch.path() + "2", O_RDWR | O_CREAT | O_EXCL, 0600));
  EXPECT_EQ(::write(created.get(), "x", 1), 1);
}

TEST(UniqueDescription, ThatCannotBeMadeIsAnError) {
  EXPECT_EQ(error_of(UniqueDescription::open(cwd(), "/absent", O_RDONLY)).value(), ENOENT);
  EXPECT_EQ(error_of(UniqueDescription::memfd(std::string(300, 'n'))).value(), EINVAL);
  const OwnedFd event = must(event_fd());
  EXPECT_EQ(error_of(UniqueDescription::reopen(event, O_RDWR)).value(), ENXIO);
}

TEST(UniqueDescription, IsClosedOnceAndMoved) {
  std::optional description = must(UniqueDescription::memfd("memory"));
  const int number = description->get();
  UniqueDescription moved = *std::move(description);
  description.reset();
  EXPECT_TRUE(is_open(number));
  moved = must(UniqueDescription::memfd("other"));
  EXPECT_FALSE(is_open(number));
  EXPECT_TRUE(std::move(moved).close());
}

TEST(UniqueDescription, IsAcceptedAsALentFd) {
  const ScratchFile scratch("content");
  auto description = must(UniqueDescription::open(cwd(), scratch.path(), O_RDWR));
  const LentFd lent = description;
  EXPECT_EQ(lent.get(), description.get());
  EXPECT_TRUE(DescriptionLock::acquire(description, LockMode::exclusive).has_value());
  EXPECT_EQ(text(must(SealedMemory::copy(description, 10)).bytes()), "content");
  const auto sealable = must(UniqueDescription::memfd("memory", MFD_ALLOW_SEALING));
  ASSERT_EQ(::fcntl(sealable.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_TRUE(SharedMemory::map(sealable));
  PositionedFile file(std::move(description));
  std::string start(3, '\0');
  EXPECT_TRUE(file.read_exact(start));
  EXPECT_EQ(start, "con");
}

TEST(UniqueDescription, IsNotOpenInWhatIsStartedMeanwhile) {
  const ScratchFile scratch("content");
  const auto description = must(UniqueDescription::open(cwd(), scratch.path(), O_RDWR));
  SecondHolder holder;
  EXPECT_EQ(holder(Do::seek, 3), 0) << "it has only /dev/null";
  EXPECT_EQ(::lseek(description.get(), 0, SEEK_CUR), 0);
}

TEST(UniqueDescription, IsSharedOnceItIsMadeShared) {
  auto description = must(UniqueDescription::memfd("memory"));
  const OwnedFd fd = std::move(description).into_shareable();
  SecondHolder holder(fd);
  EXPECT_EQ(holder(Do::write, "abc"), 3);
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), 3);
}

}  // namespace
}  // namespace sysfd_test
