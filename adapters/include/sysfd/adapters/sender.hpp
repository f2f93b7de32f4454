// SPDX-License-Identifier: MIT
//
// Awaits children as senders with the member names of std::execution (P2300): connect, start,
// set_value, set_stopped, get_env. They work in any loop that await_end() takes: include the header
// of the loop too. No library of senders is needed, or used.
//
//     struct Receiver {                                      // what an algorithm would be
//       void set_value(sysfd::Result<sysfd::ExitStatus> status) noexcept;
//       void set_stopped() noexcept;
//       auto get_env() const noexcept;      // optional: query(sysfd::get_stop_token), a token
//     };
//     auto operation = sysfd::end_sender(loop, child, 5s).connect(Receiver());
//     operation.start();                     // it must not be moved, and lives until it completes
//
// The child is borrowed, as operations of std::execution end before what they use: it stays with
// the caller, also after set_stopped(). Errors are values: there is no set_error().
#ifndef SYSFD_ADAPTERS_SENDER_HPP
#define SYSFD_ADAPTERS_SENDER_HPP
#include <sysfd/detail/cxx23.hpp>

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

// The query that asks the environment of a receiver for its std::stop_token, or for another token
// with a member template callback_type.
struct get_stop_token_t {};
// Its only value, to call query() with.
inline constexpr get_stop_token_t get_stop_token{};

namespace detail {

// Of a receiver without such an environment.
struct NeverStops {
  bool stop_requested() const noexcept { return false; }
  template <class Function>
  struct callback_type {
    callback_type(NeverStops, const Function&) noexcept {}
  };
};

template <class Receiver>
auto stop_token_of(const Receiver& receiver) noexcept {
  if constexpr (requires { receiver.get_env().query(get_stop_token); })
    return receiver.get_env().query(get_stop_token);
  else
    return NeverStops();
}

template <class Token, class Function>
struct StopCallbackOf {
  using type = typename Token::template callback_type<Function>;
};
template <class Function>
struct StopCallbackOf<std::stop_token, Function> {
  using type = std::stop_callback<Function>;
};

template <class Loop, class Subject, class Receiver>
class SentWait : private Wait<Loop, Subject> {
  using Base = Wait<Loop, Subject>;
  using Answer = typename Base::Answer;

 public:
  template <class LoopArgument>
  SentWait(LoopArgument&& loop, Subject& subject, Timeout timeout, Receiver receiver)
      : Base(loop), subject_(subject), timeout_(timeout), receiver_(std::move(receiver)) {}

  void start() noexcept {
    auto token = stop_token_of(receiver_);
    if (token.stop_requested()) return std::move(receiver_).set_stopped();
    if (auto begun = Base::begin(subject_, timeout_); !begun)
      return std::move(receiver_).set_value(AwaitTraits<Subject>::failed(begun.error()));
    on_stop_.emplace(std::move(token), Stop{this});
  }

 private:
  struct Stop {
    SentWait* wait;
    void operator()() const noexcept {
      SentWait* const stopped = wait;
      stopped->stop();
      stopped->on_stop_.reset();  // destroys this object
      std::move(stopped->receiver_).set_stopped();
    }
  };

  // The receiver may destroy this object.
  void deliver(Answer answer) noexcept override {
    on_stop_.reset();
    std::move(receiver_).set_value(std::move(answer));
  }

  Subject& subject_;
  Timeout timeout_;
  Receiver receiver_;
  std::optional<
      typename StopCallbackOf<decltype(stop_token_of(std::declval<const Receiver&>())), Stop>::type>
      on_stop_;
};

template <class Loop, class Subject>
class [[nodiscard("connect it to a receiver")]] WaitSender {
 public:
  using Answer = typename AwaitTraits<Subject>::Answer;

  WaitSender(Loop loop, Subject& subject, Timeout timeout) noexcept
      : loop_(loop), subject_(&subject), timeout_(timeout) {}

  template <class Receiver>
  auto connect(Receiver receiver) const {
    return SentWait<std::remove_cvref_t<Loop>, Subject, Receiver>(loop_, *subject_, timeout_,
                                                                  std::move(receiver));
  }

 private:
  Loop loop_;  // a reference to a set; a pointer to a loop of C
  Subject* subject_;
  Timeout timeout_;
};

// Sets are referred to, pointers are copied.
template <class Loop>
using LoopReference = std::conditional_t<std::is_pointer_v<std::remove_cvref_t<Loop>>,
                                         std::remove_cvref_t<Loop>, std::remove_cvref_t<Loop>&>;

}  // namespace detail

// A sender of a Result<ExitStatus>: ETIMEDOUT: the child still runs; the errors of await_end() and
// of Child::try_wait(). stdin_pipe() is closed first, as by Child::wait(). A stop request completes
// it with set_stopped(), at once: it must come from the loop's thread.
//
// Ownership: borrows `child`, which must not be moved until the operation completes.
// Allocates: nothing but what the loop does.
template <class Loop>
auto end_sender(Loop&& loop, Child& child SYSFD_LIFETIMEBOUND,
                Timeout timeout = Timeout::forever()) noexcept {
  return detail::WaitSender<detail::LoopReference<Loop>, Child>(loop, child, timeout);
}

// A sender of a Result<Child, SpawnError>. `pending` must have been started with
// Confirmation::by_descriptor. With SpawnStep::confirmation, and after set_stopped(), it is not
// settled yet, and can be awaited again; otherwise it is empty.
template <class Loop>
auto start_sender(Loop&& loop, PendingChild& pending SYSFD_LIFETIMEBOUND,
                  Timeout timeout = Timeout::forever()) noexcept {
  return detail::WaitSender<detail::LoopReference<Loop>, PendingChild>(loop, pending, timeout);
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_SENDER_HPP
