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

// Which file a descriptor refers to.
using FileIdentity = std::pair<dev_t, ino_t>;
FileIdentity identity_of(int fd);
FileIdentity identity_of_null();

// What a child found itself to be.
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
// Of the text that the inspector writes.
Report parse_report(std::istream& text);

// A command that runs the inspector, and reads its report.
class Inspection {
 public:
  // `program`: how to call it, where not by its path.
  explicit Inspection(const std::string& program = inspector_path());
  // A command that runs it already, to which no argument was added.
  explicit Inspection(Command started);

  Command command;

  // Runs it to its end. Fails the test and answers an empty report if that does not work.
  Report run();
  // Reads what a child that was started otherwise has reported.
  Report read() const;

  static std::string inspector_path();

 private:
  ScratchDirectory directory_;
};

// Like Inspection().run(), after `configure(command)`.
template <class Configure>
Report inspect(Configure configure) {
  Inspection inspection;
  configure(inspection.command);
  return inspection.run();
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_INSPECT_HPP
