// SPDX-License-Identifier: MIT
#include "spec/small_vector.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using detail::SmallVector;

template <std::size_t N>
std::vector<int> contents_of(const SmallVector<int, N>& all) {
  return {all.begin(), all.end()};
}

std::vector<int> numbers_up_to(int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST(SmallVector, KeepsItsElementsWhenItGrows) {
  SmallVector<int, 4> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(i);
    ASSERT_EQ(contents_of(all), numbers_up_to(i + 1));
  }
}

TEST(SmallVector, TakesAnElementOfItsOwn) {
  SmallVector<int, 4> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(i);
  all.push_back(all[0]);
  EXPECT_EQ(contents_of(all), (std::vector<int>{0, 1, 2, 3, 0}));
}

TEST(SmallVector, AppendsManyAtOnce) {
  SmallVector<int, 4> all;
  const auto numbers = numbers_up_to(50);
  all.append(numbers.data(), 3);
  all.append(numbers.data() + 3, 47);
  all.append(numbers.data(), 0);
  EXPECT_EQ(contents_of(all), numbers);
}

TEST(SmallVector, ReservesRoom) {
  SmallVector<int, 4> all;
  all.push_back(7);
  all.reserve(1000);
  const int* const data = all.data();
  for (int i = 0; i < 999; ++i)
    all.push_back(i);
  EXPECT_EQ(all.data(), data);
  EXPECT_EQ(all[0], 7);
  EXPECT_EQ(all.back(), 998);
}

TEST(SmallVector, IsEmptyAfterClearAndKeepsItsRoom) {
  SmallVector<int, 2> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(i);
  const int* const data = all.data();
  all.clear();
  EXPECT_TRUE(all.empty());
  for (int i = 0; i < 10; ++i)
    all.push_back(i);
  EXPECT_EQ(all.data(), data);
  all.pop_back();
  EXPECT_EQ(all.size(), 9U);
}

}  // namespace
}  // namespace sysfd_test
