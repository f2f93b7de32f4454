// SPDX-License-Identifier: MIT
//
// Awaits the end of a child, or its start, in an event loop, which calls a handler. Include the
// header of the loop; it includes this one.
//
//     auto wait = sysfd::await_end(loop, std::move(*child), 5s, [](sysfd::AwaitedEnd end) {
//       if (end.status) use(to_string(*end.status));
//       else keep(std::move(end.child));                  // ETIMEDOUT: it is still yours
//     });
//     if (!wait) return fail(wait.error());               // `child` was not moved from
//
// (Here `child` is the result of spawn(). `*std::move(child)` would take it out first, into a
// temporary object, which ends the child after an error.)
//
// `loop` is a sysfd::EpollSet, a uv_loop_t*, a GMainContext*, an sd_event* or a sysfd::UringSet.
//
// The handler is called by the loop, at most once, and never by await_end() itself. It must not
// throw: that ends the program. It may do anything else, also destroy its wait and begin others.
// Destroying the wait deregisters the descriptor; the handler is not called, and the child is
// dropped by its policy. Everything happens in the loop's thread.
#ifndef SYSFD_ADAPTERS_AWAIT_HPP
#define SYSFD_ADAPTERS_AWAIT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cerrno>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include <sysfd/adapters/detail/wait.hpp>
#include <sysfd/child.hpp>
#include <sysfd/exit_status.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/result.hpp>
#include <sysfd/spawn_error.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {

// How the wait for a child's end has ended. If there is a status, the process was reaped.
//
// Errors of `status`: ETIMEDOUT, and ECANCELED where an adapter says so: it still runs, and can be
//   awaited again. As Child::try_wait(). As await_end(), if the loop lost the descriptor.
struct AwaitedEnd {
  Child child;
  Result<ExitStatus> status;
};

// How the wait for a child's start has ended: with the child, or with the error that
// Command::spawn() would have returned; or not yet, and `pending` has a value.
//
// Errors of `child`: as PendingChild::finish(). With SpawnStep::confirmation and `pending`: those
//   of AwaitedEnd::status.
struct AwaitedStart {
  Result<Child, SpawnError> child;
  std::optional<PendingChild> pending;
};

namespace detail {

inline AwaitedEnd awaited(Child&& child, Result<ExitStatus> status) noexcept {
  return {std::move(child), std::move(status)};
}

inline AwaitedStart awaited(PendingChild&& pending, Result<Child, SpawnError> child) noexcept {
  const bool is_settled = child || child.error().step != SpawnStep::confirmation;
  AwaitedStart start{std::move(child), std::nullopt};
  if (!is_settled) start.pending.emplace(std::move(pending));
  return start;
}

template <class Subject>
using AwaitedOf = decltype(awaited(std::declval<Subject>(),
                                   std::declval<typename AwaitTraits<Subject>::Answer>()));

// A wait that owns its subject.
template <class Subject>
class OwnedWait {
 public:
  virtual ~OwnedWait() = default;
  virtual void cancel() noexcept = 0;
  std::optional<Subject> subject;
};

template <class Loop, class Subject, class Handler>
class HandledWait final : public OwnedWait<Subject>, private Wait<Loop, Subject> {
  using Base = Wait<Loop, Subject>;

 public:
  template <class LoopArgument>
  HandledWait(LoopArgument&& loop, Handler&& handler) : Base(loop), handler_(std::move(handler)) {}

  Result<> begin(Subject&& given, const Timeout& timeout) noexcept {
    this->subject.emplace(std::move(given));
    auto begun = Base::begin(*this->subject, timeout);
    if (!begun) given = std::move(*this->subject);
    return begun;
  }

  void cancel() noexcept override { Base::stop(); }

 private:
  // The handler may destroy this object: it is called when everything is out of it.
  void deliver(typename Base::Answer answer) noexcept override {
    Subject given = std::move(*this->subject);
    this->subject.reset();
    Handler handler = std::move(handler_);
    handler(awaited(std::move(given), std::move(answer)));
  }

  Handler handler_;
};

}  // namespace detail

// A wait for the end of a Child or for the start of a PendingChild. Its loop must outlive it.
template <class Subject>
class [[nodiscard("a wait that is dropped drops its child")]] Awaiting {
 public:
  // True until the handler is called, or cancel().
  bool is_waiting() const noexcept { return wait_ && wait_->subject; }

  // Ends the wait and gives the child back. The handler is not called. Empty if is_waiting() is
  // false.
  std::optional<Subject> cancel() noexcept {
    std::optional<Subject> subject;
    if (is_waiting()) {
      wait_->cancel();
      subject.emplace(std::move(*wait_->subject));
      wait_->subject.reset();
    }
    wait_.reset();
    return subject;
  }

  // For await_end() and await_start(), which return it.
  explicit Awaiting(std::unique_ptr<detail::OwnedWait<Subject>> wait) noexcept
      : wait_(std::move(wait)) {}

 private:
  std::unique_ptr<detail::OwnedWait<Subject>> wait_;
};

using EndWait = Awaiting<Child>;
using StartWait = Awaiting<PendingChild>;

namespace detail {

template <class Subject, class Loop, class Handler>
Result<Awaiting<Subject>> await_in(Loop&& loop, Subject&& subject, const Timeout& timeout,
                                   Handler handler) {
  using Handled = HandledWait<std::remove_cvref_t<Loop>, Subject, Handler>;
  std::unique_ptr<Handled> wait(new (std::nothrow) Handled(loop, std::move(handler)));
  if (!wait) return failure(ENOMEM);
  auto begun = wait->begin(std::forward<Subject>(subject), timeout);
  if (!begun) return std::unexpected(begun.error());
  return Awaiting<Subject>(std::move(wait));
}

}  // namespace detail

// Calls `handler` with an AwaitedEnd when the child has ended, or at the timeout. stdin_pipe() is
// closed first, as by Child::wait(). A child whose descriptors were closed stops the program.
//
// Errors: EINVAL: the timeout has a canceled_by(); use Awaiting::cancel(). ENOMEM. The loop's own:
//   see its header.
// Ownership: takes `child` if it succeeds; after an error it is still the caller's.
// Allocates: one object with the handler; what the loop allocates.
template <class Loop, class Handler>
  requires std::is_invocable_v<Handler&, AwaitedEnd>
[[nodiscard]] Result<EndWait> await_end(Loop&& loop, Child&& child, Timeout timeout,
                                        Handler handler) {
  return detail::await_in<Child>(loop, std::move(child), timeout, std::move(handler));
}

// Calls `handler` with an AwaitedStart when the child executes its program, when it could not be
// started, or at the timeout. `pending` must have been started with Confirmation::by_descriptor;
// any other stops the program.
//
// Errors, ownership, allocations: as await_end().
template <class Loop, class Handler>
  requires std::is_invocable_v<Handler&, AwaitedStart>
[[nodiscard]] Result<StartWait> await_start(Loop&& loop, PendingChild&& pending, Timeout timeout,
                                            Handler handler) {
  return detail::await_in<PendingChild>(loop, std::move(pending), timeout, std::move(handler));
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_AWAIT_HPP
