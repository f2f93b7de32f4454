// SPDX-License-Identifier: MIT
//
// Runs every public function of this module on a thread with a stack of 16 KiB.
#include <sysfd/landlock.hpp>

#include <fcntl.h>

#include <sstream>
#include <string>
#include <utility>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "support/kernel_features.hpp"
#include "support/scratch_directory.hpp"
#include "support/small_stack.hpp"

namespace sysfd_test {
namespace {

const Rights basic = rights::of_abi(1);

TEST(LandlockSmallStack, SufficesForRulesets) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const OwnedFd directory = must(open(cwd(), "/tmp", O_PATH));
  run_on_small_stack([&] {
    EXPECT_TRUE(landlock_support());
    EXPECT_TRUE(landlock_errata());
    EXPECT_TRUE(Ruleset::create(basic));
    auto made = Ruleset::create(basic, rights::of_abi(11));
    ASSERT_TRUE(made);
    Rights missing = made->missing();
    EXPECT_EQ(missing.text(), made->missing().text());
    Ruleset ruleset = (*std::move(made)).take(missing);
    EXPECT_TRUE(ruleset.allow(directory, rights::read));
    EXPECT_TRUE(ruleset.allow("/", rights::run));
    EXPECT_TRUE(ruleset.allow_port(80, PortRight::bind_tcp));
    EXPECT_EQ(ruleset.rules().size(), 2U);
    EXPECT_TRUE(ruleset.handled().files.contains(basic.files));
    EXPECT_TRUE(ruleset.restrict_self({.log_after_exec = true}));
  });
}

TEST(LandlockSmallStack, SufficesForErrors) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  run_on_small_stack([] {
    const auto made = Ruleset::create({.files = FileRights::from_bits(1ULL << 60)});
    ASSERT_FALSE(made);
    std::ostringstream text;
    text << made.error();
    EXPECT_EQ(text.str(), made.error().describe());
  });
}

// Of a long path.
TEST(LandlockSmallStack, SufficesForExplanations) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  const ScratchDirectory scratch;
  std::string path = scratch.path();
  for (int i = 0; i < 10; ++i)
    path += "/" + std::string(200, 'd');
  std::filesystem::create_directories(path);
  Ruleset ruleset = must(Ruleset::create(basic));
  ASSERT_TRUE(ruleset.allow(scratch.path().string(), FileRight::read_file));
  run_on_small_stack([&] {
    const auto found = explain(ruleset, path, rights::read);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->denied, FileRight::read_dir);
    EXPECT_FALSE(found->describe().empty());
  });
}

TEST(LandlockSmallStack, SufficesForPrograms) {
  SYSFD_REQUIRE_KERNEL("Landlock");
  run_on_small_stack([] {
    EXPECT_TRUE(Ruleset::for_program("/bin/sh"));
    EXPECT_FALSE(Ruleset::for_program("/etc/passwd"));
  });
}

}  // namespace
}  // namespace sysfd_test
