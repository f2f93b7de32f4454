// SPDX-License-Identifier: MIT
//
// Awaits children with io_uring(7), in a ring of yours: IORING_OP_WAITID where the kernel has it,
// else IORING_OP_POLL_ADD.
//
//     sysfd::UringSet children(ring);                       // an io_uring of liburing
//     auto wait = sysfd::await_end(children, std::move(*child), 5s, [](sysfd::AwaitedEnd end) {
//       use(end.status);
//     });
//     if (!wait) return fail(wait.error());
//     while (children.size() > 0) {
//       io_uring_submit_and_wait(&ring, 1);
//       io_uring_cqe* entry = nullptr;
//       while (io_uring_peek_cqe(&ring, &entry) == 0) {
//         const io_uring_cqe completion = *entry;
//         io_uring_cqe_seen(&ring, entry);
//         if (!children.handle(completion)) use(completion);    // one of yours
//       }
//     }
//
// See <sysfd/adapters/await.hpp> for await_end() and await_start(). A wait is submitted with your
// next io_uring_submit(). Link to liburing (2.2 or newer).
#ifndef SYSFD_ADAPTERS_IO_URING_HPP
#define SYSFD_ADAPTERS_IO_URING_HPP
#include <sysfd/detail/cxx23.hpp>

#include <liburing.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include <sysfd/adapters/await.hpp>
#include <sysfd/attributes.hpp>
#include <sysfd/detail/deadline.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/detail/without_exceptions.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Since Linux 6.7; in liburing since 2.5.
inline constexpr std::uint8_t op_waitid = 50;
#if defined(IO_URING_CHECK_VERSION)
#if !IO_URING_CHECK_VERSION(2, 5)
static_assert(op_waitid == IORING_OP_WAITID);
#endif
#endif
inline constexpr int id_is_pidfd = 3;  // P_PIDFD

}  // namespace detail

// The waits in one ring, which must outlive it. There can be only one at a time for a ring: it
// uses the values of user_data whose highest 16 bits are those of first_key (no pointer is one of
// them).
class UringSet {
 public:
  // Does nothing with the ring yet. Blocks: no.
  explicit UringSet(io_uring& ring SYSFD_LIFETIMEBOUND) noexcept : ring_(ring) {}
  UringSet(const UringSet&) = delete;
  UringSet& operator=(const UringSet&) = delete;
  ~UringSet() {
    if (waiting_ > 0) detail::contract_violation("a UringSet is destroyed before a wait in it");
    // What was queued may refer to the requests.
    if (!requests_.empty()) submit();
  }

  // Takes one completion of the ring, and calls the handler of its wait. Returns false if the
  // completion is not of this set. Handlers may begin and destroy waits, and must not destroy the
  // set. Call it with every completion, from one thread.
  bool handle(const io_uring_cqe& completion) {
    if (completion.user_data >> 48 != first_key >> 48) return false;
    const auto found = requests_.find(completion.user_data);
    if (found == requests_.end()) return true;  // of a cancellation
    const Request request = found->second;
    requests_.erase(found);
    // The ring knows its calls once and for all: another kernel, or its restrictions.
    if (request.kind == Kind::waitid && (completion.res == -EINVAL || completion.res == -EACCES))
      has_waitid_ = false;
    if (!request.watcher) return true;
    *request.key = 0;
    if (request.kind != Kind::timer)
      request.watcher->on_ready();
    else if (completion.res >= 0 || completion.res == -ETIME || completion.res == -ECANCELED)
      request.watcher->on_timer();
    else
      request.watcher->on_failure(detail::error_code(-completion.res));
    return true;
  }

  // The number of waits that go on.
  std::size_t size() const noexcept { return waiting_; }

  static constexpr std::uint64_t first_key = std::uint64_t{0x5359} << 48;

 private:
  friend struct detail::WatchOf<UringSet>;
  enum class Kind { waitid, poll, timer };

  // A request that was canceled has no watcher; it is kept until it completes.
  struct Request {
    Kind kind;
    detail::Watcher* watcher;
    std::uint64_t* key;  // of the watcher's watch: 0 when the request is complete
    __kernel_timespec after;
  };

  io_uring_sqe* next_entry() noexcept {
    auto* entry = ::io_uring_get_sqe(&ring_);
    if (!entry) {  // the queue is full
      submit();
      entry = ::io_uring_get_sqe(&ring_);
    }
    return entry;
  }

