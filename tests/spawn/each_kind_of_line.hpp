// SPDX-License-Identifier: MIT
//
// What the tests of contained pipelines have in common: each runs in every kind of containment.
#ifndef SYSFD_TESTS_SPAWN_EACH_KIND_OF_LINE_HPP
#define SYSFD_TESTS_SPAWN_EACH_KIND_OF_LINE_HPP

#include <string>
#include <utility>
#include <vector>

#include <sysfd/pipeline.hpp>

#include "support/prelude.hpp"

#include "spawn/each_kind.hpp"

namespace sysfd_test {

// Of this process, living or not.
inline std::vector<int> own_children() {
  std::ifstream list("/proc/thread-self/children");
  std::vector<int> children;
  for (int number = 0; list >> number;)
    children.push_back(number);
  return children;
}

inline int only_child() {
  const auto children = own_children();
  EXPECT_EQ(children.size(), 1U) << "the keeper";
  return children.empty() ? 0 : children.front();
}

// A stage that lives until the rope is let go, and has started processes of each sort.
inline constexpr const char* waits = "read line <&7";

class EachKindOfLine : public EachKind {
 protected:
  static Pipeline one_tree(Pipeline line) {
    return std::move(line).contain({.reach = Reach::best_effort});
  }

  static Command stage(const std::string& script, Witness& witness, const Rope& rope) {
    Command command = shell(script);
    command.pass(rope.end(), 7);
    witness.go_with(command, 9);
    return command;
  }

  // A line of three, each with a hostile tree, and each with its witness.
  struct Hostile {
    Rope rope{};
    Witness witnesses[3]{};

    bool are_alone() const {
      return std::ranges::all_of(witnesses, [](const Witness& each) { return each.is_alone(); });
    }
    bool become_alone() const {
      return std::ranges::all_of(witnesses,
                                 [](const Witness& each) { return each.becomes_alone(); });
    }
  };
  static Pipeline hostile_line(Hostile& hostile, bool to_pipe = false) {
    // What the last one has started speaks for itself; that of the others goes through it.
    const std::string script = hostile_tree_then("cat; read line <&7");
    Command last = stage(script, hostile.witnesses[2], hostile.rope);
    if (to_pipe) last.stdout_to(Stdio::pipe());
    return one_tree(stage(hostile_tree_then("read line <&7"), hostile.witnesses[0], hostile.rope) |
                    stage(script, hostile.witnesses[1], hostile.rope) | std::move(last));
  }
  static std::vector<Child> started(Pipeline line) {
    std::vector<Child> children = must(line.spawn());
    for (const Child& child : children)
      EXPECT_EQ(child.containment(), GetParam());
    return children;
  }
  static std::vector<Child> started(Hostile& hostile) {
    std::vector<Child> children = started(hostile_line(hostile, true));
    read_lines(*children.back().stdout_pipe(), 3 * hostile_lines);
    EXPECT_FALSE(hostile.witnesses[0].is_alone() || hostile.witnesses[1].is_alone() ||
                 hostile.witnesses[2].is_alone());
    return children;
  }
};

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_SPAWN_EACH_KIND_OF_LINE_HPP
