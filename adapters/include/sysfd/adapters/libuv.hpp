// SPDX-License-Identifier: MIT
//
// Awaits children in a loop of libuv.
//
//     auto wait = sysfd::await_end(uv_default_loop(), std::move(*child), 5s,
//                                  [](sysfd::AwaitedEnd end) { use(end.status); });
//     if (!wait) return fail(wait.error());
//     uv_run(uv_default_loop(), UV_RUN_DEFAULT);            // a wait keeps the loop alive
//
// See <sysfd/adapters/await.hpp> for await_end() and await_start(). Unlike uv_spawn(), libuv does
// not handle SIGCHLD for it. libuv closes its handles in the next turn of the loop: after the last
// wait, call uv_run() before uv_loop_close(), as for every handle. libuv makes the pidfd
// non-blocking. Link to libuv (1.10 or newer).
#ifndef SYSFD_ADAPTERS_LIBUV_HPP
#define SYSFD_ADAPTERS_LIBUV_HPP
#include <sysfd/detail/cxx23.hpp>

#include <uv.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <new>

#include <sysfd/adapters/await.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// Errors of await_end() and await_start() in a uv_loop_t: EEXIST: the loop watches the descriptor
// already. ENOMEM, ENOSPC.
template <>
struct detail::WatchOf<uv_loop_t*> {
  // libuv uses a handle until it has called back after uv_close(): each is an object of its own.
  class type {  // NOLINT(readability-identifier-naming): as in std::remove_cv
   public:
    type(uv_loop_t* loop, Watcher& watcher) noexcept : loop_(loop), watcher_(watcher) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;
    ~type() {
      unwatch();
      clear_timer();
    }

    Result<> watch(BorrowedFd fd, Awaited) noexcept {
      auto* const poll = new (std::nothrow) uv_poll_t;
      if (!poll) return failure(ENOMEM);
      if (const int error = ::uv_poll_init(loop_, poll, fd.get()); error < 0) {
        delete poll;  // it is not a handle yet
        return failure(-error);
      }
      poll->data = &watcher_;
      // A status is no different: what is the matter is asked for in any case.
      const int error = ::uv_poll_start(poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
        static_cast<Watcher*>(handle->data)->on_ready();
      });
      if (error < 0) {
        close(poll);
        return failure(-error);
      }
      poll_ = poll;
      return {};
    }

    void unwatch() noexcept {
      if (poll_) close(poll_);
      poll_ = nullptr;
    }

    Result<> set_timer(std::chrono::nanoseconds after) noexcept {
      if (!timer_) {
        timer_ = new (std::nothrow) uv_timer_t;
        if (!timer_) return failure(ENOMEM);
        ::uv_timer_init(loop_, timer_);
        timer_->data = &watcher_;
      }
      // The loop's time is that of the beginning of its turn.
      ::uv_update_time(loop_);
      const auto units =
          timer_units<std::chrono::milliseconds>(after, std::numeric_limits<std::uint32_t>::max());
      ::uv_timer_start(
          timer_, [](uv_timer_t* handle) { static_cast<Watcher*>(handle->data)->on_timer(); },
          units, 0);
      return {};
    }

    void clear_timer() noexcept {
      if (timer_) close(timer_);
      timer_ = nullptr;
    }

   private:
    // The loop forgets the descriptor at once.
    template <class Handle>
    static void close(Handle* handle) noexcept {
      ::uv_close(reinterpret_cast<uv_handle_t*>(handle),
                 [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
    }

    uv_loop_t* loop_;
    Watcher& watcher_;
    uv_poll_t* poll_ = nullptr;
    uv_timer_t* timer_ = nullptr;
  };
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_LIBUV_HPP
