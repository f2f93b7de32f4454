// SPDX-License-Identifier: MIT
#include <sysfd/listen_error.hpp>

#include <cerrno>

#include "support/prelude.hpp"

namespace sysfd_test {
namespace {

TEST(ListenErrors, AreErrorCodes) {
  using Kind = ListenErrorKind;
  const auto code = [](Kind kind, int value = 0) {
    return std::error_code(ListenError{kind, "3", "wrong", {value, std::system_category()}})
        .value();
  };
  EXPECT_EQ(code(Kind::not_activated), ENODATA);
  EXPECT_EQ(code(Kind::other_process), ESRCH);
  EXPECT_EQ(code(Kind::malformed), EINVAL);
  EXPECT_EQ(code(Kind::wrong_type), EINVAL);
  EXPECT_EQ(code(Kind::already_taken), EALREADY);
  EXPECT_EQ(code(Kind::not_found), ENOENT);
  EXPECT_EQ(code(Kind::ambiguous), ENOTUNIQ);
  EXPECT_EQ(code(Kind::unavailable, EMFILE), EMFILE);
  EXPECT_EQ(code(Kind::unavailable), EINVAL);
  EXPECT_EQ(code(static_cast<Kind>(99)), EINVAL);
  EXPECT_EQ(code(Kind::malformed, EBADF), EBADF) << "what a system call has told";
}

TEST(ListenErrors, AreDescribed) {
  EXPECT_EQ((ListenError{ListenErrorKind::malformed, "LISTEN_FDS=x", "no number", {}}).describe(),
            "LISTEN_FDS=x: no number");
  EXPECT_EQ((ListenError{ListenErrorKind::not_activated, "", "no variable", {}}).describe(),
            "no variable");
  const std::error_code bad(EBADF, std::system_category());
  EXPECT_EQ((ListenError{ListenErrorKind::unavailable, "3", "not open", bad}).describe(),
            "3: not open: Bad file descriptor");
}

}  // namespace
}  // namespace sysfd_test
