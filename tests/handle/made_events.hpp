// SPDX-License-Identifier: MIT
//
// Makes bytes like those from read(2) of a fanotify group, for tests and as seeds for fuzzing.
#ifndef SYSFD_TESTS_HANDLE_MADE_EVENTS_HPP
#define SYSFD_TESTS_HANDLE_MADE_EVENTS_HPP

#include <sys/fanotify.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace sysfd_test {

using EventBytes = std::vector<std::byte>;

inline void append_bytes(EventBytes& bytes, std::span<const std::byte> added) {
  for (const std::byte byte : added)
    bytes.push_back(byte);
}

template <class T>
void append(EventBytes& bytes, const T& value) {
  append_bytes(bytes, std::as_bytes(std::span(&value, 1)));
}

// Makes a record with a handle of this size. The kernel pads it with NULs to a multiple of 4.
inline EventBytes fid_record(int type, std::uint32_t handle_size, std::string_view name = "",
                             bool has_name = false) {
  EventBytes body;
  append(body, std::int32_t{11});  // fsid
  append(body, std::int32_t{22});
  append(body, handle_size);
  append(body, std::int32_t{0x81});
  for (std::uint32_t i = 0; i < handle_size; ++i)
    body.push_back(static_cast<std::byte>(i + 1));
  for (const char c : name)
    body.push_back(static_cast<std::byte>(c));
  if (has_name) body.push_back(std::byte{0});
  while (body.size() % 4 != 0)
    body.push_back(std::byte{0});
  EventBytes record;
  append(record, fanotify_event_info_header{
                     static_cast<std::uint8_t>(type), 0,
                     static_cast<std::uint16_t>(sizeof(fanotify_event_info_header) + body.size())});
  append_bytes(record, body);
  return record;
}

inline EventBytes pidfd_record(std::int32_t number = -1) {
  EventBytes record;
  append(record, fanotify_event_info_header{FAN_EVENT_INFO_TYPE_PIDFD, 0,
                                            sizeof(fanotify_event_info_pidfd)});
  append(record, number);
  return record;
}

inline EventBytes event_of(std::initializer_list<EventBytes> records, int fd = FAN_NOFD) {
  EventBytes all;
  for (const auto& record : records)
    append_bytes(all, record);
  fanotify_event_metadata metadata = {};
  metadata.event_len = static_cast<std::uint32_t>(sizeof metadata + all.size());
  metadata.vers = FANOTIFY_METADATA_VERSION;
  metadata.metadata_len = sizeof metadata;
  metadata.mask = FAN_CREATE;
  metadata.fd = fd;
  metadata.pid = 42;
  EventBytes event;
  append(event, metadata);
  append_bytes(event, all);
  return event;
}

// Returns one event of each shape: with every kind of record, and with none.
inline EventBytes some_events() {
  EventBytes all;
  for (const auto& event :
       {event_of({fid_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 12, "name", true)}), event_of({}),
        event_of({fid_record(FAN_EVENT_INFO_TYPE_OLD_DFID_NAME, 8, "old", true),
                  fid_record(FAN_EVENT_INFO_TYPE_NEW_DFID_NAME, 8, "new name", true),
                  fid_record(FAN_EVENT_INFO_TYPE_FID, 20)}),
        event_of({fid_record(FAN_EVENT_INFO_TYPE_DFID, 128), pidfd_record(),
                  fid_record(FAN_EVENT_INFO_TYPE_FID, 0)})})
    append_bytes(all, event);
  return all;
}

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_HANDLE_MADE_EVENTS_HPP
