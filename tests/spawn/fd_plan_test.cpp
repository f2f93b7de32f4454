// SPDX-License-Identifier: MIT
//
// The planner alone: a plan is carried out on a table of numbers, and must give what was asked for.
#include "fd_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace {

using sysfd::SpawnStep;
using sysfd::detail::FdAction;
using sysfd::detail::FdPlan;
using sysfd::detail::FdRequest;

constexpr int null_file = -2;

FdRequest pass(int source, int target) {
  return {FdRequest::Kind::descriptor, source, target, SpawnStep::descriptor, target};
}

// A table in which every number is open on the file of the same number, then changed by the plan.
// What the plan marks close-on-exec is missing in the answer.
std::map<int, int> carry_out(const FdPlan& plan, int size) {
  std::map<int, int> table;
  std::set<int> closed_by_exec;
  for (int fd = 0; fd < size; ++fd)
    table[fd] = fd;
  for (const FdAction& action : plan.actions()) {
    switch (action.kind) {
      case FdAction::Kind::duplicate:
      case FdAction::Kind::save:
        EXPECT_TRUE(table.contains(action.source));
        EXPECT_NE(action.source, action.target);
        table[action.target] = table[action.source];
        break;
      case FdAction::Kind::keep: break;
      case FdAction::Kind::open_null: table[action.target] = null_file; break;
    }
    if (action.kind == FdAction::Kind::save)
      closed_by_exec.insert(action.target);
    else
      closed_by_exec.erase(action.target);
  }
  for (const int fd : closed_by_exec)
    table.erase(fd);
  return table;
}

// Makes a plan and compares what it does.
void expect_right(FdPlan& plan, const std::vector<FdRequest>& requests, int size) {
  plan.clear();
  for (const FdRequest& request : requests)
    plan.add(request);
  ASSERT_FALSE(plan.make());
  const auto table = carry_out(plan, size);
  for (const FdRequest& request : requests) {
    const int expected = request.kind == FdRequest::Kind::null        ? null_file
                         : request.kind == FdRequest::Kind::inherited ? request.target
                                                                      : request.source;
    ASSERT_TRUE(table.contains(request.target)) << request.target;
    ASSERT_EQ(table.at(request.target), expected) << request.target;
    if (request.kind == FdRequest::Kind::descriptor) {
      ASSERT_LT(static_cast<unsigned>(request.source), plan.first_unneeded());
    }
  }
}

TEST(FdPlan, NeedsOneCallForADescriptorThatMoves) {
  FdPlan plan;
  expect_right(plan, {pass(5, 3)}, 8);
  EXPECT_EQ(plan.actions().size(), 1U);
  EXPECT_EQ(plan.first_unneeded(), 6U);
}

TEST(FdPlan, NeedsOneExtraCallForEachCircle) {
  FdPlan plan;
  expect_right(plan, {pass(3, 4), pass(4, 3)}, 8);
  EXPECT_EQ(plan.actions().size(), 3U);
  expect_right(plan, {pass(3, 4), pass(4, 5), pass(5, 3)}, 8);
  EXPECT_EQ(plan.actions().size(), 4U);
  expect_right(plan, {pass(3, 4), pass(4, 3), pass(5, 6), pass(6, 5)}, 8);
  EXPECT_EQ(plan.actions().size(), 6U);
}

TEST(FdPlan, MovesAChainWithoutPuttingAnythingAside) {
  FdPlan plan;
  expect_right(plan, {pass(3, 4), pass(4, 5), pass(5, 6)}, 8);
  EXPECT_EQ(plan.actions().size(), 3U);
}

TEST(FdPlan, DoesNothingForInheritedStreams) {
  FdPlan plan;
  const FdRequest inherited{FdRequest::Kind::inherited, -1, 1, SpawnStep::standard_stream, 1};
  expect_right(plan, {inherited}, 8);
  EXPECT_TRUE(plan.actions().empty());
  EXPECT_EQ(plan.first_unneeded(), 2U);
}

TEST(FdPlan, OpensNullOnceAndAfterEverythingElse) {
  FdPlan plan;
  const auto null = [](int target) {
    return FdRequest{FdRequest::Kind::null, -1, target, SpawnStep::standard_stream, target};
  };
  expect_right(plan, {null(0), null(2), pass(0, 1), pass(2, 3)}, 8);
  const auto opens = std::ranges::count(plan.actions(), FdAction::Kind::open_null, &FdAction::kind);
  EXPECT_EQ(opens, 1);
}

TEST(FdPlan, NamesTheLaterOfTwoRequestsForOneNumber) {
  FdPlan plan;
  FdRequest first = pass(3, 7);
  FdRequest second = pass(4, 7);
  first.index = 0;
  second.index = 1;
  plan.add(second);
  plan.add(first);
  const auto twice = plan.make();
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->index, 1);
}

TEST(FdPlan, IsRightForEveryMapOfFourSourcesToFourOfSevenNumbers) {
  constexpr int numbers = 7;
  FdPlan plan;
  int maps = 0;
  for (unsigned targets = 1; targets < 1U << numbers; ++targets) {
    std::vector<int> chosen;
    for (int fd = 0; fd < numbers; ++fd)
      if (targets >> fd & 1U) chosen.push_back(fd);
    if (chosen.size() > 4) continue;
    int combinations = 1;
    for (std::size_t i = 0; i < chosen.size(); ++i)
      combinations *= numbers;
    for (int combination = 0; combination < combinations; ++combination, ++maps) {
      std::vector<FdRequest> requests;
      for (int rest = combination; const int target : chosen) {
        requests.push_back(pass(rest % numbers, target));
        rest /= numbers;
      }
      expect_right(plan, requests, numbers);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(maps, 7 * 7 + 21 * 49 + 35 * 343 + 35 * 2401);
}

TEST(FdPlan, IsRightForLargeRandomMapsWithManyCircles) {
  std::mt19937 random(20260101);  // the same every time
  FdPlan plan;
  for (int round = 0; round < 2000; ++round) {
    const int size = 2 + static_cast<int>(random() % 60);
    std::vector<int> sources(static_cast<std::size_t>(size));
    for (int& source : sources)
      source = static_cast<int>(random() % static_cast<unsigned>(size));
    if (round % 2 == 0) {  // a permutation: circles only
      for (int fd = 0; fd < size; ++fd)
        sources[static_cast<std::size_t>(fd)] = fd;
      std::ranges::shuffle(sources, random);
    }
    std::vector<FdRequest> requests;
    for (int target = 0; target < size; ++target)
      if (round % 2 == 0 || random() % 4 != 0)
        requests.push_back(pass(sources[static_cast<std::size_t>(target)], target));
    std::ranges::shuffle(requests, random);
    expect_right(plan, requests, size);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
