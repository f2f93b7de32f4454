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

TEST(Printing, OfAnEndingIsItsStatusAndWhatHasToDoWithIt) {
  const auto killed = ExitStatus::killed(SIGKILL);
  EXPECT_EQ(Ending().describe(), "its end is not known");
  EXPECT_EQ((Ending{EndReason::timeout, killed, {}, {}}).describe(),
            "killed by signal 9 (Killed), timed out");
  EXPECT_EQ((Ending{EndReason::out_of_memory, killed, 1, {}}).describe(),
            "killed by signal 9 (Killed), out of memory");
  EXPECT_EQ((Ending{EndReason::exited, ExitStatus::exited(1), 2, 3}).describe(),
            "exited with code 1, the OOM killer killed 2 of its tree, 3 forks were refused");
  EXPECT_EQ((Ending{EndReason::exited, ExitStatus::exited(1), 0, 0}).describe(),
            "exited with code 1");
}

TEST(Printing, OfASpawnErrorNamesEachStep) {
  const auto text = [](SpawnStep step, const char* subject = "") {
    return SpawnError{step, {EPERM, std::system_category()}, -1, subject}.describe();
  };
  const std::string reason = ": Operation not permitted";
  const std::pair<SpawnStep, const char*> steps[] = {
      {SpawnStep::standard_stream, "standard stream"},
      {SpawnStep::terminal, "new terminal"},
      {SpawnStep::session, "new session"},
      {SpawnStep::foreground_group, "foreground process group"},
      {SpawnStep::dumpable, "dumpable flag"},
      {SpawnStep::join_namespace, "joined namespace"},
      {SpawnStep::mounts, "private mounts"},
      {SpawnStep::bounding_set, "bounding set of capabilities"},
      {SpawnStep::securebits, "securebits"},
      {SpawnStep::no_new_privileges, "no-new-privileges"},
      {static_cast<SpawnStep>(999), "spawn"},
  };
  for (const auto& [step, name] : steps)
    EXPECT_EQ(text(step), name + reason);
  EXPECT_EQ(text(SpawnStep::standard_stream, "stdin, at once"),
            "stdin of the child, at once" + reason);
  EXPECT_EQ(to_string(static_cast<ContainmentKind>(99)), "none"sv);
}

}  // namespace
}  // namespace sysfd_test
