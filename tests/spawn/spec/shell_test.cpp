// SPDX-License-Identifier: MIT
//
// Tests lines for the shell.
#include <sysfd/command.hpp>

#include <unistd.h>

#include <string>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

TEST(CommandShell, RunsALine) {
  EXPECT_EQ(must(Command::shell("echo one two | tr a-z A-Z").output()).out, "ONE TWO\n");
  EXPECT_EQ(must(Command::shell("exit 7").status()).code(), 7);
  EXPECT_EQ(must(Command::shell("/no/such 2>/dev/null").status()).code(), 127);
}

TEST(CommandShell, MayHaveALineThatLooksLikeAnOption) {
  EXPECT_EQ(must(Command::shell("-x 2>/dev/null; echo fine").output()).out, "fine\n");
}

TEST(CommandShell, HasTheArgumentsAsItsParameters) {
  const std::string hostile = "a b; echo $HOME `id` '";
  EXPECT_EQ(must(Command::shell("printf '%s,' \"$0\" \"$@\"").arg(hostile).arg("2").output()).out,
            "sh," + hostile + ",2,");
}

TEST(CommandShell, CountsTheArgumentsThatWereAdded) {
  const auto null = Command::shell("true").arg("0").arg(std::string("a\0b", 3)).spawn();
  ASSERT_FALSE(null.has_value());
  EXPECT_EQ(null.error().index, 1);
  const std::string too_long(33 * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)), 'x');
  const auto argument = Command::shell("true").arg("0").arg(too_long).spawn();
  ASSERT_FALSE(argument.has_value());
  EXPECT_EQ(argument.error().step, SpawnStep::argument);
  EXPECT_EQ(argument.error().index, 1);
  const auto line = Command::shell(too_long).spawn();
  ASSERT_FALSE(line.has_value());
  EXPECT_EQ(line.error().step, SpawnStep::program);
  EXPECT_EQ(line.error().index, -1);
}

TEST(CommandShell, RefusesALineWithANulInside) {
  const auto child = Command::shell(std::string("true\0false", 10)).spawn();
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(child.error().describe(),
            "program name \"(a string with a NUL inside)\": Invalid argument");
}

}  // namespace
}  // namespace sysfd_test
