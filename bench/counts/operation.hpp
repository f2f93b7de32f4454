// SPDX-License-Identifier: MIT
//
// Operations whose costs are counted, each beside its raw twin: the system calls that a careful
// user would make instead, with a look at what they answer.
#ifndef SYSFD_BENCH_COUNTS_OPERATION_HPP
#define SYSFD_BENCH_COUNTS_OPERATION_HPP

#include <unistd.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sysfd/result.hpp>

#include "counts/cost.hpp"

namespace sysfd_bench {

struct Operation {
  std::string name;
  Task raw;  // without a body: there is none
  Task ours;
};

using Operations = std::vector<Operation>;

// The operations of one module.
void add_ownedfd(Operations& operations);
void add_pidfd(Operations& operations);
void add_pidfd_waits(Operations& operations);
void add_handle(Operations& operations);
void add_sharing(Operations& operations);
void add_sharing_memory(Operations& operations);
void add_cgroup(Operations& operations);
void add_listen(Operations& operations);
void add_spawn(Operations& operations);
void add_landlock(Operations& operations);
void add_capi(Operations& operations);

// The copy ends, and nothing is counted: what is to be measured cannot be done here.
[[noreturn]] void give_up(const char* what);

template <class Value>
Value require(sysfd::Result<Value, std::error_code> result, const char* what) {
  if (!result) {
    errno = result.error().value();
    give_up(what);
  }
  if constexpr (!std::is_void_v<Value>) return *std::move(result);
}

// What a raw system call answers, after a look whether it is an error.
inline long checked(long answer) {
  if (answer < 0) give_up("raw system call");
  return answer;
}

// A descriptor of a raw twin. It is closed when nothing is counted any more.
struct RawFd {
  explicit RawFd(long answer) : number(static_cast<int>(checked(answer))) {}
  RawFd(const RawFd&) = delete;
  RawFd& operator=(const RawFd&) = delete;
  ~RawFd() { ::close(number); }
  int number;
};

// The compiler must believe that all of it is looked at.
template <class T>
void use(const T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

// Where a result stays until it is dropped. It is made there, and not moved.
template <class T>
class Kept {
 public:
  template <class Make>
  void make(Make& make) {
    use(*::new (static_cast<void*>(bytes_)) T(make()));
  }
  void drop() {
    T& value = *std::launder(reinterpret_cast<T*>(bytes_));
    if constexpr (requires {
                    value.has_value();
                    value.error();
                  })
      check(value);
    value.~T();
  }

 private:
  template <class Value, class Error>
  static void check(const sysfd::Result<Value, Error>& result) {
    if (result.has_value()) return;
    if constexpr (requires { result.error().value(); }) errno = result.error().value();
    give_up("sysfd");
  }

  alignas(T) std::byte bytes_[sizeof(T)];
};

struct Around {
  std::function<void()> before{};
  std::function<void()> after{};
  bool once = false;
  bool waits = false;  // for processes that it starts
};

// Counts `make`, but not what becomes of its result.
template <class Make>
Task task(Make make, const Around& around = {}) {
  using T = std::invoke_result_t<Make&>;
  if constexpr (std::is_void_v<T>) {
    return {make, around.before, around.after, around.once, around.waits};
  } else {
    const auto kept = std::make_shared<Kept<T>>();
    return {[kept, make]() mutable { kept->make(make); }, around.before,
            [kept, after = around.after] {
              kept->drop();
              if (after) after();
            },
            around.once, around.waits};
  }
}

template <class Raw, class Ours>
Operation compare(std::string name, Raw raw, Ours ours, const Around& around = {}) {
  return {std::move(name), task(raw, around), task(ours, around)};
}

// Of what has no raw twin, all is counted.
template <class Ours>
Operation alone(std::string name, Ours ours, const Around& around = {}) {
  return {std::move(name), {}, task(ours, around)};
}

}  // namespace sysfd_bench

#endif  // SYSFD_BENCH_COUNTS_OPERATION_HPP
