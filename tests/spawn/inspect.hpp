// SPDX-License-Identifier: MIT
#ifndef SYSFD_TESTS_SPAWN_INSPECT_HPP
#define SYSFD_TESTS_SPAWN_INSPECT_HPP

#include <sys/types.h>

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sysfd/command.hpp>

#include "support/prelude.hpp"

#include "spawn/facts.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {

// Identifies the file of a descriptor.
using FileIdentity = std::pair<dev_t, ino_t>;
FileIdentity identity_of(int fd);
FileIdentity identity_of_null();

// What a child has found out about itself.
struct Report {
  std::map<int, FileIdentity> descriptors;
  std::vector<std::string> arguments;  // with argument 0, without the one that names the report
  std::map<std::string, std::string> environment;
  std::string directory;
  std::uint64_t signals_blocked = 0;
  std::uint64_t signals_ignored = 0;
  std::uint64_t signals_caught = 0;
  Facts facts;
};
// Parses the output of the inspector.
Report parse_report(std::istream& text);

// A command that runs the inspector, and reads its report.
class Inspection {
 public:
  // Calls the program in this way if it is not called by its path.
  explicit Inspection(const std::string& program = inspector_path());
  // Takes a command that runs the inspector already, with no more arguments.
  explicit Inspection(Command started);

  Command command;

  // Runs it to its end. If that fails, the test fails and the report is empty.
  Report run();
  // Reads the report of a child that was started in another way.
  Report read() const;

  static std::string inspector_path();

 private:
  ScratchDirectory directory_;
};

// Does the same as Inspection().run(), after `configure(command)`.
template <class Configure>
Report inspect(Configure configure) {
  Inspection inspection;
  configure(inspection.command);
  return inspection.run();
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_INSPECT_HPP
