// SPDX-License-Identifier: MIT
//
// Awaits children with epoll(7): a set of waits that is itself a descriptor. Any loop that polls
// descriptors can drive it: epoll, poll(2), Qt, libevent, or one of your own.
//
//     auto children = sysfd::EpollSet::make();
//     if (!children) return fail(children.error());
//     auto wait = sysfd::await_end(*children, std::move(*child), 5s, [](sysfd::AwaitedEnd end) {
//       use(end.status);
//     });
//     // children->fd() is readable when there is something to do. In your loop, then:
//     if (auto done = children->dispatch(); !done) return fail(done.error());
//     // Without a loop of your own:
//     while (children->size() > 0) (void)children->dispatch(sysfd::Timeout::forever());
//
// See <sysfd/adapters/await.hpp> for await_end() and await_start().
#ifndef SYSFD_ADAPTERS_EPOLL_HPP
#define SYSFD_ADAPTERS_EPOLL_HPP
#include <sysfd/detail/cxx23.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <sysfd/adapters/await.hpp>
#include <sysfd/attributes.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/detail/without_exceptions.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// A watch is known to the kernel by a key that is never used again: an event that was read before
// the watch ended finds nothing.
class EpollState {
 public:
  explicit EpollState(OwnedFd epoll) noexcept
      : epoll_(std::move(epoll)), mark_(fork_mark().value_or(0)) {}
  EpollState(const EpollState&) = delete;
  EpollState& operator=(const EpollState&) = delete;
  ~EpollState() {
    if (!watched_.empty() || !timers_.empty())
      contract_violation("an EpollSet is destroyed before a wait in it");
  }

  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND { return epoll_; }
  std::size_t& waiting() noexcept { return waiting_; }

  Result<std::uint64_t> watch(BorrowedFd fd, Watcher& watcher) noexcept {
    const auto key = ++last_key_;
    const auto noted = without_exceptions([&] {
      watched_.emplace(key, &watcher);
      return 0;
    });
    if (noted < 0) return failure(-noted);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = key}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) < 0) {
      const auto error = last_error();
      watched_.erase(key);
      return error;
    }
    return key;
  }

  // A copy of this process by fork(2) shares the kernel's set, and changes nothing in it.
  void unwatch(BorrowedFd fd, std::uint64_t key) noexcept {
    if (!is_forked_copy(mark_)) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
    watched_.erase(key);
  }

  using Timers = std::set<std::pair<Clock::time_point, Watcher*>>;

  Result<Timers::iterator> add_timer(Clock::time_point time, Watcher& watcher) noexcept {
    Timers::iterator timer;
    const auto noted = without_exceptions([&] {
      timer = timers_.emplace(time, &watcher).first;
      return 0;
    });
    if (noted < 0) return failure(-noted);
    if (auto armed = arm(); !armed) {
      timers_.erase(timer);
      return std::unexpected(armed.error());
    }
    return timer;
  }

  // The timer descriptor stays set: one event too many costs less than a call for each wait.
  void remove_timer(Timers::iterator timer) noexcept { timers_.erase(timer); }

  Result<std::size_t> dispatch(const Timeout& timeout) {
    const bool waits = timeout.duration() > timeout.duration().zero();
    const bool in_epoll = waits && timeout.is_forever() && !timeout.canceled_by();
    if (waits && !in_epoll) {
      pollfd entries[2] = {{epoll_.get(), POLLIN, 0}, {}};
      const auto ready = poll_until(entries, 1, deadline_after(timeout));
      if (!ready) return std::unexpected(ready.error());
    }
    epoll_event events[64];
    const int count = retry_eintr(
        [&] { return ::epoll_wait(epoll_.get(), events, std::size(events), in_epoll ? -1 : 0); });
    if (count < 0) return last_error();
    std::size_t called = 0;
    bool timer_is_ready = false;
    for (int i = 0; i < count; ++i) {
      const std::uint64_t key = events[i].data.u64;  // a copy: the struct is packed
      if (key == timer_key) {
        timer_is_ready = true;
      } else if (const auto found = watched_.find(key); found != watched_.end()) {
        found->second->on_ready();
        ++called;
      }
    }
    if (timer_is_ready) {
      auto timed = dispatch_timers();
      if (!timed) return timed;
      called += *timed;
    }
    return called;
  }

 private:
  static constexpr std::uint64_t timer_key = 0;

  Result<std::size_t> dispatch_timers() {
    std::uint64_t expirations = 0;
    (void)!::read(timer_->get(), &expirations, sizeof expirations);  // EAGAIN: set again meanwhile
    armed_ = Clock::time_point::max();
    const auto now = Clock::now();  // later timers wait for the next call, whatever handlers add
    std::size_t called = 0;
    while (!timers_.empty() && timers_.begin()->first <= now) {
      timers_.begin()->second->on_timer();  // removes the timer, or sets it again
      ++called;
    }
    if (auto armed = arm(); !armed) return std::unexpected(armed.error());
    return called;
  }

  // timerfd_settime(2), if the earliest timer is earlier than what is set.
  Result<> arm() {
    if (timers_.empty() || timers_.begin()->first >= armed_) return {};
    if (!timer_) {
      auto timer =
          OwnedFd::from_syscall(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
      if (!timer) return std::unexpected(timer.error());
      epoll_event event{.events = EPOLLIN, .data = {.u64 = timer_key}};
      if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer->get(), &event) < 0) return last_error();
      timer_ = *std::move(timer);
    }
    const auto since_boot = timers_.begin()->first.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    const itimerspec at{
        .it_interval = {},
        .it_value = {.tv_sec = seconds.count(), .tv_nsec = (since_boot - seconds).count()}};
    if (::timerfd_settime(timer_->get(), TFD_TIMER_ABSTIME, &at, nullptr) < 0) return last_error();
    armed_ = timers_.begin()->first;
    return {};
  }

  OwnedFd epoll_;
  std::uint64_t mark_;            // see fork_mark()
  std::size_t waiting_ = 0;       // see Waiting
  std::optional<OwnedFd> timer_;  // made for the first wait with a timeout
  Clock::time_point armed_ = Clock::time_point::max();
  std::uint64_t last_key_ = timer_key;
  std::unordered_map<std::uint64_t, Watcher*> watched_;
  Timers timers_;
};

}  // namespace detail

