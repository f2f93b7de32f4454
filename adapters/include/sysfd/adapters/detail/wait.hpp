// SPDX-License-Identifier: MIT
//
// What the adapters of all event loops share: a wait for the end of a child, or for its start, that
// a loop drives. Not for users.
//
// The header of a loop defines a class that watches one descriptor and has one timer, and names it
// in WatchOf<Loop>:
//
//     class Watch {
//      public:
//       Watch(Loop loop, Watcher& watcher) noexcept;
//       ~Watch();                                   // deregisters both
//       Result<> watch(BorrowedFd fd, Awaited what) noexcept;
//       void unwatch() noexcept;                    // the loop has forgotten fd when it returns
//       Result<> set_timer(std::chrono::nanoseconds after) noexcept;  // replaces the one before
//       void clear_timer() noexcept;
//     };
//
// It calls the Watcher from the loop only, never from one of these functions. The Watcher may
// destroy the Watch: after the call, nothing of the Watch is used. It may call too early or for
// nothing: then the Wait goes on.
#ifndef SYSFD_ADAPTERS_DETAIL_WAIT_HPP
#define SYSFD_ADAPTERS_DETAIL_WAIT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <limits>
#include <system_error>
#include <utility>

#include <sysfd/child.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/result.hpp>
#include <sysfd/spawn_error.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

enum class Awaited {
  end,    // the descriptor is a pidfd: it becomes readable
  start,  // the descriptor is the read end of a pipe: it hangs up
};

class Watcher {
 public:
  virtual void on_ready() noexcept = 0;
  virtual void on_timer() noexcept = 0;
  virtual void on_failure(std::error_code) noexcept = 0;  // of a timer, after it was set

 protected:
  ~Watcher() = default;
};

template <class Loop>
struct WatchOf;  // has a member `type`

// Counts in a set those of its watches that wait: for a descriptor, or for the time to look again.
class Waiting {
 public:
  explicit Waiting(std::size_t& count) noexcept : count_(count) {}
  void set(bool waits) noexcept {
    if (waits == is_counted_) return;
    is_counted_ = waits;
    if (waits)
      ++count_;
    else
      --count_;
  }

 private:
  std::size_t& count_;
  bool is_counted_ = false;
};

// What is awaited of a subject, and how the answer is made.
template <class Subject>
struct AwaitTraits;

template <>
struct AwaitTraits<Child> {
  static constexpr Awaited awaited = Awaited::end;
  using Answer = Result<ExitStatus>;
  static Answer attempt(Child& child) noexcept { return child.try_wait(); }
  static Answer failed(std::error_code code) noexcept { return std::unexpected(code); }
  static bool is_too_early(const Answer& answer) noexcept {
    return !answer && answer.error() == error_code(EAGAIN);
  }
  // As Child::wait() does: the child may read its stdin to the end.
  static void has_begun(Child& child) noexcept { child.stdin_pipe().reset(); }
};

template <>
struct AwaitTraits<PendingChild> {
  static constexpr Awaited awaited = Awaited::start;
  using Answer = Result<Child, SpawnError>;
  static Answer attempt(PendingChild& pending) { return pending.try_finish(); }
  static Answer failed(std::error_code code) {
    return std::unexpected(SpawnError{SpawnStep::confirmation, code, -1, {}});
  }
  static bool is_too_early(const Answer& answer) noexcept {
    return !answer && answer.error().step == SpawnStep::confirmation &&
           answer.error().code == error_code(EAGAIN);
  }
  static void has_begun(PendingChild&) noexcept {}
};

// Converts a duration to whole units of a loop's timer, rounded up, at most `most`. A Wait that is
// called too early sets the timer again.
template <class Unit, class Number>
constexpr Number timer_units(std::chrono::nanoseconds after, Number most) noexcept {
  const auto units = std::chrono::ceil<Unit>(after).count();
  return std::cmp_less(units, most) ? static_cast<Number>(units) : most;
}

