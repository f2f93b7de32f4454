// SPDX-License-Identifier: MIT
//
// Reads everything in a buffer of fanotify events, as a program would, and checks what must hold
// for any bytes. Tests and fuzzing use this.
#ifndef SYSFD_TESTS_HANDLE_WALK_EVENTS_HPP
#define SYSFD_TESTS_HANDLE_WALK_EVENTS_HPP

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include <sysfd/fanotify.hpp>

namespace sysfd_test {

struct EventCounts {
  int events = 0;
  int fids = 0;
  bool malformed = false;
  const char* broken_promise = nullptr;  // set if the library breaks a promise
};

inline bool lies_in(std::span<const std::byte> part, std::span<const std::byte> whole) {
  const std::less_equal<const std::byte*> at_most;
  return part.empty() || (at_most(whole.data(), part.data()) &&
                          at_most(part.data() + part.size(), whole.data() + whole.size()));
}

inline void walk_records(std::span<const std::byte> records, EventCounts& counts) {
  const auto all = records;
  for (;;) {
    const std::size_t left = records.size();
    const auto fid = sysfd::take_fid(records);
    if (!fid) {
      counts.malformed = counts.malformed || fid.error() != std::errc::no_message_available;
      if (!records.empty()) counts.broken_promise = "records are left at their end";
      return;
    }
    ++counts.fids;
    if (records.size() >= left) counts.broken_promise = "a record of no size";
    const std::string_view name = fid->name;
    if (!lies_in(std::as_bytes(std::span(name)), all)) counts.broken_promise = "a name elsewhere";
    if (name.find('\0') != name.npos) counts.broken_promise = "a name with a NUL";
    if (fid->handle.bytes().size() > sysfd::FileHandle::max_size)
      counts.broken_promise = "a handle that is too large";
    const auto stored = fid->handle.serialize();
    if (sysfd::FileHandle::deserialize(stored) != fid->handle)
      counts.broken_promise = "a handle that cannot be stored";
  }
}

inline EventCounts walk_events(std::span<const std::byte> events) {
  EventCounts counts;
  const auto all = events;
  for (;;) {
    const std::size_t left = events.size();
    auto event = sysfd::take_event(events);
    if (!event) {
      counts.malformed = counts.malformed || event.error() != std::errc::no_message_available;
      if (!events.empty()) counts.broken_promise = "events are left at their end";
      return counts;
    }
    ++counts.events;
    // A number that no kernel has written must not be closed.
    for (auto* const made_up : {&event->process, &event->file})
      if (*made_up) static_cast<void>(std::move(**made_up).release());
    if (events.size() >= left) counts.broken_promise = "an event of no size";
    if (!lies_in(event->records, all)) counts.broken_promise = "records elsewhere";
    walk_records(event->records, counts);
  }
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_HANDLE_WALK_EVENTS_HPP
