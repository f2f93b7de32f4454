// SPDX-License-Identifier: MIT
//
// ListenFds: receives the descriptors that a service manager has opened for this process (socket
// activation). They have the numbers from 3 on, and environment variables describe them. systemd,
// systemd-socket-activate and sysfd::Command::listen_fds() start programs like this.
//
//     auto fds = sysfd::ListenFds::take();
//     if (!fds) return fail(fds.error().describe());  // or, if kind is not_activated, bind here
//     for (const auto& [index, name, fd] : *fds) use(index, name, fd);  // all, borrowed
//     auto web = fds->take_one("web", sysfd::FdType::stream_listener());
//     if (!web) return fail(web.error().describe());
//
// take() changes, closes and owns nothing unless every check passes. LISTEN_PID must be the number
// of this process. LISTEN_PIDFDID, which unlike a number is not reused, must be its identity; it is
// only compared if it is set and the process can find out its own. No descriptor may be
// close-on-exec: such a descriptor did not come through execve(2), and already has an owner in this
// process, for instance another copy of this library. So call take() before any code that makes all
// descriptors close-on-exec.
//
// The environment is read and changed without a lock (getenv(3), unsetenv(3)): call take() before
// there are other threads. A library that starts later passes take() a span of variables that the
// program has saved at its start.
#ifndef SYSFD_LISTEN_FDS_HPP
#define SYSFD_LISTEN_FDS_HPP
#include <sysfd/detail/cxx23.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sysfd/attributes.hpp>
#include <sysfd/fd_type.hpp>
#include <sysfd/listen_error.hpp>
#include <sysfd/owned_fd.hpp>
#include <sysfd/result.hpp>

