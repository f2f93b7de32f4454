// SPDX-License-Identifier: MIT
//
// Awaits children with io_uring(7), in a ring of yours: IORING_OP_WAITID where the kernel has it,
// else IORING_OP_POLL_ADD.
//
//     sysfd::UringSet children(ring);                       // an io_uring of liburing
//     auto wait = sysfd::await_end(children, *std::move(child), 5s, [](sysfd::AwaitedEnd end) {
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
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include <sysfd/adapters/await.hpp>
#include <sysfd/attributes.hpp>
#include <sysfd/detail/syscall.hpp>
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

// The waits in one ring, which must outlive it. There can be only one such object for a ring: it
// uses the values of user_data whose highest 16 bits are those of first_key (no pointer is one of
// them).
class UringSet {
 public:
  // Does nothing with the ring yet. Blocks: no.
  explicit UringSet(io_uring& ring SYSFD_LIFETIMEBOUND) noexcept : ring_(ring) {}
  UringSet(const UringSet&) = delete;
  UringSet& operator=(const UringSet&) = delete;
  ~UringSet() {
    if (size_ > 0) detail::contract_violation("a UringSet is destroyed before a wait in it");
    // What was queued may refer to the requests.
    if (!requests_.empty()) ::io_uring_submit(&ring_);
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
    if (request.kind != Kind::timer && request.watcher) --size_;
    // The ring knows its calls once and for all: another kernel, or its restrictions.
    if (request.kind == Kind::waitid && (completion.res == -EINVAL || completion.res == -EACCES))
      has_waitid_ = false;
    if (!request.watcher) return true;
    *request.key = 0;
    if (request.kind == Kind::timer)
      request.watcher->on_timer();
    else
      request.watcher->on_ready();
    return true;
  }

  // The number of descriptors that are watched now.
  std::size_t size() const noexcept { return size_; }

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
      ::io_uring_submit(&ring_);
      entry = ::io_uring_get_sqe(&ring_);
    }
    return entry;
  }

  Result<> begin(Kind kind, BorrowedFd fd, std::chrono::nanoseconds after, detail::Watcher& watcher,
                 std::uint64_t& key) {
    auto* const entry = next_entry();
    if (!entry) return detail::failure(EBUSY);
    key = ++last_key_;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(after);
    auto& request =
        requests_
            .emplace(key,
                     Request{kind,
                             &watcher,
                             &key,
                             {.tv_sec = seconds.count(), .tv_nsec = (after - seconds).count()}})
            .first->second;
    switch (kind) {
      case Kind::waitid:
        // WNOWAIT: the Child reaps. No siginfo: nothing is written when it completes.
        ::io_uring_prep_rw(detail::op_waitid, entry, fd.get(), nullptr, detail::id_is_pidfd, 0);
        entry->file_index = WEXITED | WNOWAIT;
        break;
      case Kind::poll: ::io_uring_prep_poll_add(entry, fd.get(), POLLIN); break;
      case Kind::timer: ::io_uring_prep_timeout(entry, &request.after, 0, 0); break;
    }
    entry->user_data = key;
    if (kind != Kind::timer) ++size_;
    return {};
  }

  // The kernel has forgotten a descriptor when this returns. A timer is forgotten with the next
  // io_uring_submit().
  void end(std::uint64_t& key) noexcept {
    if (key == 0) return;
    auto& request = requests_.find(key)->second;
    request.watcher = nullptr;
    if (request.kind != Kind::timer) --size_;
    if (auto* const entry = next_entry()) {
      if (request.kind == Kind::timer)
        ::io_uring_prep_timeout_remove(entry, key, 0);
      else
        ::io_uring_prep_cancel64(entry, key, 0);
      entry->user_data = first_key;
      if (request.kind != Kind::timer) ::io_uring_submit(&ring_);
    }
    key = 0;
  }

  io_uring& ring_;
  std::uint64_t last_key_ = first_key;
  std::unordered_map<std::uint64_t, Request> requests_;
  std::size_t size_ = 0;
  bool has_waitid_ = true;
};

// Errors of await_end() and await_start() in a UringSet: EBUSY: the queue of the ring is full, and
// the kernel takes nothing from it. What a request itself fails with is no error: the wait polls
// then.
template <>
struct detail::WatchOf<UringSet> {
  class type {  // NOLINT(readability-identifier-naming): as in std::remove_cv
   public:
    type(UringSet& set, Watcher& watcher) noexcept : set_(set), watcher_(watcher) {}
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
      return set_.begin(waits ? UringSet::Kind::waitid : UringSet::Kind::poll, fd, {}, watcher_,
                        watched_);
    }

    void unwatch() noexcept { set_.end(watched_); }

    Result<> set_timer(std::chrono::nanoseconds after) noexcept {
      clear_timer();
      return set_.begin(UringSet::Kind::timer, BorrowedFd::unsafe_borrow(0), after, watcher_,
                        timer_);
    }

    void clear_timer() noexcept { set_.end(timer_); }

   private:
    UringSet& set_;
    Watcher& watcher_;
    bool waited_ = false;
    std::uint64_t watched_ = 0, timer_ = 0;  // keys
  };
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_ADAPTERS_IO_URING_HPP
