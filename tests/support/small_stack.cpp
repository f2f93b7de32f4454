// SPDX-License-Identifier: MIT
#include "support/small_stack.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "support/sanitizers.hpp"

namespace sysfd_test {
namespace {

constexpr std::size_t stack_size = 16 * 1024;
constexpr std::size_t neighbour_size = 256 * 1024;
constexpr std::byte pattern{0x5a};

// Contains, from low to high addresses: the neighbour's memory, the guard page, the stack.
class Memory {
 public:
  Memory()
      : guard_size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
        begin_(::mmap(nullptr, size(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (!is_there()) return;
    std::ranges::fill(neighbour(), pattern);
    ::mprotect(neighbour().data() + neighbour_size, guard_size_, PROT_NONE);
  }
  ~Memory() {
    if (is_there()) ::munmap(begin_, size());
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  bool is_there() const { return begin_ != MAP_FAILED; }
  std::span<std::byte> neighbour() const {
    return {static_cast<std::byte*>(begin_), neighbour_size};
  }
  void* stack() const { return neighbour().data() + neighbour_size + guard_size_; }

 private:
  std::size_t size() const { return neighbour_size + guard_size_ + stack_size; }

  std::size_t guard_size_;
  void* begin_;
};

void* run(void* body) {
  (*static_cast<const std::function<void()>*>(body))();
  return nullptr;
}

}  // namespace

void run_on_small_stack(const std::function<void()>& body) {
  if (is_sanitized) GTEST_SKIP() << "needs to be without sanitizers, whose frames are larger";
  const Memory memory;
  ASSERT_TRUE(memory.is_there());
  pthread_attr_t attributes;
  ASSERT_EQ(::pthread_attr_init(&attributes), 0);
  pthread_t thread{};
  int error = ::pthread_attr_setstack(&attributes, memory.stack(), stack_size);
  if (error == 0)
    error = ::pthread_create(&thread, &attributes, &run, const_cast<std::function<void()>*>(&body));
  ::pthread_attr_destroy(&attributes);
  if (error == EINVAL) GTEST_SKIP() << "needs a machine where 16 KiB are enough for a thread";
  ASSERT_EQ(error, 0);
  ::pthread_join(thread, nullptr);
  const auto below = memory.neighbour();
  EXPECT_EQ(std::ranges::count(below, pattern), std::ssize(below))
      << "memory below the guard page was written to";
}

}  // namespace sysfd_test
