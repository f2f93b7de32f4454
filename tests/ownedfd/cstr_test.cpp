// SPDX-License-Identifier: MIT
#include <sysfd/cstr.hpp>

#include <fcntl.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

struct ForeignString {
  const char* c_str() const { return text.c_str(); }
  unsigned size() const { return static_cast<unsigned>(text.size()); }
  std::string text;
};

const char* pointer_of(CStr string) {
  return string.get();
}

TEST(CStr, IsMadeFromWhateverIsNulTerminated) {
  const std::string string = "/dev/null";
  const std::filesystem::path path = "/dev/null";
  const ForeignString foreign{"/dev/null"};
  const char array[] = "/dev/null";
  EXPECT_STREQ(pointer_of("/dev/null"), "/dev/null");
  EXPECT_EQ(pointer_of(string), string.c_str()) << "the string was copied";
  EXPECT_EQ(pointer_of(path), path.c_str()) << "the path was copied";
  EXPECT_EQ(pointer_of(foreign), foreign.c_str()) << "the string was copied";
  EXPECT_EQ(pointer_of(array), array);
  EXPECT_STREQ(pointer_of(""s), "");
}

TEST(CStr, IsNotMadeFromWhatMayLackTheNul) {
  static_assert(!std::is_constructible_v<CStr, std::string_view>);
  static_assert(!std::is_constructible_v<CStr, std::nullptr_t>);
  static_assert(!std::is_constructible_v<CStr, char>);
}

TEST(CStr, AStringWithANulInsideIsNone) {
  EXPECT_EQ(pointer_of("/dev/null\0/absent"s), nullptr);
  EXPECT_EQ(pointer_of(std::filesystem::path("/dev/null\0/absent"s)), nullptr);
  EXPECT_EQ(pointer_of("/dev/null\0"s), nullptr);
  EXPECT_EQ(pointer_of("\0"s), nullptr);
}

TEST(CStr, AllKindsOfStringsOpenTheSameFile) {
  EXPECT_TRUE(sysfd::open(cwd(), "/dev/null", O_RDONLY));
  EXPECT_TRUE(sysfd::open(cwd(), "/dev/null"s, O_RDONLY));
  EXPECT_TRUE(sysfd::open(cwd(), std::filesystem::path("/dev") / "null", O_RDONLY));
}

TEST(CStr, ANulInsideIsAnErrorAndNotTheEndOfThePath) {
  EXPECT_EQ(error_of(sysfd::open(cwd(), "/dev/null\0/absent"s, O_RDONLY)),
            std::errc::invalid_argument);
  EXPECT_EQ(error_of(memfd("name\0rest"s)), std::errc::invalid_argument);
}

TEST(CStr, ANullPointerIsAnError) {
  const char* nothing = nullptr;
  EXPECT_EQ(error_of(sysfd::open(cwd(), nothing, O_RDONLY)), std::errc::invalid_argument);
  EXPECT_EQ(error_of(memfd(nothing)), std::errc::invalid_argument);
}

}  // namespace
}  // namespace sysfd_test
