// SPDX-License-Identifier: MIT
//
// From "the child shall have these descriptors under these numbers" to a list of dup3 calls that
// never overwrites what a later one still needs.
#ifndef SYSFD_SPAWN_SRC_FD_PLAN_HPP
#define SYSFD_SPAWN_SRC_FD_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <sysfd/spawn_error.hpp>

#include "job.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// One change of the child's descriptor table.
struct FdAction {
  enum class Kind {
    duplicate,  // dup3(source, target)
    save,       // the same, close-on-exec: puts a descriptor aside that is about to be overwritten
    keep,       // target is in its place already, and shall not be closed by exec
    inherit,    // target stays what it is; where exec would leave it closed, it is /dev/null
    open_null,  // opens /dev/null as target
  };
  Kind kind;
  int source;
  int target;
  SpawnStep step;  // whose fault it is if this fails
  int index;
};

// What the child shall have as `target`.
struct FdRequest {
  enum class Kind {
    descriptor,  // what `source` is in the parent
    inherited,   // what `target` is in the parent, or /dev/null where that is closed by exec
    like,        // what the child has as `source`, which is inherited
    null,        // /dev/null
  };
  Kind kind;
  int source;
  int target;
  SpawnStep step;
  int index;
  bool is_own = false;   // the source was made for this child, not said by anybody
  bool is_lent = false;  // it is somebody else's, who may close it once spawn() has returned
};

// A plan, and the memory that making one takes, kept for the next time.
class FdPlan {
 public:
  struct Pending : FdRequest {
    int readers;  // how many others still have to copy from the target's old content
  };
  struct Held {
    int source;
    int place;  // see place_of
    SpawnStep step;
    int index;
    bool is_own;
  };

  // Makes room, so that making a plan for that many requests does not allocate.
  void reserve(std::size_t requests);

  // The requests of the plan to be made; their targets must be different and not negative. With
  // `spares_open`, numbers that are needed for the time being are none that this process has open.
  void clear(bool spares_open = false) noexcept {
    requests_.clear();
    held_.clear();
    plan_copies_ = nullptr;
    spares_open_ = spares_open;
  }
  void add(const FdRequest& request) {
    plan_copies_ = &FdPlan::plan_copies;
    add_without_source(request);
  }
  // The same for one that copies nothing: a program that adds no other is linked without what plans
  // the copies.
  void add_without_source(const FdRequest& request) { requests_.push_back({request, 0}); }
  // Something else needs what `source` is in the parent after the plan was carried out; the program
  // does not.
  void hold(int source, SpawnStep step, int index = -1, bool is_own = false) {
    plan_copies_ = &FdPlan::plan_copies;
    held_.push_back({source, source, step, index, is_own});
  }

  // Whether any descriptor is lent.
  bool lends() const noexcept {
    return std::ranges::any_of(requests_, &FdRequest::is_lent) ||
           !std::ranges::all_of(held_, &Held::is_own);
  }

  // Has `lower` find another number for the same as each source, but for those that are held as
  // well.
  template <class Lower>
  void lower_sources(Lower lower) noexcept {
    for (Pending& request : requests_)
      if (request.kind == FdRequest::Kind::descriptor && !is_held(request.source))
        request.source = lower(request.source);
  }

  // Plans. Answers a request whose target another one has too, if there is one.
  std::optional<FdRequest> make();

  std::span<const FdAction> actions() const noexcept { return actions_; }
  std::span<const Pending> requests() const noexcept { return requests_; }
  std::span<const Held> held() const noexcept { return held_; }
  // The number under which a source that is held is to be found then.
  int place_of(int source) const noexcept;
  // One above the highest number that a request has as its source, inherits, or that is held.
  unsigned first_unneeded() const noexcept { return first_unneeded_; }
  // What lies between those, from 3 on.
  std::span<const FdRange> gaps() const noexcept { return gaps_; }
  // Whether one of those, from 3 on, is not to be there for the program under its own number.
  bool needs_until_exec() const noexcept { return needs_until_exec_; }

 private:
  bool is_held(int source) const noexcept {
    return std::ranges::find(held_, source, &Held::source) != held_.end();
  }
  void emit(FdAction::Kind kind, int source, int target, SpawnStep step, int index);
  void find_gaps();
  void plan_copies();
  void put_held_ones_aside();
  void plan_what_is_left();
  Pending* writer_of(int number) noexcept;
  void move(Pending& request);
  void break_cycle(Pending& request, int aside);
  int next_unused_number();

  std::vector<Pending> requests_;
  std::vector<Pending*> ready_;
  std::vector<FdAction> actions_;
  std::vector<Held> held_;
  std::vector<FdRange> gaps_;
  std::vector<int> numbers_;  // all that the requests and held ones name, once it is needed
  void (FdPlan::*plan_copies_)() = nullptr;
  int next_unused_ = 0;
  bool spares_open_ = false;
  unsigned first_unneeded_ = 0;
  bool needs_until_exec_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_FD_PLAN_HPP
