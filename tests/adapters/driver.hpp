// SPDX-License-Identifier: MIT
//
// What the cases of tests/adapters/cases.hpp need of each adapter. A driver is a class with
//
//     static std::string missing();            // why it cannot run here, or ""
//     std::unique_ptr<Running<AwaitedEnd>> end(Child, Timeout);
//     std::unique_ptr<Running<AwaitedStart>> start(PendingChild, Timeout);
//     void turn();                             // blocks until the loop has done something
//     std::size_t registered();                // descriptors that the loop knows now
#ifndef SYSFD_TESTS_ADAPTERS_DRIVER_HPP
#define SYSFD_TESTS_ADAPTERS_DRIVER_HPP

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <sysfd/adapters/await.hpp>

#include "support/prelude.hpp"

namespace sysfd_test {

// A wait that has begun. Destroying it ends it.
template <class Outcome>
class Running {
 public:
  virtual ~Running() = default;
  virtual void cancel() = 0;  // then there is an outcome with ECANCELED, at once or after turns

  void take(Outcome given) {
    ++calls;
    outcome.emplace(std::move(given));
  }

  std::optional<Outcome> outcome;
  int calls = 0;
};

inline AwaitedEnd canceled(Child child) {
  return {std::move(child), detail::failure(ECANCELED)};
}

inline AwaitedStart canceled(PendingChild pending) {
  return {
      std::unexpected(SpawnError{SpawnStep::confirmation, detail::error_code(ECANCELED), -1, ""}),
      std::move(pending)};
}

// One of await_end() or await_start().
template <class Subject>
class Called final : public Running<detail::AwaitedOf<Subject>> {
 public:
  template <class Loop>
  Called(Loop&& loop, Subject subject, Timeout timeout)
      : wait_(must(begin(loop, std::move(subject), timeout))) {}

  void cancel() override {
    auto subject = wait_.cancel();
    EXPECT_FALSE(wait_.is_waiting());
    if (subject) this->take(canceled(*std::move(subject)));
  }

 private:
  template <class Loop>
  auto begin(Loop&& loop, Child&& child, Timeout timeout) {
    return await_end(loop, std::move(child), timeout,
                     [this](AwaitedEnd end) { this->take(std::move(end)); });
  }
  template <class Loop>
  auto begin(Loop&& loop, PendingChild&& pending, Timeout timeout) {
    return await_start(loop, std::move(pending), timeout,
                       [this](AwaitedStart start) { this->take(std::move(start)); });
  }

  Awaiting<Subject> wait_;
};

// A driver of a loop that await_end() takes. Loop has loop(), turn(), registered().
template <class Loop>
class CallbackDriver : public Loop {
 public:
  std::unique_ptr<Running<AwaitedEnd>> end(Child child, Timeout timeout) {
    return std::make_unique<Called<Child>>(this->loop(), std::move(child), timeout);
  }
  std::unique_ptr<Running<AwaitedStart>> start(PendingChild pending, Timeout timeout) {
    return std::make_unique<Called<PendingChild>>(this->loop(), std::move(pending), timeout);
  }
};

// Returns the descriptors that are in an epoll(7) set.
inline std::set<int> registered_in(BorrowedFd epoll) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(epoll.get()));
  std::set<int> descriptors;
  for (std::string word; info >> word;)
    if (int fd = -1; word == "tfd:" && info >> fd) descriptors.insert(fd);
  return descriptors;
}

// Returns how many of them are no timers or events, which are the loop's own.
inline std::size_t awaited_in(BorrowedFd epoll) {
  return static_cast<std::size_t>(std::ranges::count_if(registered_in(epoll), [](int fd) {
    const auto file = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd));
    return file != "anon_inode:[timerfd]" && file != "anon_inode:[eventfd]";
  }));
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_ADAPTERS_DRIVER_HPP
