// SPDX-License-Identifier: MIT
//
// Tests the planner alone: runs a plan on a table of numbers, and compares with the request.
#include "plan/fd_plan.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using detail::FdAction;
using detail::FdPlan;
using detail::FdRequest;

constexpr int null_file = -2;

FdRequest pass(int source, int target) {
  return {FdRequest::Kind::descriptor, source, target, SpawnStep::descriptor, target};
}

FdRequest null(int target) {
  return {FdRequest::Kind::null, -1, target, SpawnStep::standard_stream, target};
}

FdRequest inherited(int target) {
  return {FdRequest::Kind::inherited, -1, target, SpawnStep::standard_stream, target};
}

FdRequest like(int stream, int target) {
  return {FdRequest::Kind::like, stream, target, SpawnStep::standard_stream, target};
}

// Contains the file that each number refers to.
using Table = std::map<int, int>;

struct Outcome {
  Table before_exec;
  Table after_exec;  // without the numbers that the plan marks close-on-exec
};

// Makes a table in which every number refers to the file with the same number, as far as the child
// has a copy of it, and then runs the plan.
Outcome run_plan(const FdPlan& plan, int size) {
  Table table;
  std::set<int> closed_by_exec;
  for (int fd = 0; fd < std::min(size, static_cast<int>(plan.first_unneeded())); ++fd)
    table[fd] = fd;
  for (const FdAction& action : plan.actions()) {
    switch (action.kind) {
      case FdAction::Kind::duplicate:
      case FdAction::Kind::save:
        EXPECT_TRUE(table.contains(action.source));
        EXPECT_NE(action.source, action.target);
        table[action.target] = table[action.source];
        break;
      case FdAction::Kind::keep:
      case FdAction::Kind::inherit: EXPECT_TRUE(table.contains(action.target)); break;
      case FdAction::Kind::open_null: table[action.target] = null_file; break;
    }
    if (action.kind == FdAction::Kind::save)
      closed_by_exec.insert(action.target);
    else
      closed_by_exec.erase(action.target);
  }
  Outcome outcome{table, table};
  for (const int fd : closed_by_exec)
    outcome.after_exec.erase(fd);
  return outcome;
}

// True if the program would have a descriptor that only the child's steps need.
bool has_more_than(const std::vector<FdRequest>& requests, const FdPlan& plan) {
  for (unsigned fd = 3; fd < plan.first_unneeded(); ++fd) {
    const bool is_closed = std::ranges::any_of(
        plan.gaps(), [&](const auto& gap) { return gap.first <= fd && fd <= gap.last; });
    const bool is_passed =
        std::ranges::find(requests, static_cast<int>(fd), &FdRequest::target) != requests.end();
    if (!is_closed && !is_passed) return true;
  }
  return false;
}

// Counts the circles in which the targets of these requests wait for one another.
std::size_t circles_of(const std::vector<FdRequest>& requests) {
  std::map<int, int> source_of;
  for (const FdRequest& request : requests)
    if (request.kind == FdRequest::Kind::descriptor && request.source != request.target)
      source_of[request.target] = request.source;
  std::size_t circles = 0;
  std::set<int> seen;
  for (const auto& [start, unused] : source_of) {
    std::set<int> path;
    int number = start;
    while (source_of.contains(number) && !seen.contains(number)) {
      seen.insert(number);
      path.insert(number);
      number = source_of[number];
    }
    if (path.contains(number)) ++circles;
  }
  return circles;
}

// Each target takes one call at most, and each circle one more; nothing else is put aside.
void expect_few_calls(const FdPlan& plan, const std::vector<FdRequest>& requests) {
  const auto is_call = [](const FdAction& action) {
    return action.kind != FdAction::Kind::keep && action.kind != FdAction::Kind::inherit;
  };
  const auto in_place = std::ranges::count_if(requests, [](const FdRequest& request) {
    return request.kind == FdRequest::Kind::inherited ||
           (request.kind == FdRequest::Kind::descriptor && request.source == request.target);
  });
  const auto calls = std::ranges::count_if(plan.actions(), is_call);
  const auto saved = std::ranges::count(plan.actions(), FdAction::Kind::save, &FdAction::kind);
  const std::size_t circles = circles_of(requests);
  ASSERT_LE(static_cast<std::size_t>(saved), circles);
  ASSERT_LE(static_cast<std::size_t>(calls + in_place), requests.size() + circles);
}

