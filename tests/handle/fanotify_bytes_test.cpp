// SPDX-License-Identifier: MIT
//
// Tests events that no kernel has written. tests/fuzz/ has more of them.
#include <sysfd/fanotify.hpp>

#include <sys/fanotify.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "support/prelude.hpp"

#include "handle/made_events.hpp"
#include "handle/walk_events.hpp"
#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

EventCounts walk(std::span<const std::byte> bytes) {
  const EventBytes exact(bytes.begin(), bytes.end());  // a sanitizer sees where they end
  const EventCounts counts = walk_events(exact);
  EXPECT_STREQ(counts.broken_promise, nullptr);
  return counts;
}

// True if the event in these bytes, or one of its records, is refused.
bool is_refused(const EventBytes& event) {
  return walk(event).malformed;
}

template <class T>
EventBytes with(EventBytes bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

constexpr std::size_t first_record = sizeof(fanotify_event_metadata);
constexpr std::size_t record_size = first_record + offsetof(fanotify_event_info_header, len);
constexpr std::size_t handle_size = first_record + sizeof(fanotify_event_info_fid);
constexpr std::size_t handle_type = handle_size + 4;

TEST(FanotifyBytes, AreReadAsTheyWereWritten) {
  const EventBytes bytes = some_events();
  std::span<const std::byte> events(bytes);
  const auto first = take_event(events);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->mask, FAN_CREATE);
  EXPECT_EQ(first->pid, 42);
  EXPECT_FALSE(first->file);
  auto records = first->records;
  const auto fid = take_fid(records);
  ASSERT_TRUE(fid);
  EXPECT_EQ(fid->kind, FanotifyFidKind::dfid_name);
  EXPECT_EQ(fid->fsid, (FileSystemId{{11, 22}}));
  EXPECT_EQ(fid->handle.type(), 0x81);
  EXPECT_EQ(fid->handle.bytes().size(), 12U);
  EXPECT_EQ(fid->handle.bytes()[11], std::byte{12});
  EXPECT_FALSE(fid->handle.is_fid());
  EXPECT_EQ(fid->name, "name");
  EXPECT_EQ(error_of(take_fid(records)), std::errc::no_message_available);

  const EventCounts counts = walk(bytes);
  EXPECT_EQ(counts.events, 4);
  EXPECT_EQ(counts.fids, 6);
  EXPECT_FALSE(counts.malformed);
}

TEST(FanotifyBytes, NoneAreNoEvent) {
  std::span<const std::byte> nothing;
  EXPECT_EQ(error_of(take_event(nothing)), std::errc::no_message_available);
  EXPECT_EQ(error_of(take_fid(nothing)), std::errc::no_message_available);
}

TEST(FanotifyBytes, ARecordOfAnotherKindIsPassedOver) {
  const EventCounts counts =
      walk(event_of({pidfd_record(), fid_record(FAN_EVENT_INFO_TYPE_FID, 8), pidfd_record()}));
  EXPECT_EQ(counts.fids, 1);
  EXPECT_FALSE(counts.malformed);
}

// Returns the number of a file whose owner has released it.
std::int32_t released_number() {
  return some_file().release();
}

