// SPDX-License-Identifier: MIT
//
// Awaits children with Boost.Asio: by callbacks, in C++20 coroutines, or with any other completion
// token.
//
//     boost::asio::awaitable<void> supervise(sysfd::Child child) {
//       auto executor = co_await boost::asio::this_coro::executor;
//       auto end = co_await sysfd::async_end(executor, std::move(child), 5s,
//                                            boost::asio::use_awaitable);
//       if (!end.status) end.status = end.child.terminate(1s);        // ETIMEDOUT, ECANCELED
//       use(end.status);
//     }
//
// The operations support cancellation slots, for each type of cancellation: they complete with
// ECANCELED, and with the child. They complete by the executor of the handler, and never in
// async_end() itself. Any number of threads may run the context. Asio makes the pidfd non-blocking.
//
// A context that is destroyed destroys its operations without completing them: their children are
// dropped by their policies. Needs Boost 1.78 or newer, and exceptions, as Asio itself does: a
// descriptor that cannot be registered (ENOMEM, ENOSPC) is an error of the wait, though.
#ifndef SYSFD_ADAPTERS_ASIO_HPP
#define SYSFD_ADAPTERS_ASIO_HPP
#include <sysfd/detail/cxx23.hpp>

#if !defined(__cpp_exceptions)
#error "<sysfd/adapters/asio.hpp> needs exceptions"
#endif

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/error_code.hpp>

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <sysfd/adapters/await.hpp>
#include <sysfd/child.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/pending_child.hpp>
#include <sysfd/result.hpp>
#include <sysfd/timeout.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

class AsioWatch;

// The loop of one operation: its strand, and what keeps the operation alive while Asio has one of
// its handlers.
struct AsioLoop {
  boost::asio::strand<boost::asio::any_io_executor> strand;
  std::weak_ptr<void> operation;
};

template <>
struct WatchOf<AsioLoop> {
  using type = AsioWatch;
};

// Each handler has the number of the wait that it is for: one that was canceled too late finds
// another number, and does nothing.
class AsioWatch {
  auto guarded(unsigned& wait, void (Watcher::*call)() noexcept) noexcept {
    return [this, alive = loop_.operation.lock(), &wait, number = wait,
            call](boost::system::error_code) {
      if (wait == number) (watcher_.*call)();
    };
  }

 public:
  AsioWatch(AsioLoop& loop, Watcher& watcher) noexcept : loop_(loop), watcher_(watcher) {}
  AsioWatch(const AsioWatch&) = delete;
  AsioWatch& operator=(const AsioWatch&) = delete;
  ~AsioWatch() {
    unwatch();
    clear_timer();
  }

  Result<> watch(BorrowedFd fd, Awaited) noexcept {
    if (!descriptor_) descriptor_.emplace(loop_.strand);
    boost::system::error_code error;
    descriptor_->assign(fd.get(), error);
    if (error) return failure(error.value());
    descriptor_->async_wait(boost::asio::posix::descriptor_base::wait_read,
                            guarded(descriptor_wait_, &Watcher::on_ready));
    return {};
  }

  // release() deregisters the descriptor and leaves it open.
  void unwatch() noexcept {
    ++descriptor_wait_;
    if (descriptor_ && descriptor_->is_open()) (void)descriptor_->release();
  }

  Result<> set_timer(std::chrono::nanoseconds after) noexcept {
    clear_timer();
    if (!timer_) timer_.emplace(loop_.strand);
    timer_->expires_at(deadline_after(after));
    timer_->async_wait(guarded(timer_wait_, &Watcher::on_timer));
    return {};
  }

  void clear_timer() noexcept {
    ++timer_wait_;
    if (timer_) timer_->cancel();
  }

 private:
  AsioLoop& loop_;
  Watcher& watcher_;
  unsigned descriptor_wait_ = 0, timer_wait_ = 0;
  std::optional<boost::asio::posix::stream_descriptor> descriptor_;
  std::optional<boost::asio::steady_timer> timer_;
};

