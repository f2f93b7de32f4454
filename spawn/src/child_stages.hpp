// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_CHILD_STAGES_HPP
#define SYSFD_SPAWN_SRC_CHILD_STAGES_HPP

#include <cstddef>
#include <mutex>
#include <vector>

#include <sysfd/child.hpp>

namespace sysfd {
inline namespace v0 {

// What the children of a pipeline share: those that were dropped. One may end only when another's
// pipes are closed: none is waited for before the last of them is dropped. Its functions are
// virtual so that a program that runs no pipeline is linked without them.
struct Child::Stages {
  explicit Stages(std::size_t count) { dropped.reserve(count); }
  virtual ~Stages();
  Stages(const Stages&) = delete;
  Stages& operator=(const Stages&) = delete;

  // Its pipes are closed. It is told to end, if its policy says so.
  virtual void take(Child&& child) noexcept;

  std::mutex mutex;
  std::vector<Child> dropped;
};

}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_CHILD_STAGES_HPP
