// SPDX-License-Identifier: MIT
//
// Tests advice on the memory of another process, and taking the memory back.
#include <sysfd/pidfd.hpp>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "support/prelude.hpp"

#include "pidfd/child.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

// Four pages with content, at an address that children share, and a hole after the first two.
class AdviseMemory : public testing::Test {
 protected:
  static constexpr std::size_t parts = 5;

  void SetUp() override {
    ASSERT_NE(memory_, MAP_FAILED);
    std::fill_n(static_cast<char*>(memory_), parts * page_, 'x');
    ASSERT_EQ(::munmap(at(2).iov_base, page_), 0);
    child_ = std::make_unique<ForkedChild>();
  }
  void TearDown() override {
    child_.reset();
    ::munmap(memory_, parts * page_);
  }

  iovec at(std::size_t part, std::size_t pages = 1) const {
    return {static_cast<char*>(memory_) + part * page_, pages * page_};
  }

  const std::size_t page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const memory_ =
      ::mmap(nullptr, parts* page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::unique_ptr<ForkedChild> child_;
};

TEST_F(AdviseMemory, IsTakenForTheCallerAndForAChild) {
  const iovec nothing{};
  const bool takes_willneed =  // not in Linux 5.10
      ::syscall(SYS_process_madvise, must(PidFd::self()).fd().get(), &nothing, 1, MADV_WILLNEED,
                0) == 0;
  for (const PidFd& process : {must(PidFd::self()), child_->pidfd()})
    for (const int advice : {MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED}) {
      if (advice == MADV_WILLNEED && !takes_willneed) continue;
      const iovec ranges[] = {at(0, 2), at(3)};
      EXPECT_EQ(process.advise_memory(ranges, advice), 3 * page_) << advice;
    }
  EXPECT_EQ(*static_cast<const char*>(at(0).iov_base), 'x');
}

TEST_F(AdviseMemory, OfNoRangesIsNothing) {
  EXPECT_EQ(child_->pidfd().advise_memory({}, MADV_COLD), 0U);
}

TEST_F(AdviseMemory, StopsAtWhatIsNotMapped) {
  const PidFd process = child_->pidfd();
  const iovec hole[] = {at(2)};
  EXPECT_EQ(error_of(process.advise_memory(hole, MADV_COLD)), std::errc::not_enough_memory);
  const iovec before_and_hole[] = {at(0, 2), at(2), at(3)};
  EXPECT_EQ(process.advise_memory(before_and_hole, MADV_COLD), 2 * page_);
}

TEST_F(AdviseMemory, OtherAdviceIsAnError) {
  const PidFd process = child_->pidfd();
  const iovec ranges[] = {at(0)};
  for (const int advice : {MADV_DONTNEED, MADV_FREE, -1, 12345})
    EXPECT_EQ(error_of(process.advise_memory(ranges, advice)), std::errc::invalid_argument)
        << advice;
}

TEST_F(AdviseMemory, OfAReapedProcessIsAnError) {
  const PidFd process = child_->pidfd();
  const iovec ranges[] = {at(0)};
  child_->end_and_reap();
  EXPECT_EQ(error_of(process.advise_memory(ranges, MADV_COLD)), std::errc::no_such_process);
}

TEST_F(AdviseMemory, OfAProcessOfAnotherUserIsAnError) {
  SYSFD_REQUIRE_ROOT();
  const PidFd process = child_->pidfd();
  const iovec ranges[] = {at(0)};
  run_apart([&] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    const auto error = error_of(process.advise_memory(ranges, MADV_COLD));
    EXPECT_TRUE(error.value() == EACCES || error.value() == EPERM) << error.message();
  });
}

TEST(ReleaseMemory, OfALivingProcessIsAnError) {
  SYSFD_REQUIRE_KERNEL("process_mrelease");
  const ForkedChild child;
  EXPECT_EQ(error_of(child.pidfd().release_memory()), std::errc::invalid_argument);
  EXPECT_EQ(error_of(must(PidFd::self()).release_memory()), std::errc::invalid_argument);
}

TEST(ReleaseMemory, OfAProcessThatIsBeingKilledSucceeds) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_KERNEL("process_mrelease");
  for (int i = 0; i < 50; ++i) {
    const ForkedChild child;
    const PidFd process = child.pidfd();
    ASSERT_TRUE(process.send_signal(SIGKILL));
    const auto released = process.release_memory();
    EXPECT_TRUE(released) << released.error().message();
    EXPECT_EQ(process.wait(), ExitStatus::killed(SIGKILL));
  }
}

TEST(ReleaseMemory, OfAProcessThatIsGoneIsNothingToDo) {
  SYSFD_REQUIRE_KERNEL("process_mrelease");
  ForkedChild child;
  const PidFd process = child.pidfd();
  child.end();
  EXPECT_TRUE(process.release_memory());
  child.reap();
  EXPECT_TRUE(process.release_memory());
}

TEST(ReleaseMemory, OtherErrorsArePassedOn) {
  const ForkedChild child;
  const PidFd process = child.pidfd();
  for (const int error : {EPERM, EAGAIN, ENOSYS})
    run_apart([&] {
      refuse_calls({{SYS_process_mrelease, error}});
      EXPECT_EQ(error_of(process.release_memory()).value(), error);
    });
}

}  // namespace
}  // namespace sysfd_test
