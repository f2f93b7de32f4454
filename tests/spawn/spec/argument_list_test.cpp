// SPDX-License-Identifier: MIT
//
// Tests the list of arguments alone: starts no process.
#include "spec/argument_list.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

using detail::ArgumentList;

std::vector<std::string> texts_of(const ArgumentList& list) {
  std::vector<std::string> texts;
  for (char* const* text = list.get(); *text; ++text)
    texts.emplace_back(*text);
  return texts;
}

TEST(ArgumentList, BeginsWithArgument0AndEndsWithANullPointer) {
  const ArgumentList list("program");
  EXPECT_EQ(texts_of(list), std::vector<std::string>{"program"});
  EXPECT_EQ(list.size(), 1U);
  EXPECT_EQ(list.get()[1], nullptr);
}

TEST(ArgumentList, CopiesTexts) {
  ArgumentList list("program");
  std::string text = "before";
  list.add(text);
  text = "after";
  EXPECT_EQ(texts_of(list), (std::vector<std::string>{"program", "before"}));
}

TEST(ArgumentList, KeepsTextsWhereTheyAre) {
  ArgumentList list("program");
  list.add("first");
  const char* const first = list.get()[1];
  for (int i = 0; i < 1000; ++i)
    list.add(std::to_string(i));
  EXPECT_EQ(list.get()[1], first);
  EXPECT_STREQ(first, "first");
  EXPECT_STREQ(list.get()[1001], "999");
  EXPECT_EQ(list.size(), 1002U);
}

TEST(ArgumentList, TakesTextsOfAnyLength) {
  ArgumentList list("program");
  std::vector<std::string> expected{"program"};
  list.add(std::string_view());
  expected.emplace_back();
  for (const std::size_t size : {0U, 255U, 256U, 1U, 1023U, 1024U, 100000U, 3U}) {
    expected.emplace_back(size, static_cast<char>('a' + size % 26));
    list.add(expected.back());
  }
  EXPECT_EQ(texts_of(list), expected);
}

TEST(ArgumentList, ReplacesArgument0) {
  ArgumentList list("program");
  list.add("-x");
  list.set_first("other");
  EXPECT_EQ(texts_of(list), (std::vector<std::string>{"other", "-x"}));
}

}  // namespace
}  // namespace sysfd_test
