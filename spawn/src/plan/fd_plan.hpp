// SPDX-License-Identifier: MIT
//
// From "the child is to have these descriptors under these numbers" to a list of dup3 calls that
// never overwrites what a later one still needs.
#ifndef SYSFD_SPAWN_SRC_PLAN_FD_PLAN_HPP
#define SYSFD_SPAWN_SRC_PLAN_FD_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include <sysfd/spawn_error.hpp>

#include "in_child/child_args.hpp"
#include "spec/small_vector.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// One change of the child's descriptor table.
struct FdAction {
  enum class Kind {
    duplicate,  // dup3(source, target)
    save,       // the same, close-on-exec: puts a descriptor aside that is about to be overwritten
    keep,       // target is in its place already; exec must not close it
    inherit,    // target stays what it is; where exec would leave it closed, it is /dev/null
    open_null,  // opens /dev/null as target
  };
  Kind kind;
  int source;
  int target;
  SpawnStep step;  // the step to report on failure
  int index;
};

// What the child is to have as `target`.
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
  bool is_own = false;       // the source was made for this child
  bool is_borrowed = false;  // its owner may close it once spawn() has returned
};

// A plan, and the memory for it, which the next plan uses again.
class FdPlan {
 public:
  struct Pending : FdRequest {
    int readers;  // how many others still have to copy from the target's old content
  };
  struct Kept {
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
    kept_.clear();
    make_ = &FdPlan::make_streams;
    spares_open_ = spares_open;
  }
  void add(const FdRequest& request) {
    make_ = &FdPlan::make_any;
    add_stream(request);
  }
  // The same for a stream that is inherited or /dev/null, in the order 0, 1, 2. A program that adds
  // no other requests is linked without the planner of copies.
  void add_stream(const FdRequest& request) { requests_.push_back({request, 0}); }
  // A step of the child needs what `source` is in the parent after the plan was carried out; the
  // program does not.
  void keep_until_exec(int source, SpawnStep step, int index = -1, bool is_own = false) {
    make_ = &FdPlan::make_any;
    kept_.push_back({source, source, step, index, is_own});
  }

  // True if any descriptor is borrowed.
  bool borrows() const noexcept {
    return std::ranges::any_of(requests_, &FdRequest::is_borrowed) ||
           !std::ranges::all_of(kept_, &Kept::is_own);
  }

  // Replaces each source by the number that `lower` returns for it, except those that are kept
  // until exec as well.
  template <class Lower>
  void lower_sources(Lower lower) noexcept {
    for (Pending& request : requests_)
      if (request.kind == FdRequest::Kind::descriptor && !is_kept(request.source))
        request.source = lower(request.source);
  }

  // Plans. Returns a request whose target another one has too, if there is one.
  std::optional<FdRequest> make() { return (this->*make_)(); }

  std::span<const FdAction> actions() const noexcept { return span_of(actions_); }
  std::span<const Pending> requests() const noexcept { return span_of(requests_); }
  std::span<const Kept> kept() const noexcept { return span_of(kept_); }
  // The number that a source which is kept until exec has then.
  int place_of(int source) const noexcept;
  // One above the highest number that is a source, inherited, or kept until exec.
  unsigned first_unneeded() const noexcept { return first_unneeded_; }
  // What lies between those, from 3 on.
  std::span<const FdRange> gaps() const noexcept { return span_of(gaps_); }
  // True if one of those, from 3 on, is not to be there for the program under its own number.
  bool needs_until_exec() const noexcept { return needs_until_exec_; }

 private:
  template <class T, std::size_t N>
  static std::span<const T> span_of(const SmallVector<T, N>& all) noexcept {
    return {all.data(), all.size()};
  }
  bool is_kept(int source) const noexcept {
    return std::ranges::find(kept_, source, &Kept::source) != kept_.end();
  }
  void emit(FdAction::Kind kind, int source, int target, SpawnStep step, int index);
  std::optional<FdRequest> make_streams();
  std::optional<FdRequest> make_any();
  void find_gaps();
  void plan_copies();
  void save_overwritten();
  void plan_what_is_left();
  Pending* writer_of(int number) noexcept;
  void move(Pending& request);
  void break_cycle(Pending& request, int aside);
  int next_unused_number();

  SmallVector<Pending, 12> requests_;
  SmallVector<Pending*, 12> ready_;
  SmallVector<FdAction, 20> actions_;
  SmallVector<Kept, 6> kept_;
  SmallVector<FdRange, 12> gaps_;
  SmallVector<int, 32> numbers_;  // all that the requests and kept ones name, once it is needed
  std::optional<FdRequest> (FdPlan::*make_)() = &FdPlan::make_streams;
  int next_unused_ = 0;
  bool spares_open_ = false;
  unsigned first_unneeded_ = 0;
  bool needs_until_exec_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_FD_PLAN_HPP
