// SPDX-License-Identifier: MIT
#include "spec/argument_list.hpp"

#include <algorithm>

namespace sysfd {
inline namespace v0 {
namespace detail {

char* ArgumentList::room_for(std::size_t size) {
  constexpr std::size_t block_size = 1024;
  if (size > static_cast<std::size_t>(end_ - free_)) {
    const std::size_t block = std::max(size, block_size);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
    free_ = blocks_.back().get();
    end_ = free_ + block;
  }
  char* const room = free_;
  free_ += size;
  return room;
}

void ArgumentList::add(std::string_view text) {
  pointers_.reserve(pointers_.size() + 1);  // or nothing is changed
  char* const copy = room_for(text.size() + 1);
  text.copy(copy, text.size());
  copy[text.size()] = '\0';
  pointers_.back() = copy;
  pointers_.push_back(nullptr);
}

}  // namespace detail
}  // namespace v0
}  // namespace sysfd