TEST(FanotifyBytes, TheProcessOfAnEventIsClosedWithIt) {
  const int number = released_number();
  const EventBytes bytes = event_of({fid_record(FAN_EVENT_INFO_TYPE_FID, 8), pidfd_record(number)});
  std::span<const std::byte> events(bytes);
  {
    const auto event = take_event(events);
    ASSERT_TRUE(event && event->process);
    EXPECT_EQ(event->process->get(), number);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(FanotifyBytes, TheProcessOfAnEventIsClosedAlsoBehindAMalformedRecord) {
  const int number = released_number();
  const EventBytes bytes =
      event_of({fid_record(FAN_EVENT_INFO_TYPE_FID, 129), pidfd_record(number)});
  std::span<const std::byte> events(bytes);
  {
    const auto event = take_event(events);
    ASSERT_TRUE(event);
    auto records = event->records;
    EXPECT_EQ(error_of(take_fid(records)), std::errc::bad_message);
  }
  EXPECT_FALSE(is_open(number));
}

TEST(FanotifyBytes, AProcessThatIsGoneIsNone) {
  for (const int none : {-1, -2}) {  // FAN_NOPIDFD, FAN_EPIDFD
    const EventBytes bytes = event_of({pidfd_record(none)});
    std::span<const std::byte> events(bytes);
    EXPECT_FALSE(must(take_event(events)).process);
  }
}

TEST(FanotifyBytes, EventsThatAreNotTakenAreClosed) {
  const int taken = released_number();
  std::vector<int> left;
  EventBytes bytes = event_of({}, taken);
  for (int i = 0; i < 3; ++i) {
    left.push_back(released_number());
    append_bytes(bytes, event_of({}, left.back()));
    left.push_back(released_number());
    append_bytes(bytes, event_of({pidfd_record(left.back())}));
  }
  std::optional<OwnedFd> file;
  {
    FanotifyEvents first(bytes);
    const auto begin = first.begin();
    ASSERT_NE(begin, first.end());
    auto& event = *begin;
    ASSERT_TRUE(event);
    EXPECT_EQ(event->file->get(), taken);
    file = std::move(event->file);
    FanotifyEvents moved(std::move(first));
    FanotifyEvents events({});
    events = std::move(moved);
    EXPECT_TRUE(std::ranges::all_of(left, is_open));
  }
  EXPECT_TRUE(std::ranges::none_of(left, is_open));
  EXPECT_TRUE(is_open(taken)) << "it is the caller's";
}

TEST(FanotifyBytes, MetadataThatHasGrownIsPassedOver) {
  EventBytes event = event_of({fid_record(FAN_EVENT_INFO_TYPE_FID, 8)});
  event.insert(event.begin() + first_record, 8, std::byte{0xee});
  event = with(event, offsetof(fanotify_event_metadata, event_len),
               static_cast<std::uint32_t>(event.size()));
  event = with(event, offsetof(fanotify_event_metadata, metadata_len),
               static_cast<std::uint16_t>(first_record + 8));
  const EventCounts counts = walk(event);
  EXPECT_EQ(counts.fids, 1);
  EXPECT_FALSE(counts.malformed);
}

TEST(FanotifyBytes, LengthsThatCannotBeAreRefused) {
  const EventBytes event = event_of({fid_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 8, "n", true)});
  ASSERT_FALSE(is_refused(event));
  const auto size = static_cast<std::uint32_t>(event.size());
  constexpr std::size_t event_len = offsetof(fanotify_event_metadata, event_len);
  for (const std::uint32_t wrong : {0U, 1U, 23U, size + 1, 0x7fffffffU, 0xffffffffU})
    EXPECT_TRUE(is_refused(with(event, event_len, wrong))) << wrong;
  constexpr std::size_t metadata_len = offsetof(fanotify_event_metadata, metadata_len);
  for (const int wrong : {0, 23, static_cast<int>(size) + 1, 0xffff})
    EXPECT_TRUE(is_refused(with(event, metadata_len, static_cast<std::uint16_t>(wrong)))) << wrong;
  for (const int wrong : {0, 3, 4, 19, static_cast<int>(size - first_record) + 1, 0xffff})
    EXPECT_TRUE(is_refused(with(event, record_size, static_cast<std::uint16_t>(wrong)))) << wrong;
  for (const std::uint32_t wrong : {12U, 129U, 0x7fffffffU, 0x80000000U, 0xffffffffU})
    EXPECT_TRUE(is_refused(with(event, handle_size, wrong))) << wrong;
  EXPECT_TRUE(is_refused(with(event, handle_type, std::int32_t{-1})));
  EXPECT_TRUE(is_refused(with(event, offsetof(fanotify_event_metadata, vers), std::uint8_t{2})));
}

TEST(FanotifyBytes, RecordsNeverBeginInsideOfTheMetadata) {
  constexpr std::size_t metadata_len = offsetof(fanotify_event_metadata, metadata_len);
  for (const int wrong : {0, 8, 16, 23}) {
    const EventBytes event = with(event_of({}), metadata_len, static_cast<std::uint16_t>(wrong));
    std::span<const std::byte> events(event);
    EXPECT_EQ(error_of(take_event(events)), std::errc::bad_message) << wrong;
    EXPECT_TRUE(events.empty());
  }
}

TEST(FanotifyBytes, AMalformedRecordIsTheLastOneOfARange) {
  const EventBytes event =
      event_of({fid_record(FAN_EVENT_INFO_TYPE_FID, 8), fid_record(FAN_EVENT_INFO_TYPE_FID, 129),
                fid_record(FAN_EVENT_INFO_TYPE_FID, 8)});
  std::span<const std::byte> events(event);
  const auto taken = must(take_event(events));
  std::vector<std::error_code> errors;
  for (const auto& fid : FanotifyFids(taken.records))
    errors.push_back(error_of(fid));
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0], std::error_code());
  EXPECT_EQ(errors[1], std::errc::bad_message);
}

TEST(FanotifyBytes, AHandleLargerThanTheLargestIsRefused) {
  EXPECT_FALSE(is_refused(event_of({fid_record(FAN_EVENT_INFO_TYPE_FID, 128)})));
  EXPECT_TRUE(is_refused(event_of({fid_record(FAN_EVENT_INFO_TYPE_FID, 129)})));
}

TEST(FanotifyBytes, ANameWithoutAnEndIsRefused) {
  EXPECT_TRUE(is_refused(event_of({fid_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 8, "four", false)})));
  EXPECT_TRUE(is_refused(event_of({fid_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 8)})));
}

TEST(FanotifyBytes, CutOffAnywhereAreRefused) {
  const EventBytes whole = event_of({fid_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 8, "n", true),
                                     fid_record(FAN_EVENT_INFO_TYPE_FID, 8)});
  for (std::size_t left = 1; left < whole.size(); ++left)
    EXPECT_TRUE(walk(std::span(whole).first(left)).malformed) << left;
  const EventBytes many = some_events();
  for (std::size_t left = 0; left < many.size(); ++left)
    (void)walk(std::span(many).first(left));
}

TEST(FanotifyBytes, AnythingElseEndsTheLoopsAndStaysInside) {
  const EventBytes good = some_events();
  std::mt19937 random(5);
  int malformed = 0;
  const int cases = fewer_if_sanitized(100'000);
  for (int i = 0; i < cases; ++i) {
    EventBytes bytes = good;
    for (auto changes = 1 + random() % 5; changes > 0; --changes) {
      constexpr unsigned char boundary_values[] = {0, 1, 4, 0x7f, 0x80, 0xff};
      const auto value = random() % 2 == 0 ? boundary_values[random() % 6] : random();
      bytes[random() % bytes.size()] = static_cast<std::byte>(value);
    }
    malformed += walk(bytes).malformed;
  }
  EXPECT_GT(malformed, cases / 10);
  EXPECT_LT(malformed, cases);
}

}  // namespace
}  // namespace sysfd_test
