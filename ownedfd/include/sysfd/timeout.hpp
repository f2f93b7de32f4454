// SPDX-License-Identifier: MIT
//
// How long a function may wait.
//
//     auto process = sysfd::PidFd::open(pid);
//     if (!process) return fail(process.error());
//     auto status = process->wait_for(5s);
//     if (!status) status = process->wait_for(sysfd::Timeout::forever());
//     if (!status) status = process->wait_for(sysfd::Timeout(1min).canceled_by(control));
//
// A wait that takes longer fails with ETIMEDOUT.
#ifndef SYSFD_TIMEOUT_HPP
#define SYSFD_TIMEOUT_HPP
#include <sysfd/detail/cxx23.hpp>

#include <concepts>
#include <optional>
#include <ratio>
#include <type_traits>
#include <utility>

#include <sysfd/detail/chrono.hpp>
#include <sysfd/owned_fd.hpp>

namespace sysfd {
inline namespace v0 {

class Timeout {
 public:
  // Any duration. Zero or less polls once. 292 years or more is forever(). Fractions of a
  // nanosecond are rounded up.
  template <class Rep, class Period>
  constexpr Timeout(std::chrono::duration<Rep, Period> duration) noexcept
      : duration_(saturated(duration)) {}

  template <class Number>
    requires std::is_arithmetic_v<Number>
  Timeout(Number) = delete;  // write a unit: 5s, std::chrono::milliseconds(number)

  static constexpr Timeout forever() noexcept { return Timeout(std::chrono::nanoseconds::max()); }

  // Returns a copy that `fd` can also end: the wait fails with ECANCELED when poll(2) reports `fd`
  // as readable or hung up, unless the event that it waits for is there too. `fd` may be an
  // eventfd(2), a signalfd(2), a pidfd, a pipe or a socket. Nothing is read from it.
  //
  // Errors: the wait fails with EBADF if `fd` is not open.
  // Ownership: borrows `fd`. The caller keeps it open until the wait has ended.
  [[nodiscard]] Timeout canceled_by(BorrowedFd fd) const noexcept {
    Timeout timeout = *this;
    timeout.canceled_by_ = fd.get();
    return timeout;
  }

  constexpr bool is_forever() const noexcept { return duration_ == duration_.max(); }
  // Never negative. For forever(), the greatest value.
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
    if (!(duration > duration.zero())) return nanoseconds::zero();  // also for NaN
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
