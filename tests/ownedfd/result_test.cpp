// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

#include "support/descriptors.hpp"

namespace sysfd_test {
namespace {

using sysfd::OwnedFd;
using sysfd::Result;

#if defined(__cpp_exceptions)

template <class T = void>
Result<T> denied() {
  return std::unexpected(std::error_code(EACCES, std::system_category()));
}

TEST(OrThrow, HandsTheValueOver) {
  EXPECT_EQ(sysfd::or_throw(Result<int>(7), "seven"), 7);
}

TEST(OrThrow, MovesAnOwnerOut) {
  OwnedFd file = some_file();
  const int number = file.get();
  const OwnedFd taken = sysfd::or_throw(Result<OwnedFd>(std::move(file)), "file");
  EXPECT_EQ(taken.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(OrThrow, ReturnsNothingWhereThereIsNoValue) {
  static_assert(std::is_void_v<decltype(sysfd::or_throw(Result<>(), ""))>);
  EXPECT_NO_THROW(sysfd::or_throw(Result<>(), "nothing"));
}

template <class T>
void expect_thrown(Result<T> result) {
  try {
    static_cast<void>(sysfd::or_throw(std::move(result), "open the log"));
    FAIL() << "nothing was thrown";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::permission_denied);
    EXPECT_TRUE(std::string_view(error.what()).starts_with("open the log")) << error.what();
  }
}

TEST(OrThrow, ThrowsTheErrorWithWhatWasTried) {
  expect_thrown(denied<>());
  expect_thrown(denied<int>());
  expect_thrown(denied<OwnedFd>());
}

#endif  // __cpp_exceptions

}  // namespace
}  // namespace sysfd_test
