// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_PLAN_STEPS_HPP
#define SYSFD_SPAWN_SRC_PLAN_STEPS_HPP

#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "in_child/child_args.hpp"
#include "spec/small_vector.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// The steps of a child, as they are collected in the parent, with what their arguments point to.
class Steps {
 public:
  void reserve(std::size_t count) { steps_.reserve(count); }
  void clear() noexcept {
    steps_.clear();
    kept_.clear();
  }

  // `call`: the number of a system call, or a Step::Action. `index`: see Step.
  template <class... Arguments>
    requires(sizeof...(Arguments) <= 5)
  void add(SpawnStep step, int index, long call, Arguments... arguments) {
    const long values[5] = {as_argument(arguments)...};
    push({call, values[0], values[1], values[2], values[3], values[4], step, index});
  }

  // A copy that lives as long as the steps.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  const T* keep(const T& value) {
    return static_cast<const T*>(keep(&value, sizeof value));
  }
  const void* keep(const void* data, std::size_t size) {
    kept_.push_back(std::make_unique<std::byte[]>(size));
    return std::memcpy(kept_.back().get(), data, size);
  }

  std::span<const Step> all() const noexcept { return {steps_.data(), steps_.size()}; }

 private:
  void push(const Step& step);

  template <class T>
  static long as_argument(T value) noexcept {
    if constexpr (std::is_pointer_v<T>)
      return reinterpret_cast<long>(value);
    else
      return static_cast<long>(value);
  }

  SmallVector<Step, 40> steps_;
  std::vector<std::unique_ptr<std::byte[]>> kept_;
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_PLAN_STEPS_HPP
