// SPDX-License-Identifier: MIT
//
// Writes values to a stream. Their headers do not include <ostream>.
#include <iomanip>
#include <sstream>
#include <string>

#include <sysfd/exit_status.hpp>
#include <sysfd/process_id.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

// A log like those of many programs.
struct Log {
  std::string text;
  Log& operator<<(const std::string& more) {
    text += more;
    return *this;
  }
};

template <class Stream, class T>
concept CanPrint = requires(Stream& out, T value) { out << value; };

TEST(Printed, IsWhatToStringReturns) {
  std::ostringstream out;
  out << ExitStatus::exited(3) << '\n' << ExitStatus::killed(9) << '\n' << ProcessId(77);
  EXPECT_EQ(out.str(),
            to_string(ExitStatus::exited(3)) + '\n' + to_string(ExitStatus::killed(9)) + "\n77");
}

TEST(Printed, HasTheWidthThatTheStreamWants) {
  std::ostringstream out;
  out << std::left << std::setw(5) << std::setfill('.') << ProcessId(77) << '|';
  EXPECT_EQ(out.str(), "77...|");
}

TEST(Printed, GoesToAnyStreamThatTakesAString) {
  Log log;
  log << ProcessId(7) << " " << ExitStatus::exited(0);
  EXPECT_EQ(log.text, "7 " + to_string(ExitStatus::exited(0)));
  EXPECT_TRUE((std::ostringstream() << ProcessId(7)).good());
}

TEST(Printed, DoesNotGoToWhatIsNoStream) {
  EXPECT_FALSE((CanPrint<int, ExitStatus>));
  EXPECT_FALSE((CanPrint<int, ProcessId>));
  EXPECT_FALSE((CanPrint<std::string, ExitStatus>));
  EXPECT_FALSE((CanPrint<std::wostringstream, ExitStatus>));
}

}  // namespace
}  // namespace sysfd_test
