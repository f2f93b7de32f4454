// SPDX-License-Identifier: MIT
#include <sysfd/detail/fork_mark.hpp>

#include <cstdint>
#include <thread>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using detail::fork_mark;
using detail::is_forked_copy;

TEST(ForkMark, IsTheSameAsLongAsTheProcessRuns) {
  const std::uint64_t mark = must(fork_mark());
  EXPECT_NE(mark, 0U);
  EXPECT_EQ(must(fork_mark()), mark);
  EXPECT_FALSE(is_forked_copy(mark));
}

TEST(ForkMark, IsTheSameInAllThreads) {
  const std::uint64_t mark = must(fork_mark());
  std::thread([mark] {
    EXPECT_EQ(must(fork_mark()), mark);
    EXPECT_FALSE(is_forked_copy(mark));
  }).join();
}

TEST(ForkMark, TellsEveryGenerationFromTheOnesBefore) {
  const std::uint64_t mark = must(fork_mark());
  run_apart([mark] {
    EXPECT_TRUE(is_forked_copy(mark)) << "also before the first mark";
    const std::uint64_t own = must(fork_mark());
    EXPECT_NE(own, mark);
    EXPECT_TRUE(is_forked_copy(mark));
    EXPECT_FALSE(is_forked_copy(own));
    run_apart([=] {
      EXPECT_TRUE(is_forked_copy(mark));
      EXPECT_TRUE(is_forked_copy(own));
      EXPECT_NE(must(fork_mark()), mark);
      EXPECT_NE(must(fork_mark()), own);
    });
  });
  EXPECT_FALSE(is_forked_copy(mark));
}

TEST(ForkMark, ThatIsMissingIsNotThatOfAnotherProcess) {
  run_apart([] { EXPECT_FALSE(is_forked_copy(0)); });
}

}  // namespace
}  // namespace sysfd_test
