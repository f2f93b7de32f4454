// SPDX-License-Identifier: MIT
//
// A std::stop_token as a descriptor, so that a request to stop ends a wait of sysfd.
//
//     std::jthread worker([](std::stop_token token) {
//       auto stop = sysfd::StopFd::make(std::move(token)).or_throw("stop");
//       auto status = child.wait_for(sysfd::Timeout::forever().canceled_by(stop));
//       if (!status && status.error() == std::errc::operation_canceled) return;
//     });
//
// For a Ctrl-C, give signalfd(2) to Timeout::canceled_by(), or an eventfd(2) that the signal's handler
// writes to.
#ifndef SYSFD_STOP_FD_HPP
#define SYSFD_STOP_FD_HPP
#include <sysfd/detail/cxx23.hpp>

#include <memory>
#include <new>
#include <stop_token>
#include <utility>

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

class StopFd {
 public:
  // eventfd(2). Errors: EMFILE, ENFILE; ENOMEM. Allocates. One system call, and one more when a stop
  // is requested, by the thread that requests it.
  [[nodiscard]] static Result<StopFd> make(std::stop_token token) {
    auto event = event_fd();
    if (!event) return std::unexpected(event.error());
    std::unique_ptr<State> state(new (std::nothrow) State(*std::move(event), std::move(token)));
    if (!state) return detail::failure(ENOMEM);
    return StopFd(std::move(state));
  }

  // Readable once a stop was requested, and from then on.
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

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_STOP_FD_HPP