// Makes a plan and compares its result.
void expect_right(FdPlan& plan, const std::vector<FdRequest>& requests, int size,
                  const std::vector<int>& kept = {}) {
  plan.clear();
  for (const FdRequest& request : requests)
    plan.add(request);
  for (const int source : kept)
    plan.keep_until_exec(source, SpawnStep::working_directory);
  ASSERT_FALSE(plan.make());
  const auto [before_exec, table] = run_plan(plan, size);
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
  ASSERT_EQ(plan.needs_until_exec(), has_more_than(requests, plan));
  if (kept.empty()) expect_few_calls(plan, requests);
  // The kept descriptor is found, under a number that the program does not see unless it was
  // passed. (exec closes a number that no action changes.)
  for (const int source : kept) {
    const int place = plan.place_of(source);
    ASSERT_TRUE(before_exec.contains(place)) << source << " is kept";
    ASSERT_EQ(before_exec.at(place), source);
    const auto seen = std::ranges::find(requests, place, &FdRequest::target);
    if (seen == requests.end()) {
      ASSERT_TRUE(place == source || !table.contains(place)) << source << " is left to the program";
    } else {
      ASSERT_EQ(seen->source, source);
    }
  }
}

// Visits all maps of `count` targets below `numbers`.
template <class Visit>
void for_each_map(int count, int numbers, Visit visit) {
  for (unsigned targets = 1; targets < 1U << numbers; ++targets) {
    std::vector<int> chosen;
    for (int fd = 0; fd < numbers; ++fd)
      if (targets >> fd & 1U) chosen.push_back(fd);
    if (static_cast<int>(chosen.size()) != count) continue;
    int combinations = 1;
    for (int i = 0; i < count; ++i)
      combinations *= numbers;
    for (int combination = 0; combination < combinations; ++combination) {
      std::vector<FdRequest> requests;
      for (int rest = combination; const int target : chosen) {
        requests.push_back(pass(rest % numbers, target));
        rest /= numbers;
      }
      visit(requests);
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

// These may become /dev/null in the child: actions that read them must come before, and those that
// copy them after.
TEST(FdPlan, ChecksInheritedStreamsAfterEverythingThatReadsThem) {
  FdPlan plan;
  expect_right(plan, {inherited(1)}, 8);
  EXPECT_EQ(plan.actions().size(), 1U);
  EXPECT_EQ(plan.first_unneeded(), 2U);

  expect_right(plan, {inherited(0), inherited(1), like(1, 2), pass(0, 5), pass(2, 6)}, 8);
  ASSERT_EQ(plan.actions().size(), 5U);
  for (const std::size_t last : {2U, 3U})
    EXPECT_EQ(plan.actions()[last].kind, FdAction::Kind::inherit);
  EXPECT_EQ(plan.actions()[4].target, 2);
}

TEST(FdPlan, OpensNullOnceToReadAndOnceToWriteAndAfterEverythingElse) {
  FdPlan plan;
  expect_right(plan, {null(0), null(1), null(2), pass(0, 4), pass(2, 3)}, 8);
  ASSERT_EQ(plan.actions().size(), 5U);
  EXPECT_EQ(plan.actions()[2].kind, FdAction::Kind::open_null);
  EXPECT_EQ(plan.actions()[3].kind, FdAction::Kind::open_null);
  EXPECT_EQ(plan.actions()[4].kind, FdAction::Kind::duplicate);
  EXPECT_EQ(plan.actions()[4].source, 1);
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

void expect_right_for_each_map(int first_count, int last_count, int numbers, int expected) {
  FdPlan plan;
  int maps = 0;
  for (int count = first_count; count <= last_count; ++count)
    for_each_map(count, numbers, [&](const std::vector<FdRequest>& requests) {
      ++maps;
      if (!testing::Test::HasFatalFailure()) expect_right(plan, requests, numbers);
    });
  EXPECT_EQ(maps, expected);
}

TEST(FdPlan, IsRightForEveryMapOfFourSourcesToFourOfSevenNumbers) {
  expect_right_for_each_map(1, 4, 7, 7 * 7 + 21 * 49 + 35 * 343 + 35 * 2401);
}

TEST(FdPlan, IsRightForEveryMapOfFiveSourcesToFiveOfSixNumbers) {
  expect_right_for_each_map(5, 5, 6, 6 * 7776);
}

// What a stream is given: nothing, one of five descriptors, /dev/null, or what it is.
TEST(FdPlan, IsRightForEveryKindOfEachStreamWithTwoDescriptors) {
  constexpr int numbers = 5;
  constexpr int stream_kinds = numbers + 3;
  constexpr int other_kinds = numbers + 1;
  const auto request_of = [](int kind, int target) -> std::optional<FdRequest> {
    if (kind < numbers) return pass(kind, target);
    if (kind == numbers) return std::nullopt;
    return kind == numbers + 1 ? null(target) : inherited(target);
  };
  FdPlan plan;
  constexpr int all = stream_kinds * stream_kinds * stream_kinds * other_kinds * other_kinds;
  for (int combination = 0; combination < all && !HasFatalFailure(); ++combination) {
    std::vector<FdRequest> requests;
    int rest = combination;
    for (int target = 0; target < numbers; ++target) {
      const int kinds = target < 3 ? stream_kinds : other_kinds;
      if (const auto request = request_of(rest % kinds, target)) requests.push_back(*request);
      rest /= kinds;
    }
    expect_right(plan, requests, numbers);
  }
}

TEST(FdPlan, KeepsOneUntilExecForEveryMapOfThreeSourcesToThreeOfSevenNumbers) {
  constexpr int numbers = 7;
  FdPlan plan;
  for (int count = 1; count <= 3; ++count)
    for_each_map(count, numbers, [&](const std::vector<FdRequest>& requests) {
      for (int kept = 0; kept < numbers && !HasFatalFailure(); ++kept)
        expect_right(plan, requests, numbers, {kept});
    });
}

TEST(FdPlan, KeepsTwoUntilExecForEveryMapOfTwoSourcesToTwoOfSevenNumbers) {
  constexpr int numbers = 7;
  FdPlan plan;
  for (int count = 1; count <= 2; ++count)
    for_each_map(count, numbers, [&](const std::vector<FdRequest>& requests) {
      for (int pair = 0; pair < numbers * numbers && !HasFatalFailure(); ++pair)
        expect_right(plan, requests, numbers, {pair % numbers, pair / numbers});
    });
}

TEST(FdPlan, KeepsOneUntilExecUnderTheNumberOfAStream) {
  FdPlan plan;
  for (int kept = 0; kept < 4; ++kept) {
    expect_right(plan, {null(0), null(1), null(2)}, 8, {kept});
    expect_right(plan, {inherited(0), inherited(1), inherited(2)}, 8, {kept});
    expect_right(plan, {inherited(0), null(1), pass(1, 2), pass(2, 3)}, 8, {kept});
  }
}

TEST(FdPlan, IsRightForLargeRandomMapsWithManyCircles) {
  std::mt19937 random(20260101);  // the same numbers every time
  FdPlan plan;
  for (int round = 0; round < 2000; ++round) {
    const int size = 2 + static_cast<int>(random() % 60);
    std::vector<int> sources(static_cast<std::size_t>(size));
    for (int& source : sources)
      source = static_cast<int>(random() % static_cast<unsigned>(size));
    if (round % 2 == 0) {  // a permutation: only cycles
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
}  // namespace sysfd_test
