// SPDX-License-Identifier: MIT
#include "spawn/plan/attributes/attribute_checks.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

// Compares everything that a spawn could change in this process, before and after.
class Unchanged {
 public:
  Unchanged() : before_(now()) {}
  ~Unchanged() {
    const State after = now();
    EXPECT_EQ(after.descriptors, before_.descriptors);
    EXPECT_EQ(after.children, before_.children) << "a child was left, or taken";
    for (const auto& [name, value] : before_.facts) {
      const auto found = after.facts.find(name);
      EXPECT_TRUE(found != after.facts.end() && found->second == value)
          << name << " of this process was " << value << " and is "
          << (found == after.facts.end() ? "nothing" : found->second);
    }
  }
  Unchanged(const Unchanged&) = delete;
  Unchanged& operator=(const Unchanged&) = delete;

 private:
  struct State {
    std::set<int> descriptors;
    std::string children;
    Facts facts;
  };
  static State now() {
    // Lists running children, and those that nobody has waited for.
    std::ifstream children("/proc/thread-self/children");
    return {open_descriptors(), std::string(std::istreambuf_iterator<char>(children), {}),
            facts_of_this_process()};
  }
  State before_;
};

Report report_of_child(const Configure& configure) {
  Command command(Inspection::inspector_path());
  command.arg("-").stdout_to(Stdio::pipe());
  configure(command);
  auto child = command.spawn();
  if (!child) {
    ADD_FAILURE() << child.error().describe();
    return {};
  }
  const auto output = child->communicate();
  if (!output) {
    ADD_FAILURE() << output.error().message();
    return {};
  }
  EXPECT_TRUE(output->success()) << output->describe();
  std::istringstream text(output->out);
  return parse_report(text);
}

}  // namespace

Facts facts_of_child(const Configure& configure) {
  const Unchanged unchanged;
  return report_of_child(configure).facts;
}

void expect_facts(const Configure& configure, const Facts& expected) {
  const Facts facts = facts_of_child(configure);
  for (const auto& [name, value] : expected) {
    const auto found = facts.find(name);
    EXPECT_EQ(found == facts.end() ? "nothing" : found->second, value) << name << " of the child";
  }
}

SpawnError error_of_spawn(Command& command) {
  const Unchanged unchanged;
  const auto child = command.spawn();
  if (!child) return child.error();
  ADD_FAILURE() << "it was started";
  return {SpawnStep::program, {}, -1, ""};
}

void expect_error(Command& command, SpawnStep step, int error, int index) {
  const SpawnError found = error_of_spawn(command);
  EXPECT_EQ(found.step, step) << found.describe();
  EXPECT_EQ(found.code, std::error_code(error, std::system_category())) << found.describe();
  EXPECT_EQ(found.index, index) << found.describe();
}

void expect_refused(const std::vector<WrongValue>& values) {
  run_apart([&] {
    // A later call that makes a child would fail with another error.
    refuse_calls({{SYS_clone3, EXDEV}, {SYS_clone, EXDEV}});
    for (const WrongValue& value : values) {
      SCOPED_TRACE(value.description);
      Command command("/bin/true");
      value.configure(command);
      expect_error(command, value.step, EINVAL, value.index);
      EXPECT_EQ(
          error_of_spawn(command).describe(),
          value.description + ": " + std::make_error_code(std::errc::invalid_argument).message());
    }
  });
}

void expect_failures(const std::vector<FailingCall>& calls) {
  for (const FailingCall& each : calls) {
    SCOPED_TRACE("system call " + std::to_string(each.call.number) + ", step " +
                 std::to_string(static_cast<int>(each.step)));
    run_apart([&] {
      Command command("/bin/true");
      each.configure(command);
      refuse_calls({each.call});
      expect_error(command, each.step, each.call.error, each.index);
    });
  }
}

void become_ordinary_user() {
  ASSERT_EQ(::setgroups(0, nullptr), 0);
  ASSERT_EQ(::setresgid(nobody, nobody, nobody), 0);
  ASSERT_EQ(::setresuid(nobody, nobody, nobody), 0);
  ::prctl(PR_SET_DUMPABLE, 1);  // otherwise /proc/self would belong to root
}

}  // namespace sysfd_test
