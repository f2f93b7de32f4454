// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_CHILD_STAGES_HPP
#define SYSFD_SPAWN_SRC_CHILD_STAGES_HPP

namespace sysfd {
inline namespace v0 {

class Child;

namespace detail {

// What the children of a pipeline share. One may end only when another's pipes are closed: none is
// waited for before the last of them is dropped. A program that runs no pipeline is linked without
// what implements this.
class ChildStages {
 public:
  ChildStages() = default;
  virtual ~ChildStages() = default;
  ChildStages(const ChildStages&) = delete;
  ChildStages& operator=(const ChildStages&) = delete;

  // Takes a child whose pipes are closed, and tells it to end if its policy says so.
  virtual void take(Child&& child) noexcept = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_CHILD_STAGES_HPP
