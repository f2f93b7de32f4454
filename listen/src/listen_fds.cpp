// SPDX-License-Identifier: MIT
#include <sysfd/listen_fds.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include <sysfd/detail/fork_mark.hpp>
#include <sysfd/detail/raw_syscall.hpp>
#include <sysfd/detail/syscall.hpp>
#include <sysfd/pidfd.hpp>

#include "variables.hpp"

namespace sysfd {
inline namespace v0 {

using detail::ListenPlan;
using detail::ListenVariables;

namespace {

constexpr int first_number = ListenFds::first_number;

std::optional<ProcessId> own_id() noexcept {
  const auto self = PidFd::self();
  const auto id = self ? self->id() : Result<ProcessId>(std::unexpected(self.error()));
  return id ? std::optional(*id) : std::nullopt;
}

// NOLINTBEGIN(concurrency-mt-unsafe): the header says so
ListenVariables from_environment() noexcept {
  const auto value = [](std::size_t i) { return ::getenv(detail::listen_variable_names[i]); };
  return {value(0), value(1), value(2), value(3)};
}

void clear_environment() noexcept {
  for (const char* name : detail::listen_variable_names)
    ::unsetenv(name);
}
// NOLINTEND(concurrency-mt-unsafe)

ListenVariables from_span(std::span<const char* const> variables) noexcept {
  const char* values[4] = {};
  for (const char* variable : variables) {
    if (!variable) continue;
    const std::string_view text(variable);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    for (std::size_t i = 0; i < std::size(values); ++i)
      if (!values[i] && text.substr(0, equals) == detail::listen_variable_names[i])
        values[i] = variable + equals + 1;
  }
  return {values[0], values[1], values[2], values[3]};
}

ListenError already_taken(std::string subject, std::string problem) {
  return {ListenErrorKind::already_taken, std::move(subject), std::move(problem)};
}

// Finds the first descriptor that cannot be taken. Nothing is changed before all are checked. A
// descriptor that was passed through execve(2) is not close-on-exec: one that is was opened by this
// process, or was taken before, maybe by another copy of this library.
std::optional<ListenError> find_wrong(int count) {
  for (int fd = first_number; fd < first_number + count; ++fd) {
    const long flags = detail::system_call(SYS_fcntl, fd, F_GETFD);
    if (flags == 0) continue;
    std::string subject =
        "LISTEN_FDS=\"" + std::to_string(count) + "\", descriptor " + std::to_string(fd);
    if (flags > 0)
      return already_taken(std::move(subject), "close-on-exec: opened or taken by this process");
    return ListenError{ListenErrorKind::malformed, std::move(subject), "not open",
                       detail::error_code(static_cast<int>(-flags))};
  }
  return std::nullopt;
}

std::vector<std::string> names_of(const ListenPlan& plan) {
  if (plan.names) return detail::split_names(*plan.names);
  return std::vector<std::string>(static_cast<std::size_t>(plan.count), "unknown");
}

// Stores the fork_mark() of the process that has taken its descriptors; a copy of it is another
// process.
std::atomic<std::uint64_t> taken_by = 0;

std::string named(std::size_t index, std::string_view name) {
  return "descriptor " + std::to_string(static_cast<std::size_t>(first_number) + index) + ", \"" +
         std::string(name) + '"';
}

}  // namespace

Result<ListenFds, ListenError> ListenFds::take_told(const ListenVariables& variables) {
  const auto taken_before = [] {
    return std::unexpected(already_taken("", "this process has taken its descriptors before"));
  };
  std::uint64_t last = taken_by.load(std::memory_order_acquire);
  if (last != 0 && !detail::is_forked_copy(last)) return taken_before();
  const auto plan = detail::read_listen_variables(variables, {::getpid(), own_id});
  if (!plan) return std::unexpected(plan.error());
  if (auto wrong = find_wrong(plan->count)) return std::unexpected(*std::move(wrong));

  std::vector<Slot> slots;
  auto names = names_of(*plan);
  slots.reserve(names.size());
  for (std::string& name : names)
    slots.push_back({std::move(name), std::nullopt});
  const auto self = detail::fork_mark();
  if (!self)
    return std::unexpected(ListenError{
        ListenErrorKind::unavailable, "",
        "this process cannot be told from its copies, which are not to take its descriptors",
        self.error()});
  // If several threads come here, only one succeeds.
  if (!taken_by.compare_exchange_strong(last, *self, std::memory_order_acq_rel))
    return taken_before();
  for (int fd = first_number; Slot & slot : slots) {
    (void)detail::system_call(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
    slot.fd = OwnedFd::adopt(fd++);
  }
  return ListenFds(std::move(slots));
}

Result<ListenFds, ListenError> ListenFds::take(std::span<const char* const> variables) {
  return take_told(from_span(variables));
}

Result<ListenFds, ListenError> ListenFds::take(ListenOptions options) {
  auto fds = take_told(from_environment());
  if (!options.keep_environment) clear_environment();
  return fds;
}

OwnedFd ListenFds::take(std::size_t index) noexcept {
  (void)held(index);  // stops the program if the index is wrong
  return *std::exchange(slots_[index].fd, std::nullopt);
}

std::optional<ListenError> ListenFds::mismatch(std::size_t index, const FdType& type) const {
  const auto matches = type.matches(held(index));
  if (matches == true) return std::nullopt;
  return ListenError{ListenErrorKind::wrong_type, named(index, name(index)),
                     "not " + type.describe(),
                     matches.has_value() ? std::error_code() : matches.error()};
}

Result<OwnedFd, ListenError> ListenFds::take(std::size_t index, const FdType& type) {
  if (auto wrong = mismatch(index, type)) return std::unexpected(*std::move(wrong));
  return take(index);
}

std::vector<std::size_t> ListenFds::indices_of(std::string_view name) const {
  std::vector<std::size_t> found;
  for (const Entry entry : *this)
    if (entry.name == name) found.push_back(entry.index);
  return found;
}

Result<std::size_t, ListenError> ListenFds::find_one(std::string_view name,
                                                     const FdType& type) const {
  const auto found = indices_of(name);
  const std::string subject = '"' + std::string(name) + '"';
  if (found.empty())
    return std::unexpected(
        ListenError{ListenErrorKind::not_found, subject, "no descriptor has this name"});
  if (found.size() > 1)
    return std::unexpected(
        ListenError{ListenErrorKind::ambiguous, subject,
                    std::to_string(found.size()) + " descriptors have this name"});
  if (auto wrong = mismatch(found.front(), type)) return std::unexpected(*std::move(wrong));
  return found.front();
}

Result<OwnedFd, ListenError> ListenFds::take_one(std::string_view name, const FdType& type) {
  auto index = find_one(name, type);
  if (!index) return std::unexpected(std::move(index.error()));
  return take(*index);
}

Result<BorrowedFd, ListenError> ListenFds::get_one(std::string_view name,
                                                   const FdType& type) const {
  auto index = find_one(name, type);
  if (!index) return std::unexpected(std::move(index.error()));
  return get(*index);
}

Result<std::vector<OwnedFd>, ListenError> ListenFds::take_all(std::string_view name,
                                                              const FdType& type) {
  const auto found = indices_of(name);
  for (const std::size_t index : found)
    if (auto wrong = mismatch(index, type)) return std::unexpected(*std::move(wrong));
  std::vector<OwnedFd> taken;
  taken.reserve(found.size());
  for (const std::size_t index : found)
    taken.push_back(take(index));
  return taken;
}

}  // namespace v0
}  // namespace sysfd
