// SPDX-License-Identifier: MIT
//
// Tests the strings that a Command copies, for each type.
#include <sysfd/command.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <sysfd/cstr.hpp>
#include <sysfd/text.hpp>

#include "support/prelude.hpp"

#include "spawn/inspect.hpp"

namespace sysfd_test {
namespace {

// Like boost::filesystem::path.
struct ForeignPath {
  const char* c_str() const { return text.c_str(); }
  std::size_t size() const { return text.size(); }
  const std::string& native() const { return text; }
  std::string text;
};

struct ForeignString {
  operator std::string_view() const { return text; }
  std::string text;
};

std::string describe(Command command) {
  const auto child = command.spawn();
  return child ? "it was started" : child.error().describe();
}

std::vector<std::string> arguments_after_the_program(const Report& report) {
  return {report.arguments.begin() + 1, report.arguments.end()};
}

template <class... Values>
concept AreArguments = requires(Command command, Values... values) { command.args(values...); };

static_assert(!std::is_constructible_v<Text, std::nullptr_t>);
static_assert(!std::is_constructible_v<Text, char> && !std::is_constructible_v<Text, int>);
static_assert(!AreArguments<std::string> && !AreArguments<const char*>);
static_assert(std::is_constructible_v<CStr, ForeignPath>);

TEST(CommandStrings, MayBeOfAnyType) {
  const std::string_view part = std::string_view("a part of it").substr(0, 6);
  char array[] = "an array";
  char* pointer = array;
  const auto report = inspect([&](Command& command) {
    command.arg("literal").arg("string"s).arg(part).arg(array).arg(pointer);
    command.arg(std::filesystem::path("/a") / "path").arg(CStr("cstr")).arg(ForeignPath{"foreign"});
    command.arg(ForeignString{"view"}).arg("").arg(""sv).arg(std::string_view());
    command.env("SYSFD_LITERAL", "literal").env("SYSFD_PARTIAL"sv.substr(0, 10), part);
    command.env("SYSFD_PATH"s, std::filesystem::path("/a/path"));
    command.env("SYSFD_GONE", "x").remove_env("SYSFD_GONE_NOT"sv.substr(0, 10));
  });
  EXPECT_EQ(arguments_after_the_program(report),
            (std::vector<std::string>{"literal", "string", "a part", "an array", "an array",
                                      "/a/path", "cstr", "foreign", "view", "", "", ""}));
  EXPECT_EQ(report.environment.at("SYSFD_LITERAL"), "literal");
  EXPECT_EQ(report.environment.at("SYSFD_PART"), "a part");
  EXPECT_EQ(report.environment.at("SYSFD_PATH"), "/a/path");
  EXPECT_FALSE(report.environment.contains("SYSFD_GONE"));
}

TEST(CommandStrings, MayBeListedInAnyWay) {
  const std::vector<std::string> strings = {"1", "2"};
  const std::vector<std::string_view> views = {"3", "4"};
  const std::filesystem::path path = "7";
  const char* const array[] = {"5", "6"};
  const auto report = inspect([&](Command& command) {
    command.args(strings).args(views).args(array).args({path, "8", "9"s, "10"sv}).args({"11"});
    command.args(std::vector<std::filesystem::path>{"12"}).args(std::vector<CStr>{"13"});
  });
  EXPECT_EQ(arguments_after_the_program(report),
            (std::vector<std::string>{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
                                      "13"}));
}

TEST(CommandStrings, OfAnArgvEndAtItsNullPointer) {
  char one[] = "one";
  char two[] = "two";
  char* argv[] = {one, two, nullptr};
  char** variable = argv;
  const char* const* constant = argv;
  const std::vector<std::string> expected = {"one", "two"};
  const auto given = [&](const auto& values) {
    return arguments_after_the_program(inspect([&](Command& command) { command.args(values); }));
  };
  EXPECT_EQ(given(argv), expected);
  EXPECT_EQ(given(variable), expected);
  EXPECT_EQ(given(constant), expected);
  EXPECT_EQ(given(std::span<char* const>(argv)), expected);
  EXPECT_EQ(given(std::vector<const char*>{one, two, nullptr}), expected);
  EXPECT_EQ(given(variable + 2), std::vector<std::string>());
  EXPECT_TRUE(Command("/bin/true").args(variable).status()->success());
}

TEST(CommandStrings, OfARangeThatIsNullInTheMiddleAreRefused) {
  const std::vector<const char*> hole = {"one", nullptr, "two"};
  EXPECT_EQ(describe(Command("/bin/true").args(hole)),
            "argument 1 \"(a null pointer)\": Invalid argument");
  char** const none = nullptr;
  EXPECT_EQ(describe(Command("/bin/true").arg("x").args(none)),
            "argument 1 \"(a null pointer)\": Invalid argument");
}

TEST(CommandStrings, ThatAreNullPointersAreCalledSo) {
  const char* const null = nullptr;
  const std::string nul("a\0b", 3);
  EXPECT_EQ(describe(Command(null)), "program name \"(a null pointer)\": Invalid argument");
  EXPECT_EQ(describe(Command("/bin/true").arg("x").arg(null)),
            "argument 1 \"(a null pointer)\": Invalid argument");
  EXPECT_EQ(describe(Command("/bin/true").env(null, "x")),
            "environment variable 0 \"(a null pointer)\": Invalid argument");
  EXPECT_EQ(describe(Command("/bin/true").env("A", null)),
            "environment variable 0 \"A, whose value is a null pointer\": Invalid argument");
  EXPECT_EQ(describe(Command("/bin/true").env("A", nul)),
            "environment variable 0 \"A, whose value is a string with a NUL inside\": Invalid "
            "argument");
  EXPECT_EQ(describe(Command("/bin/true").working_directory(null)),
            "change to the working directory \"(a null pointer)\": Invalid argument");
  EXPECT_EQ(describe(Command("/bin/true").arg(std::string_view(nul))),
            "argument 0 \"(a string with a NUL inside)\": Invalid argument");
  EXPECT_EQ(describe(Command("/bin/true").arg(CStr(nul))),
            "argument 0 \"(a null pointer, or a string with a NUL inside)\": Invalid argument");
}

}  // namespace
}  // namespace sysfd_test
