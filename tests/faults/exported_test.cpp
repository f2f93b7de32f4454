// SPDX-License-Identifier: MIT
//
// Finds functions of the C interface that the sweep has forgotten.
#include <filesystem>
#include <fstream>

#include "support/prelude.hpp"

#include "faults/operations.hpp"

namespace sysfd_test {
namespace {

// What begins with "sysfd_" in the text, or in its first word of each line.
std::set<std::string> names_in(const std::string& path) {
  std::set<std::string> names;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto start = line.find_first_not_of(' ');
    if (start == line.npos || line.compare(start, 6, "sysfd_") != 0) continue;
    names.insert(line.substr(start, line.find_first_of(";:", start) - start));
  }
  return names;
}

// "capi: sysfd_send_fds, receive_fds" is about two functions.
bool is_swept(const std::string& function) {
  const std::string name = function.substr(std::string_view("sysfd_").size());
  return std::ranges::any_of(capi_operations(), [&](const Operation& each) {
    const auto at = each.name.find(name);
    if (at == each.name.npos) return false;
    const char before = each.name[at - 1], after = (each.name + ' ')[at + name.size()];
    return (before == '_' || before == ' ') && (after == ' ' || after == ',') &&
           (before == ' ' || each.name.compare(at - 6, 6, "sysfd_") == 0);
  });
}

TEST(FaultSweepOfTheCInterface, HasEachFunctionOrAReasonWhyNot) {
  const std::string source = SYSFD_SOURCE_DIR;
  if (!std::filesystem::exists(source)) GTEST_SKIP() << "needs the source";
  const auto exported = names_in(source + "/capi/sysfd.map");
  const auto left_out = names_in(source + "/tests/faults/not_swept.txt");
  ASSERT_GT(exported.size(), 100U);
  for (const std::string& name : exported)
    EXPECT_NE(is_swept(name), left_out.contains(name))
        << name << " is neither swept nor in not_swept.txt, or both";
  for (const std::string& name : left_out)
    EXPECT_TRUE(exported.contains(name)) << name << " is gone";
}

}  // namespace
}  // namespace sysfd_test
