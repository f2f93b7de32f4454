// SPDX-License-Identifier: MIT
#ifndef SYSFD_SPAWN_SRC_SPEC_ARGUMENT_LIST_HPP
#define SYSFD_SPAWN_SRC_SPEC_ARGUMENT_LIST_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "spec/small_vector.hpp"

namespace sysfd {
inline namespace v0 {
namespace detail {

// The arguments of a program, as execve(2) takes them. The texts stay where they are.
class ArgumentList {
 public:
  // `first`: argument 0, which is not copied.
  explicit ArgumentList(const char* first) {
    pointers_.push_back(const_cast<char*>(first));  // execve(2) writes to none
    pointers_.push_back(nullptr);
  }
  ArgumentList(const ArgumentList&) = delete;
  ArgumentList& operator=(const ArgumentList&) = delete;

  void set_first(const char* first) noexcept { pointers_[0] = const_cast<char*>(first); }
  // Copies the text.
  void add(std::string_view text);

  // Ends with a null pointer.
  char* const* get() const noexcept { return pointers_.data(); }
  std::size_t size() const noexcept { return pointers_.size() - 1; }

 private:
  char* room_for(std::size_t size);

  SmallVector<char*, 16> pointers_;
  std::vector<std::unique_ptr<char[]>> blocks_;  // where the text is that is not in text_
  char* free_ = text_;
  char* end_ = text_ + sizeof text_;
  char text_[256];  // not initialized
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_SPEC_ARGUMENT_LIST_HPP
