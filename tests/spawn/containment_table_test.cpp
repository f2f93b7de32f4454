// SPDX-License-Identifier: MIT
//
// Fills the table of docs/containment.md, and compares.
#include <sysfd/containment.hpp>

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "support/prelude.hpp"

#include "spawn/containment_kinds.hpp"
#include "spawn/talk.hpp"

namespace sysfd_test {
namespace {

// The cells of the table, by the words of its first column and its first row.
std::map<std::string, std::map<std::string, std::string>> read_table() {
  std::map<std::string, std::map<std::string, std::string>> table;
  std::vector<std::string> columns;
  std::ifstream document(SYSFD_SOURCE_DIR "/docs/containment.md");
  for (std::string line; std::getline(document, line);) {
    std::vector<std::string> cells;
    for (const auto part : std::views::split(line, '|')) {
      std::string cell(part.begin(), part.end());
      cell.erase(0, cell.find_first_not_of(' '));
      cell.erase(cell.find_last_not_of(' ') + 1);
      cells.push_back(cell);
    }
    if (cells.size() < 7) continue;
    if (cells[1] == "kind") columns = cells;
    if (columns.empty() || cells[1] == "kind" || cells[1].starts_with("-")) continue;
    for (std::size_t i = 2; i + 1 < cells.size(); ++i)
      table[cells[1]][columns[i]] = cells[i];
  }
  return table;
}

enum class ToKeeper { nothing, kill, stop };

struct Way {
  const char* name;
  ToKeeper to_keeper;
  bool kills_owner;
};
constexpr Way ways[] = {
    {"the Child is dropped", ToKeeper::nothing, false},
    {"the owner is killed", ToKeeper::nothing, true},
    {"the keeper is killed, then the Child dropped", ToKeeper::kill, false},
    {"the keeper is stopped, then the Child dropped", ToKeeper::stop, false},
    {"the keeper is stopped, then the owner killed", ToKeeper::stop, true},
};

// The child holds 8, and the rest 9.
constexpr const char* tree =
    "sleep 1000 8>&- & "
    "setsid sh -c 'echo session; exec sleep 1000' 8>&- & "
    "(setsid sh -c 'sleep 1000 & echo daemon' &) 8>&-; "
    "sh -c 'echo stopped; kill -STOP $$' 8>&- & "
    "setsid sh -c 'trap \"\" TERM HUP INT; echo deaf; exec sleep 1000' 8>&- & "
    "exec 9>&-; echo child; exec sleep 1000";

int keeper_of_this_process() {
  std::ifstream list("/proc/thread-self/children");
  int keeper = 0;
  list >> keeper;
  return keeper;
}

class Tree {
 public:
  Tree(ContainmentKind kind, const Way& way) {
    auto ready = must(pipe());
    owner_ = ::fork();
    if (owner_ == 0) {
      own(kind, way, std::move(ready.write));
      ::_exit(0);
    }
    (void)child_.take().close();
    (void)rest_.take().close();
    (void)std::move(ready.write).close();
    char byte = 0;
    EXPECT_EQ(::read(ready.read.get(), &byte, 1), 1) << "the tree is not there";
    if (way.kills_owner) ::kill(owner_, SIGKILL);
    EXPECT_EQ(::waitpid(owner_, nullptr, 0), owner_);
  }

  // What is left, given what is expected: something that is to end may need a moment.
  std::string left(const std::string& expected) {
    const bool has_rest = expected != "nothing" ? !rest_.is_alone() : !rest_.becomes_alone();
    const bool has_child = expected == "everything" ? !child_.is_alone() : !child_.becomes_alone();
    return has_child ? has_rest ? "everything" : "the child" : has_rest ? "the rest" : "nothing";
  }

 private:
  void own(ContainmentKind kind, const Way& way, OwnedFd ready) {
    Command command = shell(tree);
    if (kind != ContainmentKind::none) command.contain({.reach = Reach::best_effort});
    child_.go_with(command, 8);
    rest_.go_with(command, 9);
    auto child = must(command.stdin_from(Stdio::pipe()).stdout_to(Stdio::pipe()).spawn());
    if (child.containment() != kind) ::_exit(1);
    char byte = 0;
    for (int lines = 0; lines < 5 && ::read(child.stdout_pipe()->get(), &byte, 1) == 1;)
      lines += byte == '\n' ? 1 : 0;
    if (way.to_keeper != ToKeeper::nothing)
      ::kill(keeper_of_this_process(), way.to_keeper == ToKeeper::kill ? SIGKILL : SIGSTOP);
    if (::write(ready.get(), "\n", 1) != 1) ::_exit(1);
    while (way.kills_owner)
      ::pause();
  }

  Witness child_, rest_;
  pid_t owner_;
};

TEST(ContainmentTable, IsThatOfTheDocument) {
  SYSFD_REQUIRE_ISOLATION();
  SYSFD_REQUIRE_ROOT();
  const auto table = read_table();
  if (table.empty()) GTEST_SKIP() << "needs docs/containment.md";
  for (const auto kind : {ContainmentKind::pid_namespace, ContainmentKind::user_and_pid_namespace,
                          ContainmentKind::subreaper, ContainmentKind::none})
    for (const Way& way : ways) {
      const std::string expected = table.at(to_string(kind)).at(way.name);
      if (expected.empty()) continue;  // there is no keeper
      SCOPED_TRACE(std::string(to_string(kind)) + ": " + way.name);
      run_apart([&] {
        allow_at_most(kind);
        Tree made(kind, way);
        EXPECT_EQ(made.left(expected), expected);
      });
    }
}

}  // namespace
}  // namespace sysfd_test
