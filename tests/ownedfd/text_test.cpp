// SPDX-License-Identifier: MIT
#include <sysfd/text.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>

#include <sysfd/cstr.hpp>
#include <sysfd/owned_fd.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

// Like boost::filesystem::path: both a string that knows its size and a path.
struct ForeignPath {
  const char* c_str() const { return text.c_str(); }
  std::size_t size() const { return text.size(); }
  const std::string& native() const { return text; }
  std::string text;
};

std::string_view view_of(Text text) {
  EXPECT_EQ(text.fault(), nullptr);
  return text.view();
}

std::string fault_of(Text text) {
  return text.fault() ? text.fault() : "";
}

TEST(Text, IsMadeFromWhateverIsAString) {
  char array[] = "array";
  EXPECT_EQ(view_of("literal"), "literal");
  EXPECT_EQ(view_of(array), "array");
  EXPECT_EQ(view_of("string"s), "string");
  EXPECT_EQ(view_of("a part"sv.substr(2)), "part");
  EXPECT_EQ(view_of(std::string_view()), "");
  EXPECT_EQ(view_of(std::filesystem::path("/a") / "path"), "/a/path");
  EXPECT_EQ(view_of(ForeignPath{"foreign"}), "foreign");
  EXPECT_EQ(view_of(CStr("cstr")), "cstr");
}

TEST(Text, IsNotMadeFromWhatIsNone) {
  static_assert(!std::is_constructible_v<Text, std::nullptr_t>);
  static_assert(!std::is_constructible_v<Text, char> && !std::is_constructible_v<Text, int>);
  static_assert(!std::is_constructible_v<Text, BorrowedFd>);
}

TEST(Text, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(fault_of(static_cast<const char*>(nullptr)), "a null pointer");
  EXPECT_EQ(fault_of("a\0b"s), "a string with a NUL inside");
  EXPECT_EQ(fault_of("a\0"sv), "a string with a NUL inside");
  EXPECT_EQ(fault_of(CStr("a\0b"s)), "a null pointer, or a string with a NUL inside");
  EXPECT_EQ(Text("a\0b"s).view(), "a\0b"sv) << "it is not cut";
}

TEST(CStr, IsMadeFromAPathThatIsAStringToo) {
  const ForeignPath path{"/dev/null"};
  EXPECT_EQ(CStr(path).get(), path.c_str());
}

TEST(BorrowedFd, OfANumberThatThereMayBeIsNoneForMinusOne) {
  EXPECT_FALSE(BorrowedFd::unsafe_borrow_optional(-1));
  EXPECT_EQ(BorrowedFd::unsafe_borrow_optional(0)->get(), 0);
}

}  // namespace
}  // namespace sysfd_test
