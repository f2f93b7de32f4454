// SPDX-License-Identifier: MIT
//
// Tests the names of the cgroups of trees: sweep_trees() ends those whose owner is gone, and no
// others.
#include "start/tree_name.hpp"

#include <unistd.h>

#include <string>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using detail::next_tree_name;
using detail::parse_tree_name;

TEST(TreeName, TellsItsOwner) {
  const PidFd self = must(PidFd::self());
  const auto name = parse_tree_name(next_tree_name(self, true));
  ASSERT_TRUE(name);
  EXPECT_EQ(name->pid_namespace, detail::own_pid_namespace());
  EXPECT_EQ(name->owner, self.id() ? self.id()->value() : 0);
  EXPECT_EQ(name->pid, static_cast<std::uint64_t>(::getpid()));
  EXPECT_NE(next_tree_name(self, true), next_tree_name(self, true));
}

TEST(TreeName, OfATreeThatOutlivesItsOwnerIsNone) {
  EXPECT_FALSE(parse_tree_name(next_tree_name(must(PidFd::self()), false)));
}

TEST(TreeName, OfSomebodyElseIsNone) {
  EXPECT_EQ(parse_tree_name("sysfd-tree-1-2-3-4"), (detail::TreeName{1, 2, 3}));
  for (const char* name :
       {"", "sysfd-tree-", "sysfd-tree-x", "sysfd-tree-1", "sysfd-tree-1-", "sysfd-tree-1-2-3",
        "sysfd-tree-1-2-3-", "sysfd-tree-1-2-3-4-", "sysfd-tree-1-2-3-4x", "sysfd-tree-1x2-3-4",
        "sysfd-tree--1-2-3-4", "sysfd-tree-1-2-3-99999999999999999999", "Sysfd-tree-1-2-3-4"})
    EXPECT_FALSE(parse_tree_name(name)) << name;
}

}  // namespace
}  // namespace sysfd_test