// The waits of one thread. Two threads must not use one EpollSet at the same time. In a copy of
// this process by fork(2), the set and its waits can only be destroyed, which changes nothing here.
class EpollSet {
 public:
  // epoll_create1(2): makes an empty set.
  // Errors: EMFILE, ENFILE, ENOMEM.
  [[nodiscard]] static Result<EpollSet> make() {
    auto epoll = OwnedFd::from_syscall(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return std::unexpected(epoll.error());
    std::unique_ptr<detail::EpollState> state(new (std::nothrow)
                                                  detail::EpollState(*std::move(epoll)));
    if (!state) return detail::failure(ENOMEM);
    return EpollSet(std::move(state));
  }

  // Readable when dispatch() has something to do.
  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND { return state().fd(); }

  // The number of waits that go on.
  std::size_t size() const noexcept { return state().waiting(); }

  // epoll_wait(2): waits for the first event, and lets the waits that are ready or too late call
  // their handlers. Returns the number of waits that were looked at, 0 at the timeout. Handlers may
  // begin and destroy waits, and must not destroy the set or call dispatch().
  //
  // Errors: ECANCELED: by Timeout::canceled_by(), unless the timeout is zero. EMFILE, ENFILE,
  //   ENOMEM: no timer.
  // Blocks: at most for the timeout; by default not at all.
  // Cost: one system call; poll(2) too if the timeout is neither zero nor forever. For each wait
  //   that is ready, epoll_ctl and waitid. With timeouts, timerfd_settime and read.
  Result<std::size_t> dispatch(Timeout timeout = std::chrono::nanoseconds(0)) {
    return state().dispatch(timeout);
  }

 private:
  friend struct detail::WatchOf<EpollSet>;
  explicit EpollSet(std::unique_ptr<detail::EpollState> state) noexcept
      : state_(std::move(state)) {}
  detail::EpollState& state() const noexcept {
    if (!state_) detail::contract_violation("use of an EpollSet that was moved from");
    return *state_;
  }

  std::unique_ptr<detail::EpollState> state_;
};

// Errors of await_end() and await_start() in an EpollSet: ENOSPC (/proc/sys/fs/epoll/
// max_user_watches), ENOMEM; with a timeout, EMFILE, ENFILE.
template <>
struct detail::WatchOf<EpollSet> {
  class type {  // NOLINT(readability-identifier-naming): as in std::remove_cv
   public:
    type(EpollSet& set, Watcher& watcher) noexcept
        : state_(set.state()), watcher_(watcher), waiting_(state_.waiting()) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;
    ~type() {
      unwatch();
      clear_timer();
    }

    Result<> watch(BorrowedFd fd, Awaited) noexcept {
      auto key = state_.watch(fd, watcher_);
      if (!key) return std::unexpected(key.error());
      fd_ = fd.get();
      key_ = *key;
      waiting_.set(true);
      return {};
    }

    void unwatch() noexcept {
      if (fd_ >= 0) state_.unwatch(BorrowedFd::unsafe_borrow(fd_), key_);
      fd_ = -1;
      waiting_.set(timer_.has_value());
    }

    Result<> set_timer(std::chrono::nanoseconds after) noexcept {
      clear_timer();
      auto timer = state_.add_timer(deadline_after(after), watcher_);
      if (!timer) return std::unexpected(timer.error());
      timer_ = *timer;
      waiting_.set(true);
      return {};
    }

    void clear_timer() noexcept {
      if (timer_) state_.remove_timer(*timer_);
      timer_.reset();
      waiting_.set(fd_ >= 0);
    }

   private:
    EpollState& state_;
    Watcher& watcher_;
    Waiting waiting_;
    int fd_ = -1;
    std::uint64_t key_ = 0;
    std::optional<EpollState::Timers::iterator> timer_;
  };
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_EPOLL_HPP
