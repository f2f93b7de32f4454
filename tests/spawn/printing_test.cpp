// SPDX-License-Identifier: MIT
//
// Writes values to a stream. The headers of sysfd come first: they do not include <ostream>.
#include <sysfd/command.hpp>
#include <sysfd/process_id.hpp>

#include <csignal>
#include <iomanip>
#include <sstream>
#include <string>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

template <class T>
std::string printed(const T& value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
}

TEST(Printing, OfAnExitStatusIsItsPhrase) {
  EXPECT_EQ(printed(ExitStatus::exited(3)), to_string(ExitStatus::exited(3)));
  EXPECT_EQ(printed(ExitStatus::killed(SIGKILL)), "killed by signal 9 (Killed)");
}

TEST(Printing, OfAProcessIdIsItsNumber) {
  EXPECT_EQ(printed(ProcessId(12)), "12");
}

TEST(Printing, OfASpawnErrorIsItsDescription) {
  const auto child = Command("/no/such").spawn();
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(printed(child.error()), "exec of \"/no/such\": No such file or directory");
}

TEST(Printing, OfAnOutputIsHowItEnded) {
  const auto run = Command("false").output();
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(printed(*run), run->describe());
}

TEST(Printing, GoesOnWithTheStreamAndItsWidth) {
  std::ostringstream stream;
  stream << std::setw(4) << ProcessId(7) << ';' << ProcessId(8);
  EXPECT_EQ(stream.str(), "   7;8");
}

}  // namespace
}  // namespace sysfd_test
