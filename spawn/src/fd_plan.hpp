// SPDX-License-Identifier: MIT
//
// From "the child shall have these descriptors under these numbers" to a list of dup3 calls that
// never overwrites what a later one still needs.
#ifndef SYSFD_SPAWN_SRC_FD_PLAN_HPP
#define SYSFD_SPAWN_SRC_FD_PLAN_HPP

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "job.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// What the child shall have as `target`.
struct FdRequest {
  enum class Kind {
    descriptor,  // what `source` is in the parent
    inherited,   // what `target` is in the parent, which is not close-on-exec
    null,        // /dev/null
  };
  Kind kind;
  int source;
  int target;
  SpawnStep step;
  int index;
};

// A plan, and the memory that making one takes, kept for the next time.
class FdPlan {
 public:
  // Makes room, so that making a plan for that many requests does not allocate.
  void reserve(std::size_t requests);

  // The requests of the plan to be made; their targets must be different and not negative.
  void clear() noexcept { requests_.clear(); }
  void add(const FdRequest& request) { requests_.push_back({request, 0}); }

  // Plans. Answers a request whose target another one has too, if there is one.
  std::optional<FdRequest> make();

  std::span<const FdAction> actions() const noexcept { return actions_; }
  // One above the highest number that a request has as its source, or inherits.
  unsigned first_unneeded() const noexcept { return first_unneeded_; }

 private:
  struct Pending : FdRequest {
    int readers;  // how many others still have to copy from the target's old content
  };
  void emit(FdAction::Kind kind, int source, int target, const FdRequest& request);
  Pending* writer_of(int number) noexcept;
  void move(Pending& request);
  void break_cycle(Pending& request, int aside);
  int unused_number();

  std::vector<Pending> requests_;
  std::vector<Pending*> ready_;
  std::vector<FdAction> actions_;
  std::vector<int> numbers_;
  unsigned first_unneeded_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_FD_PLAN_HPP
