// SPDX-License-Identifier: MIT
//
// Receives the descriptors that a service manager has opened for this process (socket activation,
// as systemd, launchers like systemd-socket-activate, and sysfd::Command::listen_fds() do it):
// numbers from 3 on, told by environment variables.
//
//     auto fds = sysfd::ListenFds::take();
//     if (!fds && fds.error().kind == sysfd::ListenErrorKind::not_activated) return bind_ourselves();
//     if (!fds) return fail(fds.error().describe());
//     auto web = fds->take_one("web", sysfd::FdType::stream_listener());
//
// LISTEN_PID says whom they are for; where the process can find out its identity and the variable
// is there, LISTEN_PIDFDID must be this one's as well, as a number may be given away again. What
// came through execve(2) is not close-on-exec: a descriptor that is belongs to somebody in this
// process already, maybe to another copy of this library, and is not taken. So what makes all
// descriptors close-on-exec comes after take(). Nothing is owned, closed or changed unless every
// check has passed: descriptors that are meant for somebody else stay what they were.
//
// Environment variables are read, and removed, without a lock, as getenv(3) and unsetenv(3) do it:
// call take() before there are other threads. A library that may be used later than that takes a
// span of variables, which the program has kept from its start.
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
  // Leave LISTEN_PID, LISTEN_PIDFDID, LISTEN_FDS and LISTEN_FDNAMES as they are. Otherwise they are
  // removed, whatever the answer is, so that programs started later do not take them for theirs.
  bool keep_environment = false;
};

class ListenFds {
 public:
  // SD_LISTEN_FDS_START: the number of the first one.
  static constexpr int first_number = 3;

  // Takes over what this process was given. All are close-on-exec afterwards. Errors:
  // ListenErrorKind::not_activated to ::unavailable. A process can do this once, since two owners
  // of one descriptor cannot be; an attempt that failed does not count, and a copy of the process
  // that fork(2) made is another one. System calls: one, five where LISTEN_PIDFDID is there (seven
  // before Linux 6.14), two for each descriptor (F_GETFD, F_SETFD), and two for the first owner in
  // the process that a fork must not copy. Allocates. Thread-safe but for the environment.
  [[nodiscard]] SYSFD_API static Result<ListenFds, ListenError> take(ListenOptions options = {});

  // The same from such variables, "NAME=value" each, as environ(7) has them. Of several with one
  // name the first counts. The environment is neither read nor changed.
  [[nodiscard]] SYSFD_API static Result<ListenFds, ListenError> take(
      std::span<const char* const> variables);

  ListenFds(ListenFds&&) noexcept = default;
  ListenFds& operator=(ListenFds&&) noexcept = default;
  ~ListenFds() = default;

  // How many were given, with those that were taken out since.
  std::size_t size() const noexcept { return slots_.size(); }
  // The name that the service manager has for it: FileDescriptorName= of systemd.socket(5).
  // "unknown" where it tells no names; may be empty, and need not be its own.
  const std::string& name(std::size_t index) const noexcept { return slot(index).name; }
  // Whether it is still here.
  bool has(std::size_t index) const noexcept { return slot(index).fd.has_value(); }
  // Lends it. An index beyond the last one, or of one that was taken out, stops the program.
  BorrowedFd get(std::size_t index) const noexcept SYSFD_LIFETIMEBOUND { return held(index); }

  // Takes it out: it is the caller's. The index goes on meaning it. As get().
  [[nodiscard]] SYSFD_API OwnedFd take(std::size_t index) noexcept;
  // The same if it is of this type. Errors: wrong_type.
  [[nodiscard]] SYSFD_API Result<OwnedFd, ListenError> take(std::size_t index, const FdType& type);

  // The only one that has this name. Errors: not_found, ambiguous, wrong_type.
  [[nodiscard]] SYSFD_API Result<OwnedFd, ListenError> take_one(std::string_view name,
                                                                const FdType& type = FdType::any());
  [[nodiscard]] SYSFD_API Result<BorrowedFd, ListenError> get_one(
      std::string_view name, const FdType& type = FdType::any()) const SYSFD_LIFETIMEBOUND;

  // All that have this name and are still here, in their order; none is no error. Errors:
  // wrong_type of any: then none is taken out.
  [[nodiscard]] SYSFD_API Result<std::vector<OwnedFd>, ListenError> take_all(
      std::string_view name, const FdType& type = FdType::any());
  [[nodiscard]] SYSFD_API std::vector<std::size_t> indices_of(std::string_view name) const;

  // Those that are still here, one after the other:
  //     for (const auto& [index, name, fd] : *fds) ...
  struct Entry {
    std::size_t index;
    std::string_view name;
    BorrowedFd fd;
  };
  class Iterator {
   public:
    // NOLINTBEGIN(readability-identifier-naming): as the standard library calls them
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

// Its size() counts those that iterators pass over.
template <>
inline constexpr bool std::ranges::disable_sized_range<sysfd::ListenFds> = true;

#endif  // SYSFD_LISTEN_FDS_HPP
