// SPDX-License-Identifier: MIT
//
// Awaits children in an sd-event loop.
//
//     auto wait = sysfd::await_end(event, std::move(*child), 5s,      // an sd_event*
//                                  [](sysfd::AwaitedEnd end) { use(end.status); });
//     if (!wait) return fail(wait.error());
//     return sd_event_loop(event);
//
// See <sysfd/adapters/await.hpp> for await_end() and await_start(). Unlike sd_event_add_child(), it
// needs no SIGCHLD that is blocked. Link to libsystemd (247 or newer).
#ifndef SYSFD_ADAPTERS_SD_EVENT_HPP
#define SYSFD_ADAPTERS_SD_EVENT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include <cstdint>
#include <ctime>
#include <limits>

#include <sysfd/adapters/await.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

// Errors of await_end() and await_start() in an sd_event: ECHILD: the loop was made before fork(2).
// ESTALE: the loop has ended. ENOMEM, ENOSPC; with a timeout, EMFILE, ENFILE.
template <>
struct detail::WatchOf<sd_event*> {
  class type {  // NOLINT(readability-identifier-naming): as in std::remove_cv
   public:
    type(sd_event* event, Watcher& watcher) noexcept : event_(event), watcher_(watcher) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;
    ~type() {
      unwatch();
      clear_timer();
    }

    Result<> watch(BorrowedFd fd, Awaited) noexcept {
      return check(::sd_event_add_io(
          event_, &io_, fd.get(), EPOLLIN,
          [](sd_event_source*, int, std::uint32_t, void* watcher) {
            static_cast<Watcher*>(watcher)->on_ready();
            return 0;
          },
          &watcher_));
    }

    void unwatch() noexcept { io_ = ::sd_event_source_disable_unref(io_); }

    // With an accuracy of one microsecond: 0 would mean 250 milliseconds.
    Result<> set_timer(std::chrono::nanoseconds after) noexcept {
      clear_timer();
      const auto units = timer_units<std::chrono::microseconds>(after, longest_timer);
      return check(::sd_event_add_time_relative(
          event_, &timer_, CLOCK_MONOTONIC, units, 1,
          [](sd_event_source*, std::uint64_t, void* watcher) {
            static_cast<Watcher*>(watcher)->on_timer();
            return 0;
          },
          &watcher_));
    }

    void clear_timer() noexcept { timer_ = ::sd_event_source_disable_unref(timer_); }

   private:
    static constexpr std::uint64_t longest_timer = std::numeric_limits<std::int64_t>::max() / 1000;

    static Result<> check(int answer) noexcept {
      if (answer < 0) return failure(-answer);
      return {};
    }

    sd_event* event_;
    Watcher& watcher_;
    sd_event_source* io_ = nullptr;
    sd_event_source* timer_ = nullptr;
  };
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_SD_EVENT_HPP
