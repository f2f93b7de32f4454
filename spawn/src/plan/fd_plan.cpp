// SPDX-License-Identifier: MIT
//
// The requests are a parallel assignment: every target gets what its source was before any of them
// was carried out. Each request waits for those that read its target's old content (its readers).
// Where requests wait for each other in a circle, one number's content is put aside; that needs a
// number that no request names, which the child may take freely, as its table is its own.
#include "plan/fd_plan.hpp"

#include <fcntl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <functional>
#include <utility>

#include <sysfd/detail/raw_syscall.hpp>

namespace sysfd {
inline namespace v0 {
namespace detail {
namespace {

constexpr int done = -1;  // in place of the number of readers

// They are few, and mostly in order already. Each is inserted among those before it, or if they are
// many, std::sort_heap() sorts them: std::sort() would take two kilobytes of code.
template <class All, class Key = std::identity>
void sort(All& all, Key key = {}) {
  constexpr std::size_t few = 24;
  if (all.size() > few) {
    std::ranges::make_heap(all, {}, key);
    std::ranges::sort_heap(all, {}, key);
    return;
  }
  for (auto place = all.begin(); place != all.end(); ++place) {
    const auto value = *place;
    auto gap = place;
    for (; gap != all.begin() && std::invoke(key, value) < std::invoke(key, gap[-1]); --gap)
      *gap = gap[-1];
    if (gap != place) *gap = value;
  }
}

bool copies(const FdRequest& request) noexcept {
  return request.kind == FdRequest::Kind::descriptor && request.source != request.target;
}

}  // namespace

void FdPlan::reserve(std::size_t requests) {
  requests_.reserve(requests);
  ready_.reserve(requests);
  actions_.reserve(requests + requests / 2);  // at most one temporary copy for every two in a cycle
  numbers_.reserve(2 * requests);
  gaps_.reserve(requests + 1);
}

void FdPlan::emit(FdAction::Kind kind, int source, int target, SpawnStep step, int index) {
  actions_.push_back({kind, source, target, step, index});
}

FdPlan::Pending* FdPlan::writer_of(int number) noexcept {
  const auto found = std::ranges::lower_bound(requests_, number, {}, &Pending::target);
  return found != requests_.end() && found->target == number ? &*found : nullptr;
}

// The child copies 0, 1 and 2 of the table.
std::optional<FdRequest> FdPlan::make_streams() {
  actions_.clear();
  gaps_.clear();
  first_unneeded_ = 3;
  needs_until_exec_ = false;
  plan_what_is_left();
  return std::nullopt;
}

std::optional<FdRequest> FdPlan::make_any() {
  actions_.clear();
  ready_.clear();
  numbers_.clear();
  next_unused_ = 0;
  sort(requests_, &Pending::target);
  const auto twice = std::ranges::adjacent_find(requests_, {}, &Pending::target);
  if (twice != requests_.end()) {
    const auto given = [](const Pending& request) {
      return std::pair(request.step, request.index);
    };
    return std::ranges::max(twice[0], twice[1], {}, given);  // the later of the two is the mistake
  }

  find_gaps();
  plan_copies();
  plan_what_is_left();
  for (const Pending& request : requests_)
    if (request.kind == FdRequest::Kind::like)
      emit(FdAction::Kind::duplicate, request.source, request.target, request.step, request.index);
  return std::nullopt;
}

void FdPlan::plan_copies() {
  for (Pending& request : requests_)
    if (copies(request))
      if (Pending* writer = writer_of(request.source)) ++writer->readers;
  save_overwritten();

  // Those in their place already are never overwritten: targets differ. They, and /dev/null, read
  // nothing.
  std::size_t left = 0;
  for (Pending& request : requests_) {
    if (copies(request)) {
      ++left;
      if (request.readers == 0) ready_.push_back(&request);
    } else if (request.kind == FdRequest::Kind::descriptor) {
      emit(FdAction::Kind::keep, request.source, request.target, request.step, request.index);
    }
  }
  const auto move_all_ready = [&] {
    for (; !ready_.empty(); --left) {
      Pending& request = *ready_.back();
      ready_.pop_back();
      move(request);
    }
  };
  move_all_ready();
  const int aside = left > 0 ? next_unused_number() : -1;
  for (Pending& request : requests_) {
    if (left == 0) break;
    if (!copies(request) || request.readers == done) continue;
    break_cycle(request, aside);
    move_all_ready();
  }
}

// Last, when every number that was to be copied from is free to be taken. /dev/null is opened once
// to be read, as 0, and once to be written.
void FdPlan::plan_what_is_left() {
  const FdRequest* written_null = nullptr;
  for (const Pending& request : requests_) {
    const auto add = [&](FdAction::Kind kind, int source = -1) {
      emit(kind, source, request.target, request.step, request.index);
    };
    if (request.kind == FdRequest::Kind::inherited) {
      add(FdAction::Kind::inherit);
    } else if (request.kind == FdRequest::Kind::null && written_null) {
      add(FdAction::Kind::duplicate, written_null->target);
    } else if (request.kind == FdRequest::Kind::null) {
      add(FdAction::Kind::open_null);
      if (request.target != 0) written_null = &request;
    }
  }
}

void FdPlan::find_gaps() {
  gaps_.clear();
  for (const Pending& request : requests_) {
    const bool is_inherited = request.kind == FdRequest::Kind::inherited;
    if (is_inherited || request.kind == FdRequest::Kind::descriptor)
      numbers_.push_back(is_inherited ? request.target : request.source);
  }
  for (const Kept& kept : kept_)
    numbers_.push_back(kept.source);
  sort(numbers_);
  int next = 3;
  needs_until_exec_ = false;
  for (const int number : numbers_) {
    if (number >= 3 && !writer_of(number)) needs_until_exec_ = true;
    if (number > next)
      gaps_.push_back({static_cast<unsigned>(next), static_cast<unsigned>(number - 1)});
    next = std::max(next, number + 1);
  }
  first_unneeded_ = numbers_.empty() ? 0 : static_cast<unsigned>(numbers_.back() + 1);
  numbers_.clear();
}

void FdPlan::move(Pending& request) {
  emit(FdAction::Kind::duplicate, request.source, request.target, request.step, request.index);
  request.readers = done;
  Pending* writer = writer_of(request.source);
  if (writer && copies(*writer) && --writer->readers == 0) ready_.push_back(writer);
}

// When only circles are left, each number in one is read by exactly one request. The one that reads
// this target reads the copy instead, which leaves this request ready, and then the next, all
// around.
void FdPlan::break_cycle(Pending& request, int aside) {
  Pending* reader = &request;
  while (reader->source != request.target)
    reader = writer_of(reader->source);
  emit(FdAction::Kind::save, request.target, aside, reader->step, reader->index);
  reader->source = aside;
  request.readers = 0;
  ready_.push_back(&request);
}

// What is passed on as well is found under the number that it is passed as: a script's interpreter
// can open that one. What would be overwritten is copied first.
void FdPlan::save_overwritten() {
  for (Kept& kept : kept_) {
    const auto passed = std::ranges::find_if(requests_, [&](const FdRequest& request) {
      return request.kind == FdRequest::Kind::descriptor && request.source == kept.source;
    });
    const Pending* writer = writer_of(kept.source);
    if (passed != requests_.end()) {
      kept.place = passed->target;
    } else if (writer) {
      kept.place = next_unused_number();
      emit(FdAction::Kind::save, kept.source, kept.place, kept.step, kept.index);
    }
  }
}

int FdPlan::place_of(int source) const noexcept {
  const auto found = std::ranges::find(kept_, source, &Kept::source);
  return found != kept_.end() ? found->place : source;
}

int FdPlan::next_unused_number() {
  if (numbers_.empty()) {
    for (const Kept& kept : kept_)
      numbers_.push_back(kept.source);
    for (const Pending& request : requests_) {
      numbers_.push_back(request.target);
      if (request.kind == FdRequest::Kind::descriptor) numbers_.push_back(request.source);
    }
    sort(numbers_);
  }
  const int* used = std::ranges::lower_bound(numbers_, next_unused_);
  for (;; ++next_unused_) {
    while (used != numbers_.end() && *used < next_unused_)
      ++used;
    const bool is_named = used != numbers_.end() && *used == next_unused_;
    if (is_named || (spares_open_ && system_call(SYS_fcntl, next_unused_, F_GETFD) >= 0)) continue;
    return next_unused_++;
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
