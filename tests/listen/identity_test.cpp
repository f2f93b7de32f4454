// SPDX-License-Identifier: MIT
//
// Tests LISTEN_PIDFDID: a process number can be reused, an identity cannot.
#include <sys/resource.h>
#include <sys/syscall.h>

#include <initializer_list>
#include <string>

#include "support/prelude.hpp"

#include "listen/activated.hpp"
#include "support/kernel_features.hpp"
#include "support/refuse_calls.hpp"

namespace sysfd_test {
namespace {

#define SYSFD_REQUIRE_IDENTITIES() SYSFD_REQUIRE_KERNEL("inode numbers of pidfds")

Activation activation_with_identity(const std::string& identity) {
  Activation activation = activation_for_us(1);
  activation.identity = identity;
  return activation;
}

void expect_error(const Taken& taken, const Table& before, ListenErrorKind kind,
                  const std::string& description) {
  EXPECT_EQ(descriptor_table(), before);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, kind);
  EXPECT_EQ(taken.error().describe(), description);
}

TEST(TakeByIdentity, WorksForTheProcessThatHasIt) {
  SYSFD_REQUIRE_IDENTITIES();
  each_way([](Way way) {
    open_files(1);
    EXPECT_TRUE(take(way, activation_with_identity(own_identity())));
  });
}

TEST(TakeByIdentity, IsRefusedToAnotherProcessWithTheSameNumber) {
  SYSFD_REQUIRE_IDENTITIES();
  for (const std::string identity : {"0", "1", "18446744073709551615"})
    each_way([&](Way way) {
      open_files(1);
      const Table before = descriptor_table();
      expect_error(take(way, activation_with_identity(identity)), before,
                   ListenErrorKind::other_process,
                   "LISTEN_PIDFDID=\"" + identity + "\": this process is " + own_identity());
    });
}

TEST(TakeByIdentity, NeedsA64BitNumber) {
  for (const std::string identity : {"", "x", "-1", "+1", " 1", "1 ", "0x1", "1:2",
                                     "18446744073709551616", "99999999999999999999999"})
    each_way([&](Way way) {
      open_files(1);
      const Table before = descriptor_table();
      expect_error(take(way, activation_with_identity(identity)), before,
                   ListenErrorKind::malformed,
                   "LISTEN_PIDFDID=\"" + identity + "\": not a 64-bit number");
    });
}

TEST(TakeByIdentity, ComesBeforeWhatElseMayBeWrong) {
  SYSFD_REQUIRE_IDENTITIES();
  each_way([](Way way) {
    Activation activation = activation_for_us(-1, "a:b:c");
    activation.identity = std::string("1");
    const auto refused = take(way, activation);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ListenErrorKind::other_process);
  });
}

// As in libsystemd: the number matches, and nothing more can be found out.
TEST(TakeByIdentity, IsNotComparedWhereTheProcessHasNoRoomToFindOutItsOwn) {
  SYSFD_REQUIRE_IDENTITIES();
  each_way([](Way way) {
    open_files(1);
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_TRUE(take(way, activation_with_identity("1")));
  });
}

TEST(TakeByIdentity, NeedsNoRoomIfNoIdentityIsSet) {
  each_way([](Way way) {
    open_files(1);
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_TRUE(take(way, activation_for_us(1)));
  });
}

TEST(TakeByIdentity, IgnoresItWhereTheKernelHasNone) {
  // As before Linux 6.9: pidfds do not have their own file system, or have no handles, or there are
  // no pidfds.
  for (const auto& calls : {std::initializer_list<RefusedCall>{{SYS_name_to_handle_at, EOPNOTSUPP},
                                                               {SYS_fstatfs, EOPNOTSUPP}},
                            std::initializer_list<RefusedCall>{{SYS_pidfd_open, ENOSYS}}})
    for (const char* identity : {"1", "0"})
      each_way([&](Way way) {
        open_files(1);
        refuse_calls(calls);
        EXPECT_TRUE(take(way, activation_with_identity(identity)));
      });
}

TEST(TakeByIdentity, InsistsOnANumberWhereTheKernelHasNone) {
  each_way([](Way way) {
    open_files(1);
    refuse_calls({{SYS_pidfd_open, ENOSYS}});
    const Table before = descriptor_table();
    expect_error(take(way, activation_with_identity("x")), before, ListenErrorKind::malformed,
                 "LISTEN_PIDFDID=\"x\": not a 64-bit number");
  });
}

TEST(TakeByIdentity, WorksWithoutHandlesOfPidfds) {
  SYSFD_REQUIRE_IDENTITIES();
  each_way([](Way way) {
    open_files(1);
    const std::string identity = own_identity();
    refuse_calls({{SYS_name_to_handle_at, EOPNOTSUPP}});
    const Table before = descriptor_table();
    const auto refused = take(way, activation_with_identity("1"));
    EXPECT_EQ(descriptor_table(), before);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ListenErrorKind::other_process);
    EXPECT_TRUE(take(way, activation_with_identity(identity)));
  });
}

TEST(TakeByIdentity, IsNotComparedWhereTheProcessMayNotAsk) {
  for (const int error : {EPERM, EACCES, ENOSYS})
    each_way([&](Way way) {
      open_files(1);
      refuse_calls({{SYS_pidfd_open, error}});
      EXPECT_TRUE(take(way, activation_with_identity("1")));
    });
}

}  // namespace
}  // namespace sysfd_test
