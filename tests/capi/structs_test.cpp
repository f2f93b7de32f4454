// SPDX-License-Identifier: MIT
//
// Structs that grow: sizes, what is written, texts.
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstring>

#include "capi/objects.hpp"

namespace sysfd_test {
namespace {

// A struct as a newer version might have it.
template <class Struct>
struct Newer {
  Struct known;
  std::uint64_t more;
};

TEST(CStructs, OfANewerVersionAreAcceptedIfTheRestIsZero) {
  const auto it = command("true");
  Newer<sysfd_session> session = {SYSFD_SESSION_INIT, 0};
  session.known.size = sizeof session;
  EXPECT_EQ(sysfd_command_session(it.get(), &session.known), 0);
  Newer<sysfd_identity> identity = {SYSFD_IDENTITY_INIT, 0};
  identity.known.size = sizeof identity;
  EXPECT_EQ(sysfd_command_identity(it.get(), &identity.known), 0);
  EXPECT_EQ(exit_code_of(spawned(it)), 0);
}

TEST(CStructs, OfANewerVersionAreRefusedIfTheRestIsNotZero) {
  Newer<sysfd_timeout> limit = {SYSFD_TIMEOUT_INIT, 1};
  limit.known.size = sizeof limit;
  limit.known.nanoseconds = 0;
  const int self = sysfd_pidfd_self();
  EXPECT_EQ(sysfd_pidfd_wait_any(&self, 1, &limit.known), -E2BIG);
  limit.more = 0;
  EXPECT_EQ(sysfd_pidfd_wait_any(&self, 1, &limit.known), -ETIMEDOUT);
  EXPECT_EQ(sysfd_close_take(self), 0);
}

TEST(CStructs, ThatAreNotInitializedAreRefused) {
  const int self = sysfd_pidfd_self();
  for (const std::uint32_t size : {0U, 4U, 15U}) {
    sysfd_timeout limit = {size, -1, 0};
    EXPECT_EQ(sysfd_pidfd_wait_any(&self, 1, &limit), -EINVAL);
  }
  sysfd_process_info info = {};
  EXPECT_EQ(sysfd_pidfd_info(self, &info), -EINVAL);
  EXPECT_EQ(sysfd_pidfd_info(self, nullptr), -EINVAL);
  EXPECT_EQ(sysfd_close_take(self), 0);

  const auto it = command("/no/such");
  sysfd_child* child = nullptr;
  sysfd_spawn_error error = {};
  EXPECT_EQ(sysfd_command_spawn(it.get(), &child, &error), -EINVAL);
  EXPECT_EQ(sysfd_command_spawn(it.get(), &child, nullptr), -ENOENT);
}

// A size that nobody has set is most often large: what lies behind is neither read nor written.
TEST(CStructs, OfMoreThan4096BytesAreRefused) {
  struct {
    sysfd_timeout limit = SYSFD_TIMEOUT_INIT;
    char more[8192] = {};
  } large;
  const int self = sysfd_pidfd_self();
  large.limit.nanoseconds = 0;
  large.limit.size = 4096;
  EXPECT_EQ(sysfd_pidfd_wait_any(&self, 1, &large.limit), -ETIMEDOUT);
  large.limit.size = 4097;
  EXPECT_EQ(sysfd_pidfd_wait_any(&self, 1, &large.limit), -E2BIG);

  struct {
    sysfd_process_info info = SYSFD_PROCESS_INFO_INIT;
    char more[8192] = {'x'};
  } filled;
  filled.info.size = 4097;
  EXPECT_EQ(sysfd_pidfd_info(self, &filled.info), -EINVAL);
  EXPECT_EQ(filled.more[0], 'x');
  filled.info.size = 4096;
  EXPECT_EQ(sysfd_pidfd_info(self, &filled.info), 0);
  EXPECT_EQ(filled.more[0], 0);
  EXPECT_EQ(sysfd_close_take(self), 0);
}

TEST(CStructs, WithReservedMembersThatAreSetAreRefused) {
  int sockets[2];
  ASSERT_EQ(sysfd_socket_pair(SOCK_STREAM, sockets), 0);
  ASSERT_EQ(sysfd_send_fds(sockets[0], nullptr, 0, "x", 1), 1);
  sysfd_receive_options options = SYSFD_RECEIVE_OPTIONS_INIT;
  options.reserved = 1;
  char byte = 0;
  sysfd_message* message = nullptr;
  EXPECT_EQ(sysfd_receive_fds(sockets[1], &byte, 1, &options, &message), -EINVAL);
  EXPECT_EQ(message, nullptr);
  sysfd_message_free(message);
  for (const int fd : sockets)
    EXPECT_EQ(sysfd_close_take(fd), 0);

  const auto it = command("true");
  const sysfd_resource_limit limit = {RLIMIT_CORE, 1, 0, 0};
  sysfd_resources resources = SYSFD_RESOURCES_INIT;
  resources.limits = &limit;
  resources.limit_count = 1;
  EXPECT_EQ(sysfd_command_resources(it.get(), &resources), -EINVAL);
}

TEST(CStructs, OfANewerVersionAreFilledWithZerosBeyondWhatIsKnown) {
  Newer<sysfd_process_info> info = {SYSFD_PROCESS_INFO_INIT, 77};
  info.known.size = sizeof info;
  const int self = sysfd_pidfd_self();
  ASSERT_EQ(sysfd_pidfd_info(self, &info.known), 0);
  EXPECT_EQ(info.more, 0U);
  EXPECT_EQ(info.known.size, sizeof info);
  EXPECT_NE(info.known.pid, 0);
  EXPECT_EQ(sysfd_close_take(self), 0);
}

TEST(CStructs, OfErrorsAreNotWrittenOnSuccess) {
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  error.step = 77;
  const auto it = command("true");
  sysfd_child* child = nullptr;
  ASSERT_EQ(sysfd_command_spawn(it.get(), &child, &error), 0);
  EXPECT_EQ(error.step, 77);
  EXPECT_EQ(exit_code_of(CChild(child)), 0);
}

TEST(CTexts, AreCutToTheBufferAndTellTheirLength) {
  char buffer[8] = "#######";
  const int length = sysfd_exit_status_text(0, buffer, sizeof buffer);
  EXPECT_EQ(length, static_cast<int>(std::strlen("exited with code 0")));
  EXPECT_STREQ(buffer, "exited ");
  EXPECT_EQ(sysfd_exit_status_text(0, nullptr, 0), length);
  EXPECT_EQ(sysfd_exit_status_text(0, nullptr, 5), -EINVAL);
}

TEST(CTexts, OfALongErrorAreCut) {
  const std::string path = "/" + std::string(2000, 'x');
  const auto it = command(path.c_str());
  sysfd_spawn_error error = SYSFD_SPAWN_ERROR_INIT;
  sysfd_child* child = nullptr;
  EXPECT_LT(sysfd_command_spawn(it.get(), &child, &error), 0);
  EXPECT_EQ(std::strlen(error.text), sizeof error.text - 1);
  EXPECT_FALSE(child);
}

TEST(CFeatures, AreFoundEachTime) {
  const std::uint64_t found = sysfd_features();
  EXPECT_EQ(found, sysfd_features());
  EXPECT_TRUE(found >> SYSFD_FEATURE_PIDFD_OPEN & 1);
  EXPECT_EQ(found >> SYSFD_FEATURE_COUNT, 0U);
  const auto text =
      text_of([&](char* to, std::size_t n) { return sysfd_features_text(found, to, n); });
  EXPECT_NE(text.find("yes  pidfd_open (Linux 5.3)\n"), text.npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), SYSFD_FEATURE_COUNT);
  EXPECT_EQ(text_of([](char* to, std::size_t n) {
              return sysfd_feature_name(SYSFD_FEATURE_PIDFD_GETFD, to, n);
            }),
            "pidfd_getfd");
  EXPECT_EQ(sysfd_feature_name(-1, nullptr, 0), -EINVAL);
  EXPECT_EQ(sysfd_feature_name(SYSFD_FEATURE_COUNT, nullptr, 0), -EINVAL);
}

}  // namespace
}  // namespace sysfd_test
