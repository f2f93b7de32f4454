// SPDX-License-Identifier: MIT
//
// A vector whose first N elements are in itself: what a Command usually has takes one allocation,
// that of the Command.
#ifndef SYSFD_SPAWN_SRC_SPEC_SMALL_VECTOR_HPP
#define SYSFD_SPAWN_SRC_SPEC_SMALL_VECTOR_HPP

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace sysfd {
inline namespace v0 {
namespace detail {

// Moves `size` bytes of elements to newly allocated memory of `capacity` bytes. Frees `data` unless
// that is `inside`.
void* move_to_larger(void* data, const void* inside, std::size_t size, std::size_t capacity);

template <class T, std::size_t N>
class SmallVector {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t));

 public:
  SmallVector() noexcept : data_(inside()), capacity_(N) {}
  ~SmallVector() {
    if (data_ != inside()) ::operator delete(data_);
  }
  SmallVector(const SmallVector&) = delete;
  SmallVector& operator=(const SmallVector&) = delete;

  T* begin() noexcept { return data_; }
  T* end() noexcept { return data_ + size_; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }
  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }
  T& back() noexcept { return data_[size_ - 1]; }
  const T& back() const noexcept { return data_[size_ - 1]; }

  void clear() noexcept { size_ = 0; }
  void pop_back() noexcept { --size_; }
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) grow(capacity < 2 * capacity_ ? 2 * capacity_ : capacity);
  }
  void push_back(const T& value) {
    if (size_ == capacity_) [[unlikely]]
      return push_back_larger(value);
    data_[size_++] = value;
  }
  void append(const T* values, std::size_t count) {
    if (count == 0) return;
    if (count > capacity_ - size_) grow(2 * capacity_ + count);
    std::memcpy(static_cast<void*>(data_ + size_), values, count * element_size);
    size_ += count;
  }

 private:
  T* inside() noexcept { return reinterpret_cast<T*>(inside_); }
  [[gnu::noinline]] void push_back_larger(T value) {
    grow(2 * capacity_);
    data_[size_++] = value;
  }
  void grow(std::size_t capacity) {
    data_ = static_cast<T*>(
        move_to_larger(data_, inside_, size_ * element_size, capacity * element_size));
    capacity_ = capacity;
  }

  static constexpr std::size_t element_size = sizeof(T);  // NOLINT(bugprone-sizeof-expression)

  T* data_;
  std::size_t size_ = 0;
  std::size_t capacity_;
  alignas(T) std::byte inside_[N * element_size];  // not initialized
};

}  // namespace detail
}  // namespace v0
}  // namespace sysfd

#endif  // SYSFD_SPAWN_SRC_SPEC_SMALL_VECTOR_HPP
