// SPDX-License-Identifier: MIT
//
// Awaits children in C++20 coroutines of any type, in any loop that await_end() takes: include the
// header of the loop too.
//
//     Task supervise(sysfd::EpollSet& loop, sysfd::Command command) {
//       auto pending = std::move(command).spawn_async(sysfd::Confirmation::by_descriptor);
//       if (!pending) co_return fail(pending.error().describe());
//       auto child = co_await sysfd::start_of(loop, *pending);
//       if (!child) co_return fail(child.error().describe());
//       auto status = co_await sysfd::end_of(loop, *child, 5s);
//       if (!status) status = child->terminate(1s);         // ETIMEDOUT
//       use(status);
//     }
//
// The child is borrowed: it stays in the coroutine, whatever the answer is. The loop resumes the
// coroutine. A coroutine that is destroyed while it waits deregisters the descriptor.
#ifndef SYSFD_ADAPTERS_COROUTINE_HPP
#define SYSFD_ADAPTERS_COROUTINE_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cerrno>
#include <coroutine>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <sysfd/adapters/detail/wait.hpp>
#include <sysfd/attributes.hpp>
#include <sysfd/child.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

template <class Loop, class Subject>
class [[nodiscard("write co_await")]] AwaitableWait : private Wait<Loop, Subject> {
  using Base = Wait<Loop, Subject>;
  using Answer = typename Base::Answer;

 public:
  template <class LoopArgument>
  AwaitableWait(LoopArgument&& loop, Subject& subject, Timeout timeout,
                std::stop_token stop) noexcept
      : Base(loop), subject_(subject), timeout_(timeout), stop_(std::move(stop)) {}

  bool await_ready() const noexcept { return false; }

  bool await_suspend(std::coroutine_handle<> caller) {
    caller_ = caller;
    if (stop_.stop_requested()) {
      answer_.emplace(AwaitTraits<Subject>::failed(error_code(ECANCELED)));
      return false;
    }
    if (auto begun = Base::begin(subject_, timeout_); !begun) {
      answer_.emplace(AwaitTraits<Subject>::failed(begun.error()));
      return false;
    }
    if (stop_.stop_possible()) on_stop_.emplace(stop_, Stop{this});
    return true;
  }

  Answer await_resume() noexcept {
    on_stop_.reset();  // this object may live on, until the end of the caller's expression
    return *std::move(answer_);
  }

 private:
  struct Stop {
    AwaitableWait* wait;
    void operator()() const noexcept {
      wait->stop();
      wait->deliver(AwaitTraits<Subject>::failed(error_code(ECANCELED)));
    }
  };

  // The coroutine may end, and this object with it.
  void deliver(Answer answer) noexcept override {
    answer_.emplace(std::move(answer));
    caller_.resume();
  }

  Subject& subject_;
  Timeout timeout_;
  std::stop_token stop_;
  std::coroutine_handle<> caller_;
  std::optional<Answer> answer_;
  std::optional<std::stop_callback<Stop>> on_stop_;
};

}  // namespace detail

// `co_await end_of(...)` returns a Result<ExitStatus>. stdin_pipe() is closed first, as by
// Child::wait(). A stop request ends the wait with ECANCELED and resumes the coroutine at once: it
// must come from the loop's thread.
//
// Errors: ETIMEDOUT, ECANCELED: the child still runs, and can be awaited again. As
//   Child::try_wait(); as await_end().
// Ownership: borrows `child`, which must not be moved while the coroutine waits. The loop outlives
//   the wait.
// Allocates: nothing but what the loop does.
template <class Loop>
auto end_of(Loop&& loop, Child& child SYSFD_LIFETIMEBOUND, Timeout timeout = Timeout::forever(),
            std::stop_token stop = {}) noexcept {
  return detail::AwaitableWait<std::remove_cvref_t<Loop>, Child>(loop, child, timeout,
                                                                 std::move(stop));
}

// `co_await start_of(...)` returns a Result<Child, SpawnError>. `pending` must have been started
// with Confirmation::by_descriptor.
//
// Errors: as PendingChild::finish(); with SpawnStep::confirmation, those of end_of(): it is not
//   settled yet, and `pending` can be awaited again.
// Ownership, allocations: as end_of(). After any other answer `pending` is empty.
template <class Loop>
auto start_of(Loop&& loop, PendingChild& pending SYSFD_LIFETIMEBOUND,
              Timeout timeout = Timeout::forever(), std::stop_token stop = {}) noexcept {
  return detail::AwaitableWait<std::remove_cvref_t<Loop>, PendingChild>(loop, pending, timeout,
                                                                        std::move(stop));
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_COROUTINE_HPP
