// SPDX-License-Identifier: MIT
//
// A descriptor that becomes readable when a std::stop_token is asked to stop, so that a stop
// request ends a wait of sysfd.
//
//     std::stop_source source;                       // another thread calls source.request_stop()
//     auto stop = sysfd::StopFd::make(source.get_token());
//     if (!stop) return fail(stop.error());
//     auto lock = sysfd::FlockLock::try_acquire_for(
//         file, sysfd::LockMode::exclusive, sysfd::Timeout::forever().canceled_by(*stop));
//     if (!lock && lock.error() == std::errc::operation_canceled) return fail("stopped");
//
// Where the C++ library has no std::stop_token, this header has no StopFd: libc++ 19 has one with
// -fexperimental-library only.
//
// For Ctrl-C, pass Timeout::canceled_by() a signalfd(2), or an eventfd(2) that the signal handler
// writes to.
#ifndef SYSFD_STOP_FD_HPP
#define SYSFD_STOP_FD_HPP
#include <sysfd/detail/cxx23.hpp>

#include <version>
#ifdef __cpp_lib_jthread
#include <memory>
#include <new>
#include <stop_token>
#include <utility>
#endif

#include <sysfd/attributes.hpp>
#include <sysfd/create.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// write(2): makes an eventfd readable. Async-signal-safe.
SYSFD_API void raise_event(BorrowedFd event) noexcept;

}  // namespace detail

#ifdef __cpp_lib_jthread
class StopFd {
 public:
  // eventfd(2): creates the descriptor and watches `token`.
  // Errors: EMFILE, ENFILE, ENOMEM.
  // Allocates: the state that it shares with the token.
  // Cost: one system call; one more in the thread that requests the stop.
  [[nodiscard]] static Result<StopFd> make(std::stop_token token) {
    auto event = event_fd();
    if (!event) return std::unexpected(event.error());
    std::unique_ptr<State> state(new (std::nothrow) State(*std::move(event), std::move(token)));
    if (!state) return detail::failure(ENOMEM);
    return StopFd(std::move(state));
  }

  // Readable from the moment a stop is requested.
  BorrowedFd fd() const noexcept SYSFD_LIFETIMEBOUND {
    if (!state_) detail::contract_violation("use of a StopFd that was moved from");
    return state_->event;
  }

 private:
  struct Raise {
    BorrowedFd event;
    void operator()() const noexcept { detail::raise_event(event); }
  };
  struct State {
    State(OwnedFd fd, std::stop_token token)
        : event(std::move(fd)), on_stop(std::move(token), Raise{event}) {}
    OwnedFd event;
    std::stop_callback<Raise> on_stop;
  };
  explicit StopFd(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

  std::unique_ptr<State> state_;
};
#endif

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_STOP_FD_HPP