namespace sysfd {
inline namespace v0 {

namespace detail {
struct ListenVariables;
}

struct ListenOptions {
  // Keeps LISTEN_PID, LISTEN_PIDFDID, LISTEN_FDS and LISTEN_FDNAMES in the environment. By default
  // they are removed, also after an error, so that programs started later do not use them.
  bool keep_environment = false;
};

class ListenFds {
 public:
  // SD_LISTEN_FDS_START: the number of the first descriptor.
  static constexpr int first_number = 3;

  // fcntl(2), for each descriptor: takes the descriptors that were opened for this process, and
  // makes them close-on-exec. A process can do this once, as a descriptor has one owner. An attempt
  // that failed does not count. A copy of the process made by fork(2) counts as another process.
  // Thread-safe except for the environment.
  //
  // Errors: ListenErrorKind::not_activated to ::unavailable.
  // Allocates: the names.
  // Cost: one system call; five with LISTEN_PIDFDID (seven before Linux 6.14); two for each
  //   descriptor (F_GETFD, F_SETFD); and two once in a process, for a page that marks copies.
  [[nodiscard]] SYSFD_API static Result<ListenFds, ListenError> take(ListenOptions options = {});

  // As above, from these variables ("NAME=value" each, as environ(7)). If a name occurs several
  // times, the first one counts. Neither reads nor changes the environment.
  [[nodiscard]] SYSFD_API static Result<ListenFds, ListenError> take(
      std::span<const char* const> variables);

  ListenFds(ListenFds&&) noexcept = default;
  ListenFds& operator=(ListenFds&&) noexcept = default;
  ~ListenFds() = default;

  // The number of descriptors, including those that were taken out.
  std::size_t size() const noexcept { return slots_.size(); }
  // The name that the service manager has passed (FileDescriptorName= of systemd.socket(5)), or
  // "unknown" if it passes no names. It may be empty, and several descriptors may have the same.
  const std::string& name(std::size_t index) const noexcept { return slot(index).name; }
  // False if the descriptor was taken out.
  bool has(std::size_t index) const noexcept { return slot(index).fd.has_value(); }
  // Borrows the descriptor. An index beyond the last one, or of a descriptor that was taken out,
  // stops the program.
  BorrowedFd get(std::size_t index) const noexcept SYSFD_LIFETIMEBOUND { return held(index); }

  // Takes the descriptor out: the caller owns it. The other indices do not change. An index that
  // get() does not accept stops the program.
  [[nodiscard]] SYSFD_API OwnedFd take(std::size_t index) noexcept;
  // As above, if the descriptor is of this type.
  //
  // Errors: wrong_type.
  [[nodiscard]] SYSFD_API Result<OwnedFd, ListenError> take(std::size_t index, const FdType& type);

  // Takes out, or borrows, the only descriptor with this name. After an error it stays here.
  //
  // Errors: not_found, ambiguous, wrong_type.
  [[nodiscard]] SYSFD_API Result<OwnedFd, ListenError> take_one(std::string_view name,
                                                                const FdType& type = FdType::any());
  [[nodiscard]] SYSFD_API Result<BorrowedFd, ListenError> get_one(
      std::string_view name, const FdType& type = FdType::any()) const SYSFD_LIFETIMEBOUND;

  // Takes out all descriptors with this name, in order. The result may be empty. After an error,
  // none is taken out.
  //
  // Errors: wrong_type: one of them is not of this type.
  [[nodiscard]] SYSFD_API Result<std::vector<OwnedFd>, ListenError> take_all(
      std::string_view name, const FdType& type = FdType::any());
  // The indices of the descriptors with this name that were not taken out, in order.
  [[nodiscard]] SYSFD_API std::vector<std::size_t> indices_of(std::string_view name) const;

  // Iteration visits the descriptors that were not taken out. They are borrowed.
  struct Entry {
    std::size_t index;
    std::string_view name;
    BorrowedFd fd;
  };
  class Iterator {
   public:
    // NOLINTBEGIN(readability-identifier-naming): the standard library's names
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    // NOLINTEND(readability-identifier-naming)
    Iterator() noexcept = default;
    Entry operator*() const noexcept { return {index_, fds_->name(index_), fds_->get(index_)}; }
    Iterator& operator++() noexcept {
      ++index_;
      return skip_taken();
    }
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const noexcept = default;

   private:
    friend class ListenFds;
    Iterator(const ListenFds* fds, std::size_t index) noexcept : fds_(fds), index_(index) {}
    Iterator& skip_taken() noexcept {
      while (index_ < fds_->size() && !fds_->has(index_))
        ++index_;
      return *this;
    }
    const ListenFds* fds_ = nullptr;
    std::size_t index_ = 0;
  };
  Iterator begin() const noexcept SYSFD_LIFETIMEBOUND { return Iterator(this, 0).skip_taken(); }
  Iterator end() const noexcept SYSFD_LIFETIMEBOUND { return Iterator(this, size()); }

 private:
  struct Slot {
    std::string name;
    std::optional<OwnedFd> fd;
  };
  static Result<ListenFds, ListenError> take_told(const detail::ListenVariables& variables);
  explicit ListenFds(std::vector<Slot>&& slots) noexcept : slots_(std::move(slots)) {}
  const Slot& slot(std::size_t index) const noexcept {
    if (index >= slots_.size())
      detail::contract_violation("ListenFds: an index beyond the last one");
    return slots_[index];
  }
  const OwnedFd& held(std::size_t index) const noexcept {
    if (!has(index)) detail::contract_violation("ListenFds: a descriptor that was taken out");
    return *slots_[index].fd;
  }
  Result<std::size_t, ListenError> find_one(std::string_view name, const FdType& type) const;
  std::optional<ListenError> mismatch(std::size_t index, const FdType& type) const;

  std::vector<Slot> slots_;
};

}  // namespace v0
}  // namespace sysfd

// size() also counts the descriptors that were taken out, which iterators skip.
template <>
inline constexpr bool std::ranges::disable_sized_range<sysfd::ListenFds> = true;

#endif  // SYSFD_LISTEN_FDS_HPP