  // Where a thread of the kernel takes what is queued (IORING_SETUP_SQPOLL), that is a moment
  // later: it is waited for, but not for ever.
  void submit() noexcept {
    ::io_uring_submit(&ring_);
    if (!(ring_.flags & IORING_SETUP_SQPOLL)) return;
    const auto end = detail::Clock::now() + std::chrono::seconds(1);
    while (::io_uring_sq_ready(&ring_) > 0 && detail::Clock::now() < end)
      ::sched_yield();
  }

  Result<> begin(Kind kind, BorrowedFd fd, std::chrono::nanoseconds after, detail::Watcher& watcher,
                 std::uint64_t& key) noexcept {
    const std::uint64_t own = first_key + ++last_key_;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(after);
    Request* noted = nullptr;
    const auto done = detail::without_exceptions([&] {
      noted =
          &requests_
               .emplace(own,
                        Request{kind,
                                &watcher,
                                &key,
                                {.tv_sec = seconds.count(), .tv_nsec = (after - seconds).count()}})
               .first->second;
      return 0;
    });
    if (done < 0) return detail::failure(-done);
    auto* const entry = next_entry();
    if (!entry) {
      requests_.erase(own);
      return detail::failure(EBUSY);
    }
    key = own;
    switch (kind) {
      case Kind::waitid:
        // WNOWAIT: the Child reaps. No siginfo: nothing is written when it completes.
        ::io_uring_prep_rw(detail::op_waitid, entry, fd.get(), nullptr, detail::id_is_pidfd, 0);
        entry->file_index = WEXITED | WNOWAIT;
        break;
      case Kind::poll: ::io_uring_prep_poll_add(entry, fd.get(), POLLIN); break;
      case Kind::timer: ::io_uring_prep_timeout(entry, &noted->after, 0, 0); break;
    }
    entry->user_data = key;
    return {};
  }

  // The kernel has forgotten a descriptor when this returns. A timer is forgotten with the next
  // io_uring_submit().
  void end(std::uint64_t& key) noexcept {
    if (key == 0) return;
    auto& request = requests_.find(key)->second;
    request.watcher = nullptr;
    if (auto* const entry = next_entry()) {
      if (request.kind == Kind::timer)
        ::io_uring_prep_timeout_remove(entry, key, 0);
      else
        ::io_uring_prep_cancel64(entry, key, 0);
      entry->user_data = first_key;
      if (request.kind != Kind::timer) submit();
    }
    key = 0;
  }

  // Of all sets: what an earlier set of the same ring has canceled may still complete.
  static inline std::atomic<std::uint64_t> last_key_{0};

  io_uring& ring_;
  std::unordered_map<std::uint64_t, Request> requests_;
  std::size_t waiting_ = 0;
  bool has_waitid_ = true;
};

// Errors of await_end() and await_start() in a UringSet: EBUSY: the queue of the ring is full, and
// the kernel takes nothing from it. ENOMEM. Where the ring refuses IORING_OP_WAITID, the wait
// polls. Where it refuses timers, a wait that needs one ends with what the timer failed with:
// EACCES, EINVAL.
template <>
struct detail::WatchOf<UringSet> {
  class type {  // NOLINT(readability-identifier-naming): as in std::remove_cv
   public:
    type(UringSet& set, Watcher& watcher) noexcept
        : set_(set), watcher_(watcher), waiting_(set.waiting_) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;
    ~type() {
      unwatch();
      clear_timer();
    }

    // waitid completes too early for a pidfd that is non-blocking, for the child of a keeper and
    // where the kernel does not have it. So the second time is a poll.
    Result<> watch(BorrowedFd fd, Awaited what) noexcept {
      const bool waits = what == Awaited::end && !waited_ && set_.has_waitid_;
      waited_ = true;
      return counted(set_.begin(waits ? UringSet::Kind::waitid : UringSet::Kind::poll, fd, {},
                                watcher_, watched_));
    }

    void unwatch() noexcept {
      set_.end(watched_);
      count();
    }

    Result<> set_timer(std::chrono::nanoseconds after) noexcept {
      clear_timer();
      return counted(
          set_.begin(UringSet::Kind::timer, BorrowedFd::unsafe_borrow(0), after, watcher_, timer_));
    }

    void clear_timer() noexcept {
      set_.end(timer_);
      count();
    }

   private:
    void count() noexcept { waiting_.set(watched_ != 0 || timer_ != 0); }
    Result<> counted(Result<> begun) noexcept {
      count();
      return begun;
    }

    UringSet& set_;
    Watcher& watcher_;
    Waiting waiting_;
    bool waited_ = false;
    std::uint64_t watched_ = 0, timer_ = 0;  // keys
  };
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_IO_URING_HPP
