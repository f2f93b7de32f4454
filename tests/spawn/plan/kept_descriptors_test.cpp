// SPDX-License-Identifier: MIT
//
// Tests descriptors that attributes of a child use, if something else is passed under their
// numbers: the right one is used, and the program gets exactly what was passed to it.
#include <sysfd/command.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "spawn/plan/attributes/attribute_checks.hpp"
#include "support/scratch_directory.hpp"

namespace sysfd_test {
namespace {

// Moves the descriptor to this number, and closes what was open there: call it inside run_apart().
BorrowedFd moved_to(int number, const OwnedFd& fd) {
  EXPECT_EQ(::dup3(fd.get(), number, O_CLOEXEC), number);
  return BorrowedFd::unsafe_borrow(number);
}

// An attribute that uses a descriptor.
struct Use {
  const char* name;
  std::function<OwnedFd()> open;
  std::function<Command(BorrowedFd)> command;  // runs the inspector
  std::function<void(const Report&)> check;
};

OwnedFd open_path(const std::string& path, int flags) {
  return OwnedFd::adopt(::open(path.c_str(), flags | O_CLOEXEC));
}

// The numbers of the used descriptor, and the numbers of the passed files.
struct Numbers {
  int used;
  std::vector<int> passed;
};
const std::vector<Numbers> all_numbers = {{5, {5}},        {5, {6}}, {5, {5, 6, 7}}, {40, {5, 40}},
                                          {5, {40, 5, 3}}, {2, {2}}, {0, {0, 5}},    {1, {0, 2}}};

// The passed files are open under one another's numbers in a cycle, as far as these are free, so
// that the plan needs numbers to save some. `also_passed`: the used descriptor is passed too.
void expect_right_one(const Use& use, const Numbers& numbers, std::optional<int> also_passed) {
  SCOPED_TRACE(use.name + (" is " + std::to_string(numbers.used)));
  run_apart([&] {
    const OwnedFd original = use.open();
    ASSERT_GE(original.get(), 0);
    const BorrowedFd used = moved_to(numbers.used, original);
    Inspection inspection(use.command(used));  // its report is a file, which takes no number
    std::map<int, FileIdentity> expected;
    for (int number = 0; number < 3; ++number)  // close-on-exec: none can be inherited
      expected[number] = number == numbers.used ? identity_of_null() : identity_of(number);

    std::vector<OwnedFd> files;
    const std::size_t count = numbers.passed.size();
    for (std::size_t i = 0; i < count; ++i) {
      files.push_back(OwnedFd::adopt(::fcntl(some_file().get(), F_DUPFD_CLOEXEC, 100)));
      const int target = numbers.passed[i];
      const int next = numbers.passed[(i + 1) % count];
      const bool is_free = !is_open(next);
      inspection.command.pass(is_free ? moved_to(next, files[i]) : files[i], target);
      expected[target] = identity_of(files[i].get());
    }
    if (also_passed) {
      inspection.command.pass(used, *also_passed);
      expected[*also_passed] = identity_of(used.get());
    }
    const Report report = inspection.run();
    EXPECT_EQ(report.descriptors, expected);
    use.check(report);
  });
}

void expect_right_one(const Use& use) {
  for (const Numbers& numbers : all_numbers)
    for (const std::optional<int> also_passed : {std::optional<int>(), std::optional<int>(50)})
      expect_right_one(use, numbers, also_passed);
}

Command inspector() {
  return Command(Inspection::inspector_path());
}

TEST(KeptDescriptors, OfTheWorkingDirectory) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path();
  expect_right_one({"working directory", [&] { return open_path(path, O_PATH); },
                    [](BorrowedFd fd) { return inspector().working_directory(fd); },
                    [&](const Report& report) { EXPECT_EQ(report.directory, path); }});
}

// The last step uses it, when all numbers have been assigned.
TEST(KeptDescriptors, OfTheProgram) {
  expect_right_one(
      {"program", [] { return open_path(Inspection::inspector_path(), O_RDONLY); },
       [](BorrowedFd fd) { return Command(fd, "by descriptor"); },
       [](const Report& report) { EXPECT_EQ(report.arguments.at(0), "by descriptor"); }});
}

TEST(KeptDescriptors, OfTheRootDirectory) {
  SYSFD_REQUIRE_ROOT();
  expect_right_one({"root directory", [] { return open_path("/", O_RDONLY); },
                    [](BorrowedFd fd) { return inspector().root_directory(fd); },
                    [](const Report& report) { EXPECT_EQ(report.directory, "/"); }});
}

TEST(KeptDescriptors, OfAControllingTerminal) {
  const OwnedFd parent = OwnedFd::adopt(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_EQ(::unlockpt(parent.get()), 0);
  std::array<char, 64> name{};
  ASSERT_EQ(::ptsname_r(parent.get(), name.data(), name.size()), 0);
  expect_right_one({"terminal", [&] { return open_path(name.data(), O_RDWR | O_NOCTTY); },
                    [](BorrowedFd fd) {
                      return inspector().session(
                          {.new_session = true, .controlling_terminal = fd, .foreground_of = fd});
                    },
                    [](const Report& report) {
                      EXPECT_EQ(report.facts.at("foreground"), report.facts.at("pid"));
                    }});
}

TEST(KeptDescriptors, OfNamespaces) {
  SYSFD_REQUIRE_ROOT();
  const auto child = Command("cat")
                         .stdin_from(Stdio::pipe())
                         .stdout_to(Stdio::null())
                         .namespaces({.create = Namespace::uts, .host_name = "held"})
                         .spawn();
  ASSERT_TRUE(child) << child.error().describe();
  const auto check = [](const Report& report) { EXPECT_EQ(report.facts.at("host name"), "held"); };
  const std::string path = "/proc/" + std::to_string(child->pid()) + "/ns/uts";
  expect_right_one({"namespace", [&] { return open_path(path, O_RDONLY); },
                    [](BorrowedFd fd) { return inspector().namespaces({.join = {{.of = fd}}}); },
                    check});
  expect_right_one({"process", [&] { return *child->fd().duplicate(); },
                    [](BorrowedFd fd) {
                      return inspector().namespaces(
                          {.join = {{.of = fd, .kinds = Namespace::uts}}});
                    },
                    check});
}

// All at once: each has a number under which another one is passed.
TEST(KeptDescriptors, OfEverythingAtOnce) {
  SYSFD_REQUIRE_ROOT();
  const ScratchDirectory scratch;
  const std::string path = scratch.path();
  const OwnedFd program = open_path(Inspection::inspector_path(), O_RDONLY);
  const OwnedFd root = open_path("/", O_PATH);
  const OwnedFd directory = open_path(path, O_PATH);
  const OwnedFd uts = open_path("/proc/self/ns/uts", O_RDONLY);
  const OwnedFd file = some_file();
  Command command(program, "inspector");
  const std::vector<int> numbers = {program.get(), root.get(), directory.get(), uts.get()};
  for (const int number : numbers)
    command.pass(file, number);
  auto output = command.arg("-")
                    .root_directory(root)
                    .working_directory(directory)
                    .namespaces({.join = {{.of = uts}}})
                    .output();
  ASSERT_TRUE(output) << output.error().describe();
  ASSERT_TRUE(output->success()) << output->describe();
  std::istringstream text(output->out);
  const Report report = parse_report(text);
  EXPECT_EQ(report.directory, path);
  EXPECT_EQ(report.descriptors.size(), 3 + numbers.size());
  for (const int number : numbers)
    EXPECT_EQ(report.descriptors.at(number), identity_of(file.get()));
}

}  // namespace
}  // namespace sysfd_test