// One operation. Everything but the handler runs in its strand.
template <class Subject, class Handler>
class AsioOperation final : private AsioLoop,
                            private Wait<AsioLoop, Subject>,
                            public std::enable_shared_from_this<AsioOperation<Subject, Handler>> {
  using Base = Wait<AsioLoop, Subject>;
  using Answer = typename Base::Answer;

 public:
  AsioOperation(const boost::asio::any_io_executor& executor, Subject&& subject, Handler&& handler)
      : AsioLoop{boost::asio::make_strand(executor), {}},
        Base(static_cast<AsioLoop&>(*this)),
        subject_(std::move(subject)),
        handler_(std::move(handler)),
        work_(boost::asio::get_associated_executor(*handler_, executor)) {}
  ~AsioOperation() { Base::stop(); }  // of a context that is destroyed: before the child

  void start(const Timeout& timeout) {
    const auto self = this->shared_from_this();
    AsioLoop::operation = self;
    auto slot = boost::asio::get_associated_cancellation_slot(*handler_);
    if (slot.is_connected())
      slot.assign([weak = std::weak_ptr(self)](boost::asio::cancellation_type) {
        if (const auto running = weak.lock())
          boost::asio::post(running->strand, [running] { running->cancel(); });
      });
    boost::asio::post(AsioLoop::strand, [self, timeout] {
      if (auto begun = self->begin(*self->subject_, timeout); !begun)
        self->deliver(AwaitTraits<Subject>::failed(begun.error()));
    });
  }

 private:
  void cancel() noexcept {
    if (!subject_) return;  // it has ended
    Base::stop();
    deliver(AwaitTraits<Subject>::failed(error_code(ECANCELED)));
  }

  void deliver(Answer answer) noexcept override {
    auto outcome = awaited(*std::move(subject_), std::move(answer));
    subject_.reset();
    Handler handler = *std::move(handler_);
    handler_.reset();
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    const auto executor = work_->get_executor();
    auto work = std::move(work_);
    boost::asio::post(executor, [handler = std::move(handler), outcome = std::move(outcome), slot,
                                 work = std::move(work)]() mutable {
      if (slot.is_connected()) slot.clear();
      work.reset();
      std::move(handler)(std::move(outcome));
    });
  }

  using HandlerExecutor = boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;
  std::optional<Subject> subject_;
  std::optional<Handler> handler_;
  std::optional<boost::asio::executor_work_guard<HandlerExecutor>> work_;
};

template <class Subject, class Token>
auto async_wait(const boost::asio::any_io_executor& executor, Subject&& subject, Timeout timeout,
                Token&& token) {
  return boost::asio::async_initiate<Token, void(AwaitedOf<Subject>)>(
      [executor, timeout](auto handler, Subject moved) {
        using Operation = AsioOperation<Subject, decltype(handler)>;
        std::make_shared<Operation>(executor, std::move(moved), std::move(handler))->start(timeout);
      },
      token, std::move(subject));
}

}  // namespace detail

// Completes with an AwaitedEnd when the child has ended, at the timeout (ETIMEDOUT), or when it is
// canceled (ECANCELED). stdin_pipe() is closed first, as by Child::wait().
//
// Errors: in AwaitedEnd::status. EINVAL: the timeout has a canceled_by(). ENOMEM, ENOSPC: the
//   descriptor could not be registered. As Child::try_wait().
// Ownership: takes `child`, and gives it back.
// Allocates: the operation, its handlers, what Asio allocates.
template <class Token>
auto async_end(const boost::asio::any_io_executor& executor, Child child, Timeout timeout,
               Token&& token) {
  return detail::async_wait<Child>(executor, std::move(child), timeout, std::forward<Token>(token));
}

// Completes with an AwaitedStart when the child executes its program, when it could not be started,
// at the timeout, or when it is canceled. `pending` must have been started with
// Confirmation::by_descriptor.
//
// Errors, ownership, allocations: as async_end(), with SpawnStep::confirmation.
template <class Token>
auto async_start(const boost::asio::any_io_executor& executor, PendingChild pending,
                 Timeout timeout, Token&& token) {
  return detail::async_wait<PendingChild>(executor, std::move(pending), timeout,
                                          std::forward<Token>(token));
}

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_ASIO_HPP
