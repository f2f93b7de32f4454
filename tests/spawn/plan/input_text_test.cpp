// SPDX-License-Identifier: MIT
//
// Passes text and bytes as the input of a child.
#include <sysfd/command.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

static_assert(!std::is_constructible_v<Input, std::nullptr_t>);
static_assert(!std::is_constructible_v<Input, int> && !std::is_constructible_v<Input, char>);
static_assert(!std::is_constructible_v<Input, std::vector<int>>);

std::string copied(const OutputOptions& options) {
  return must(Command("cat").output(options)).out;
}

TEST(CommandInput, MayBeText) {
  const std::string string = "a string";
  const char* const pointer = "a pointer";
  EXPECT_EQ(copied({.input = "a literal"}), "a literal");
  EXPECT_EQ(copied({.input = string}), string);
  EXPECT_EQ(copied({.input = pointer}), pointer);
  EXPECT_EQ(copied({.input = "a view"sv}), "a view");
  EXPECT_EQ(copied({.input = "a temporary"s}), "a temporary");
  EXPECT_EQ(copied({.input = "with\0a NUL"s}), "with\0a NUL"s);
  EXPECT_EQ(copied({.input = ""}), "");
}

TEST(CommandInput, MayBeBytes) {
  const std::vector<std::byte> bytes(3, std::byte{'x'});
  EXPECT_EQ(copied({.input = bytes}), "xxx");
  EXPECT_EQ(copied({.input = std::span(bytes).first(2)}), "xx");
  EXPECT_EQ(copied({.input = std::as_bytes(std::span("it", 2))}), "it");
  EXPECT_EQ(copied({.input = {}}), "");
}

TEST(CommandInput, CanBeSetLater) {
  OutputOptions options;
  const std::string text = "later";
  options.input = text;
  EXPECT_EQ(copied(options), "later");
  options.input = options.input.subspan(3);
  EXPECT_EQ(copied(options), "er");
}

}  // namespace
}  // namespace sysfd_test
