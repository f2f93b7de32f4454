// SPDX-License-Identifier: MIT
//
// How long a function may wait.
//
//     child.wait_for(5s);
//     child.wait_for(sysfd::Timeout::forever());
//     child.wait_for(sysfd::Timeout(1min).canceled_by(stop));   // or until `stop` is readable
//
// A wait that lasted that long fails with ETIMEDOUT.
#ifndef SYSFD_TIMEOUT_HPP
#define SYSFD_TIMEOUT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <optional>
#include <ratio>
#include <utility>

#include <sysfd/detail/chrono.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {

class Timeout {
 public:
  // Any duration. One of zero or less does not wait: the function looks once. One of 292 years or
  // more is forever(). Fractions of a nanosecond count as one.
  template <class Rep, class Period>
  constexpr Timeout(std::chrono::duration<Rep, Period> duration) noexcept
      : duration_(saturated(duration)) {}

  static constexpr Timeout forever() noexcept { return Timeout(std::chrono::nanoseconds::max()); }

  // The same, and the wait also ends when poll(2) says that `fd` is readable or hung up (an
  // eventfd(2), signalfd(2) or pidfd, a pipe or a socket): with ECANCELED, unless what is waited for
  // has come as well. Nothing is read from it. It stays the caller's, who keeps it open until the
  // function has returned.
  [[nodiscard]] Timeout canceled_by(BorrowedFd fd) const noexcept {
    Timeout timeout = *this;
    timeout.canceled_by_ = fd.get();
    return timeout;
  }

  constexpr bool is_forever() const noexcept { return duration_ == duration_.max(); }
  // Not negative. The greatest for forever().
  constexpr std::chrono::nanoseconds duration() const noexcept { return duration_; }
  std::optional<BorrowedFd> canceled_by() const noexcept {
    if (canceled_by_ < 0) return std::nullopt;
    return BorrowedFd::unsafe_borrow(canceled_by_);
  }

 private:
  template <class Rep, class Period>
  static constexpr std::chrono::nanoseconds saturated(
      std::chrono::duration<Rep, Period> duration) noexcept {
    using std::chrono::nanoseconds;
    using Scale = std::ratio_divide<Period, std::nano>;
    if (!(duration > duration.zero())) return nanoseconds::zero();  // not a number, too
    if constexpr (std::integral<Rep> && Scale::den == 1) {
      constexpr auto most = nanoseconds::max().count() / Scale::num;
      if (std::cmp_greater(duration.count(), most)) return nanoseconds::max();
      return nanoseconds(static_cast<nanoseconds::rep>(duration.count()) * Scale::num);
    } else {
      using Exact = std::chrono::duration<long double, std::nano>;
      if (std::chrono::duration_cast<Exact>(duration) >= Exact(nanoseconds::max()))
        return nanoseconds::max();
      return std::chrono::ceil<nanoseconds>(duration);
    }
  }

  std::chrono::nanoseconds duration_;
  int canceled_by_ = -1;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_TIMEOUT_HPP
