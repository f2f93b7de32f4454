// SPDX-License-Identifier: MIT
//
// Tests descriptors that the service manager stores, and the barrier, which is a descriptor too.
#include <sysfd/notify.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sysfd/create.hpp>

#include "support/prelude.hpp"

#include "listen/manager.hpp"

namespace sysfd_test {
namespace {

std::vector<BorrowedFd> borrow_all(const std::vector<OwnedFd>& files) {
  return {files.begin(), files.end()};
}

std::vector<OwnedFd> some_files(std::size_t count) {
  std::vector<OwnedFd> files;
  files.reserve(count);
  while (files.size() < count)
    files.push_back(some_file());
  return files;
}

TEST(NotifyStore, SendsDuplicatesInTheirOrder) {
  const Manager manager;
  for (const std::size_t count : {1UZ, 3UZ, 253UZ}) {
    const auto files = some_files(count);
    ASSERT_TRUE(notify(manager.address(), {.store = borrow_all(files)}));
    const Received received = manager.receive();
    EXPECT_EQ(received.text, "FDSTORE=1\n");
    ASSERT_EQ(received.fds.size(), count);
    for (std::size_t i = 0; i < count; ++i)
      EXPECT_TRUE(same_file(received.fds[i].get(), files[i].get())) << i;
  }
}

TEST(NotifyStore, TakesNoMoreThanAMessageCan) {
  const Manager manager;
  const OwnedFd file = some_file();
  for (const std::size_t count : {254UZ, 255UZ, 1000UZ}) {
    const std::vector<BorrowedFd> many(count, file);
    EXPECT_EQ(error_of(notify(manager.address(), {.store = many})),
              std::errc::argument_list_too_long);
  }
  EXPECT_FALSE(manager.has_message());
}

TEST(NotifyStore, SaysTheNameAndWhetherToPoll) {
  const Manager manager;
  const OwnedFd file = some_file();
  const BorrowedFd kept[] = {file};
  ASSERT_TRUE(notify(manager.address(), {.store = kept, .store_name = "web"}));
  EXPECT_EQ(manager.receive().text, "FDSTORE=1\nFDNAME=web\n");
  ASSERT_TRUE(notify(manager.address(), {.store = kept, .store_poll = false}));
  EXPECT_EQ(manager.receive().text, "FDSTORE=1\nFDPOLL=0\n");
  ASSERT_TRUE(notify(manager.address(),
                     {.ready = true, .store = kept, .store_name = "a b", .store_poll = false}));
  EXPECT_EQ(manager.receive().text, "READY=1\nFDSTORE=1\nFDNAME=a b\nFDPOLL=0\n");
}

TEST(NotifyStore, HasNamesThatSurviveTheWayBack) {
  const Manager manager;
  const OwnedFd file = some_file();
  const BorrowedFd kept[] = {file};
  for (const std::string& name :
       {std::string("a"), std::string(255, 'x'), std::string(" "), std::string("~!=\\")}) {
    EXPECT_TRUE(notify(manager.address(), {.store = kept, .store_name = name}));
    EXPECT_EQ(manager.receive().text, "FDSTORE=1\nFDNAME=" + name + '\n');
    EXPECT_TRUE(notify(manager.address(), {.remove_stored = name}));
    EXPECT_EQ(manager.receive().text, "FDSTOREREMOVE=1\nFDNAME=" + name + '\n');
  }
  for (const std::string& name :
       {std::string("a:b"), std::string(":"), std::string(256, 'x'), std::string("\n"),
        std::string("\x7f"), std::string("\x1f"), std::string("\xc3\xa4"), std::string(1, '\0')}) {
    for (const auto& wrong : {Notification{.store = kept, .store_name = name},
                              Notification{.ready = true, .remove_stored = name}})
      EXPECT_EQ(error_of(notify(manager.address(), wrong)), std::errc::invalid_argument) << name;
  }
  EXPECT_FALSE(manager.has_message());
}

TEST(NotifyStore, OfWhatIsNotOpenIsAnError) {
  const Manager manager;
  const OwnedFd file = some_file();
  const BorrowedFd kept[] = {file, BorrowedFd::unsafe_borrow(900)};
  EXPECT_EQ(error_of(notify(manager.address(), {.store = kept})), std::errc::bad_file_descriptor);
  EXPECT_FALSE(manager.has_message());
}

// The manager runs in a separate thread, and keeps the received descriptors until it is told to go
// on.
TEST(NotifyBarrier, EndsWhenTheManagerHasReadAllThatWasBefore) {
  const Manager manager;
  ASSERT_TRUE(notify(manager.address(), {.ready = true}));
  std::vector<std::string> read;
  std::thread thread([&] {
    for (int i = 0; i < 2; ++i)
      read.push_back(manager.receive().text);
  });
  EXPECT_TRUE(notify_barrier(manager.address(), 30s));
  thread.join();
  EXPECT_EQ(read, (std::vector<std::string>{"READY=1\n", "BARRIER=1"}));
}

TEST(NotifyBarrier, SendsOneEndOfAPipeAndNothingElse) {
  const Manager manager;
  std::optional<Received> received;
  std::thread thread([&] {
    received = manager.receive();
    EXPECT_EQ(received->fds.size(), 1U);
    if (received->fds.empty()) return;
    const int flags = ::fcntl(received->fds[0].get(), F_GETFL);
    EXPECT_EQ(flags & O_ACCMODE, O_WRONLY);
    received->fds.clear();
  });
  EXPECT_TRUE(notify_barrier(manager.address(), 30s));
  thread.join();
  EXPECT_EQ(received->text, "BARRIER=1");
  EXPECT_FALSE(manager.has_message());
}

TEST(NotifyBarrier, TimesOut) {
  const Manager manager;
  const auto before = open_descriptors();
  for (const std::chrono::nanoseconds timeout :
       {std::chrono::nanoseconds(1ms), std::chrono::nanoseconds(0), std::chrono::nanoseconds(-1h)})
    EXPECT_EQ(error_of(notify_barrier(manager.address(), timeout)), std::errc::timed_out);
  EXPECT_EQ(open_descriptors(), before);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(manager.receive().text, "BARRIER=1");
}

TEST(NotifyBarrier, TimesOutIfTheManagerReadsNothingAndItsQueueIsFull) {
  const Manager manager;
  const auto before = open_descriptors();
  // The first ones that do not fit would wait forever.
  int sent = 0;
  while (error_of(notify_barrier(manager.address(), 0ns)) == std::errc::timed_out &&
         ++sent < 2000) {
  }
  EXPECT_EQ(error_of(notify_barrier(manager.address(), 1ms)), std::errc::timed_out);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(NotifyBarrier, WaitsThoughTheManagerKeepsTheMessage) {
  const Manager manager;
  EXPECT_EQ(error_of(notify_barrier(manager.address(), 1ms)), std::errc::timed_out);
  Received kept = manager.receive();
  ASSERT_EQ(kept.fds.size(), 1U);
  pollfd entry{kept.fds[0].get(), 0, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 1) << "the waiting process is gone";
  EXPECT_NE(entry.revents & POLLERR, 0);
}

TEST(NotifyBarrier, CanBeCanceled) {
  const Manager manager;
  const OwnedFd stop = must(event_fd(1));
  EXPECT_EQ(error_of(notify_barrier(manager.address(), Timeout::forever().canceled_by(stop))),
            std::errc::operation_canceled);
}

TEST(NotifyBarrier, NeedsAPipe) {
  const Manager manager;
  run_apart([&] {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(error_of(notify_barrier(manager.address(), 30s)), std::errc::too_many_files_open);
    EXPECT_EQ(error_of(notify(manager.address(), {.ready = true})), std::errc::too_many_files_open);
  });
  EXPECT_FALSE(manager.has_message());
}

TEST(NotifyBarrier, IsAskedForByTheEnvironmentToo) {
  const Manager manager;
  run_apart([&] {
    ::setenv("NOTIFY_SOCKET", manager.address().c_str(), 1);
    std::thread thread([&] { EXPECT_EQ(manager.receive().fds.size(), 1U); });
    EXPECT_EQ(notify_barrier(30s), NotifyResult::sent);
    thread.join();
  });
}

}  // namespace
}  // namespace sysfd_test
