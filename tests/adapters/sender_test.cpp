// SPDX-License-Identifier: MIT
#include <sysfd/adapters/sender.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <sysfd/adapters/epoll.hpp>

#include "support/prelude.hpp"

#include "adapters/cases.hpp"
#include "adapters/driver.hpp"

namespace sysfd_test {
namespace {

struct Environment {
  std::stop_token token;
  std::stop_token query(get_stop_token_t) const noexcept { return token; }
};

template <class Outcome>
class Sent;

template <class Outcome>
struct StoppableReceiver {
  Sent<Outcome>* to;
  template <class Answer>
  void set_value(Answer answer) && noexcept {
    to->complete(std::move(answer));
  }
  void set_stopped() && noexcept { to->stopped(); }
  Environment get_env() const noexcept { return {to->stop.get_token()}; }
};

template <class Outcome>
class Sent final : public Running<Outcome> {
  using Subject = std::conditional_t<std::is_same_v<Outcome, AwaitedEnd>, Child, PendingChild>;

 public:
  Sent(EpollSet& set, Subject subject, Timeout timeout)
      : subject_(std::move(subject)), operation_(connect(set, timeout)) {
    operation_.start();
  }
  void cancel() override { stop.request_stop(); }
  void complete(Result<ExitStatus> status) { this->take({std::move(subject_), status}); }
  void complete(Result<Child, SpawnError> child) {
    this->take(detail::awaited(std::move(subject_), std::move(child)));
  }
  void stopped() { this->take(canceled(std::move(subject_))); }

  std::stop_source stop;

 private:
  auto connect(EpollSet& set, Timeout timeout) {
    if constexpr (std::is_same_v<Subject, Child>)
      return end_sender(set, subject_, timeout).connect(StoppableReceiver<Outcome>{this});
    else
      return start_sender(set, subject_, timeout).connect(StoppableReceiver<Outcome>{this});
  }

  Subject subject_;
  detail::SentWait<EpollSet, Subject, StoppableReceiver<Outcome>> operation_;
};

class SenderDriver {
 public:
  static std::string missing() { return {}; }
  std::unique_ptr<Running<AwaitedEnd>> end(Child child, Timeout timeout) {
    return std::make_unique<Sent<AwaitedEnd>>(set_, std::move(child), timeout);
  }
  std::unique_ptr<Running<AwaitedStart>> start(PendingChild pending, Timeout timeout) {
    return std::make_unique<Sent<AwaitedStart>>(set_, std::move(pending), timeout);
  }
  void turn() { EXPECT_TRUE(set_.dispatch(Timeout::forever())); }
  std::size_t registered() { return set_.size(); }

 private:
  EpollSet set_ = must(EpollSet::make());
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sender, Await, SenderDriver);

struct PlainReceiver {
  std::optional<Result<ExitStatus>>& status;
  void set_value(Result<ExitStatus> given) noexcept { status.emplace(given); }
  void set_stopped() noexcept { ADD_FAILURE(); }
};

TEST(EndSender, NeedsNoEnvironmentOfTheReceiver) {
  SYSFD_REQUIRE_ISOLATION();
  auto set = must(EpollSet::make());
  Child child = shell("exit 3");
  std::optional<Result<ExitStatus>> status;
  auto operation = end_sender(set, child).connect(PlainReceiver{status});
  EXPECT_EQ(set.size(), 0u) << "it is started before start()";
  operation.start();
  while (!status)
    ASSERT_TRUE(set.dispatch(Timeout::forever()));
  EXPECT_EQ((*status)->code(), 3);
  EXPECT_EQ(child.wait()->code(), 3) << "the child is not the caller's any more";
}

TEST(EndSender, SendsWhyItCouldNotBegin) {
  SYSFD_REQUIRE_ISOLATION();
  auto set = must(EpollSet::make());
  Held one = held();
  const OwnedFd control = must(event_fd(0));
  std::optional<Result<ExitStatus>> status;
  auto operation =
      end_sender(set, one.child, Timeout(1h).canceled_by(control)).connect(PlainReceiver{status});
  operation.start();
  EXPECT_EQ(error_of(*status), std::errc::invalid_argument);
}

struct StoppedReceiver {
  std::stop_token token;
  int& stops;
  void set_value(Result<ExitStatus>) noexcept { ADD_FAILURE(); }
  void set_stopped() noexcept { ++stops; }
  Environment get_env() const noexcept { return {token}; }
};

TEST(EndSender, IsNotStartedWhereTheStopWasRequestedBefore) {
  SYSFD_REQUIRE_ISOLATION();
  auto set = must(EpollSet::make());
  Held one = held();
  std::stop_source stop;
  stop.request_stop();
  int stops = 0;
  auto operation = end_sender(set, one.child).connect(StoppedReceiver{stop.get_token(), stops});
  operation.start();
  EXPECT_EQ(stops, 1);
  EXPECT_EQ(set.size(), 0u);
}

}  // namespace
}  // namespace sysfd_test