// Awaits the end or the start of a subject, which must live as long as this waits. The loop's
// registration ends before the answer is delivered, and before the descriptor can be closed.
template <class Loop, class Subject>
class Wait : private Watcher {
  using Traits = AwaitTraits<Subject>;
  using Watch = typename WatchOf<Loop>::type;

 public:
  using Answer = typename Traits::Answer;

  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

 protected:
  template <class LoopArgument>
  explicit Wait(LoopArgument&& loop) noexcept  // NOLINT(bugprone-forwarding-reference-overload)
      : watch_(loop, *this) {}
  ~Wait() = default;

  // Nothing is registered after an error.
  Result<> begin(Subject& subject, const Timeout& timeout) noexcept {
    if (timeout.canceled_by()) return failure(EINVAL);
    subject_ = &subject;
    deadline_ =
        timeout.is_forever() ? Clock::time_point::max() : deadline_after(timeout.duration());
    auto begun = watch();
    if (begun && !timeout.is_forever()) begun = watch_.set_timer(timeout.duration());
    if (!begun)
      stop();
    else
      Traits::has_begun(subject);
    return begun;
  }

  // Nothing is delivered after this.
  void stop() noexcept {
    watch_.unwatch();
    watch_.clear_timer();
  }

  // Called at most once after begin(), by the loop. May destroy this object.
  virtual void deliver(Answer answer) noexcept = 0;

 private:
  // A pidfd can be readable while there is no status: a tracer keeps it, or the keeper of a
  // contained child has not told it yet. The first time may be a mistake of the loop; then it is
  // asked for after growing pauses, since the loop would go on reporting the descriptor.
  static constexpr std::chrono::milliseconds shortest_pause{1};
  static constexpr std::chrono::milliseconds longest_pause{64};

  Result<> watch() noexcept { return watch_.watch(subject_->fd(), Traits::awaited); }

  void on_ready() noexcept override {
    watch_.unwatch();  // an attempt that succeeds may close the descriptor
    Answer answer = Traits::attempt(*subject_);
    if (Traits::is_too_early(answer)) {
      const auto again = pause_ == pause_.zero() ? watch() : look_again_at(Clock::now() + pause_);
      pause_ = std::clamp(2 * pause_, shortest_pause, longest_pause);
      if (again) return;
      answer = Traits::failed(again.error());
    }
    end_with(std::move(answer));
  }

  void on_timer() noexcept override {
    const auto now = Clock::now();
    if (now < deadline_ && now < look_again_) {  // too early: the loop's clock is coarser
      if (const auto set = set_timer(now); !set) end_with(Traits::failed(set.error()));
      return;
    }
    watch_.unwatch();
    Answer answer = Traits::attempt(*subject_);
    if (Traits::is_too_early(answer)) {
      if (now < deadline_) {
        look_again_ = Clock::time_point::max();
        watch_.clear_timer();
        auto again = watch();
        if (again && deadline_ != Clock::time_point::max()) again = set_timer(now);
        if (again) return;
        answer = Traits::failed(again.error());
      } else {
        answer = Traits::failed(error_code(ETIMEDOUT));
      }
    }
    end_with(std::move(answer));
  }

  void on_failure(std::error_code code) noexcept override { end_with(Traits::failed(code)); }

  Result<> look_again_at(Clock::time_point time) noexcept {
    look_again_ = time;
    return set_timer(Clock::now());
  }

  Result<> set_timer(Clock::time_point now) noexcept {
    return watch_.set_timer(std::max(std::min(deadline_, look_again_) - now, Clock::duration(0)));
  }

  void end_with(Answer answer) noexcept {
    stop();
    deliver(std::move(answer));
  }

  Subject* subject_ = nullptr;
  Clock::time_point deadline_ = Clock::time_point::max();
  Clock::time_point look_again_ = Clock::time_point::max();
  std::chrono::milliseconds pause_{0};
  Watch watch_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_DETAIL_WAIT_HPP
