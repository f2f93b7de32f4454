// SPDX-License-Identifier: MIT
//
// Runs every public function of this module on a thread with a stack of 16 KiB.
#include <sysfd/listen_fds.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <sysfd/fd_type.hpp>
#include <sysfd/notify.hpp>

#include "support/prelude.hpp"

#include "listen/activated.hpp"
#include "listen/manager.hpp"
#include "support/kernel_features.hpp"
#include "support/small_stack.hpp"

namespace sysfd_test {
namespace {

TEST(ListenSmallStack, SufficesForPassedDescriptors) {
  each_way([](Way way) {
    open_files(4);
    Activation activation = activation_for_us(4, "a:b:c:c");
    if (kernel_has("inode numbers of pidfds")) activation.identity = own_identity();
    const auto assignments = activation.assignments();
    std::vector<const char*> variables;
    for (const std::string& assignment : assignments)
      variables.push_back(assignment.c_str());
    activation.set_environment();
    run_on_small_stack([&] {
      auto fds = way == Way::environment ? ListenFds::take() : ListenFds::take(variables);
      ASSERT_TRUE(fds);
      EXPECT_EQ(fds->size(), 4U);
      EXPECT_EQ(fds->name(0), "a");
      EXPECT_TRUE(fds->has(0));
      EXPECT_EQ(fds->get(0).get(), 3);
      EXPECT_TRUE(fds->get_one("a"));
      const auto wrong = fds->take_one("a", FdType::stream_listener());
      ASSERT_FALSE(wrong);
      EXPECT_FALSE(wrong.error().describe().empty());
      EXPECT_TRUE(fds->take_one("a"));
      EXPECT_TRUE(fds->take(1, FdType::special_file()));
      EXPECT_EQ(fds->indices_of("c").size(), 2U);
      int seen = 0;
      for (const auto& entry : *fds)
        seen += entry.name == "c" ? 1 : 0;
      EXPECT_EQ(seen, 2);
      EXPECT_EQ(fds->take(2).get(), 5);
      EXPECT_TRUE(fds->take_all("c"));
      EXPECT_FALSE(ListenFds::take());
    });
  });
}

TEST(ListenSmallStack, SufficesForTypes) {
  const OwnedFd file = some_file();
  run_on_small_stack([&] {
    const std::string path = "/dev/mqueue/nothing";
    for (const FdType& type :
         {FdType::any(), FdType::socket(), FdType::stream_listener().ip(1), FdType::stream().inet(),
          FdType::seqpacket_listener().unix_path(path), FdType::seqpacket().unix_abstract("name"),
          FdType::datagram().inet6(), FdType::fifo().at(path), FdType::special_file().at(path),
          FdType::message_queue().at("/nothing")}) {
      EXPECT_TRUE(type.matches(file).has_value()) << type.describe();
      EXPECT_FALSE(type.describe().empty());
    }
    EXPECT_TRUE(is_socket(file).has_value());
    EXPECT_TRUE(is_listening_stream(file).has_value());
    EXPECT_TRUE(is_datagram(file).has_value());
    EXPECT_TRUE(is_fifo(file).has_value());
    EXPECT_TRUE(is_special_file(file).has_value());
    EXPECT_TRUE(is_message_queue(file).has_value());
  });
}

TEST(ListenSmallStack, SufficesToTellTheManager) {
  const Manager manager;
  const std::string address = manager.address();
  const OwnedFd file = some_file();
  const std::vector<BorrowedFd> kept(253, file);
  const auto self = must(PidFd::self());
  const std::string status(3000, 's');
  run_on_small_stack([&] {
    EXPECT_TRUE(notify(address, {.ready = true,
                                 .reloading = true,
                                 .status = status,
                                 .main_process = &self,
                                 .watchdog = true,
                                 .store = kept,
                                 .store_name = "name"}));
    const auto wrong = notify(address, {.status = "two\nlines"});
    EXPECT_FALSE(error_of(wrong).message().empty());
    EXPECT_EQ(notify({.ready = true}), NotifyResult::no_manager);
    EXPECT_EQ(notify_barrier(1ms), NotifyResult::no_manager);
    EXPECT_EQ(error_of(notify_barrier(address, 1ms)), std::errc::timed_out);
    EXPECT_FALSE(watchdog_interval());
    const auto notifier = Notifier::connect(address);
    ASSERT_TRUE(notifier);
    EXPECT_TRUE(notifier->notify({.status = status, .sender = &self, .store = kept}));
    EXPECT_EQ(error_of(notifier->barrier(1ms)), std::errc::timed_out);
    EXPECT_FALSE(notifier->watchdog_interval());
    EXPECT_TRUE(Notifier::from_environment());
    (void)notify("vsock:1:1", {.ready = true, .timeout = 0s});
  });
}

}  // namespace
}  // namespace sysfd_test
