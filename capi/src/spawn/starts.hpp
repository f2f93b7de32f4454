// SPDX-License-Identifier: MIT
//
// What all starts share: the memory for their results is there before anything starts.
#ifndef SYSFD_CAPI_SPAWN_STARTS_HPP
#define SYSFD_CAPI_SPAWN_STARTS_HPP
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "objects.hpp"

namespace sysfd_c {

// False for one that has become something else, too.
inline bool is_there(const sysfd_command* command) noexcept {
  return command && command->command;
}

// Calls `start` with what the command is, if that can be started. What it returns is a Result; a
// value goes to `write`, which returns the result of the C function. It has the memory for that
// before the start, or is not ready.
template <class Start, class Write>
int start(sysfd_command* command, sysfd_spawn_error* error, Start start_it, Write&& write) {
  if (!is_there(command) || check_error(error) != 0) return -EINVAL;
  if (command->fault) return fail(*command->fault, error);
  if (!write.is_ready()) return -ENOMEM;
  return without_exceptions([&] {
    auto started = start_it(*command->command);
    return started ? write(std::move(*started)) : fail(started.error(), error);
  });
}

// These store what a start returns.
template <class Object>
class To {
 public:
  explicit To(Object** out) noexcept : out_(out) {}
  bool is_ready() const noexcept { return static_cast<bool>(room_); }
  template <class... Started>
  int operator()(Started&&... started) noexcept {
    const int answer = room_.make(out_, std::forward<Started>(started)...);
    return answer;
  }

 private:
  Object** out_;
  Room<Object> room_;
};

struct ToStatus {
  std::int32_t* out;
  static bool is_ready() noexcept { return true; }
  int operator()(sysfd::ExitStatus status) const noexcept {
    if (out) *out = status.wait_status();
    return 0;
  }
};

static_assert(SYSFD_CONFIRM_BY_FINISH == static_cast<int>(sysfd::Confirmation::by_finish) &&
              SYSFD_CONFIRM_BY_DESCRIPTOR == static_cast<int>(sysfd::Confirmation::by_descriptor));

inline bool is_confirmation(int confirmation) noexcept {
  return confirmation == SYSFD_CONFIRM_BY_FINISH || confirmation == SYSFD_CONFIRM_BY_DESCRIPTOR;
}

struct ToPending : To<sysfd_pending_child> {
  ToPending(sysfd_pending_child** out, int confirmation) noexcept
      : To(out), has_descriptor(confirmation == SYSFD_CONFIRM_BY_DESCRIPTOR) {}
  int operator()(sysfd::PendingChild&& child) noexcept {
    return To::operator()(std::move(child), has_descriptor);
  }
  bool has_descriptor;
};

// The memory for several children.
class Rooms {
 public:
  explicit Rooms(std::size_t count) : rooms_(count) {}
  bool are_there() const noexcept {
    return std::ranges::all_of(rooms_, [](const auto& room) { return static_cast<bool>(room); });
  }
  Room<sysfd_child>& operator[](std::size_t index) noexcept { return rooms_[index]; }

 private:
  std::vector<Room<sysfd_child>> rooms_;
};

}  // namespace sysfd_c

#endif  // SYSFD_CAPI_SPAWN_STARTS_HPP
