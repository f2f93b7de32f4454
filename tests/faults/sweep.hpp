// SPDX-License-Identifier: MIT
//
// Runs an operation again and again while each of its system calls fails in turn, with each
// plausible errno, and each of its allocations.
//
// The operation runs in a forked copy of the test program under a seccomp filter whose listener the
// test program has: it sees each call of the copy and of its children up to exec, and answers it or
// lets it run. A dry run learns the calls. They are told apart by who makes them (the caller, its
// first child, ...) and by their order.
#ifndef SYSFD_TESTS_FAULTS_SWEEP_HPP
#define SYSFD_TESTS_FAULTS_SWEEP_HPP

#include <cerrno>
#include <concepts>
#include <expected>
#include <functional>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

namespace sysfd_test {

// What an operation tells of its outcome: an errno, or 0.
int errno_of(std::error_code code);
inline int errno_of(bool succeeded) {
  return succeeded ? 0 : EIO;
}
template <std::signed_integral Code>  // of the C interface: -errno, or a value
int errno_of(Code code) {
  return code < 0 ? static_cast<int>(-code) : 0;
}
template <class Result>
  requires requires(const Result& result) { result.has_value(); }
int errno_of(const Result& result) {
  if (result.has_value()) return 0;
  if constexpr (requires { errno_of(std::error_code(result.error())); })
    return errno_of(std::error_code(result.error()));
  else
    return errno_of(result.error().code);
}

// Is given to each run of an operation.
class Sweep {
 public:
  // Runs the operation itself: what comes before it is set-up, what comes after it checks. Only its
  // system calls and allocations fail. Returns its result.
  template <class Call>
  auto operator()(Call call) {
#if defined(__cpp_exceptions)
    try {
      return run(call);
    } catch (...) {
      end(ENOMEM);
      throw;
    }
#else
    return run(call);
#endif
  }

  // Reports a fault of the operation: success without its effect, for example.
  void check(bool right, const char* what);
  // Says why this machine cannot run the operation. It must return then.
  void skip(const std::string& reason);
  // True if no call fails in this run.
  bool is_dry() const;
  // True if this system call has failed in this run.
  bool has_failed(long call) const;

 private:
  template <class Call>
  auto run(Call call) {
    begin();
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
      end(0);
    } else {
      auto result = call();
      end(errno_of(result));
      return result;
    }
  }
  void begin();
  void end(int error);
};

struct Operation {
  std::string name;
  std::function<void(Sweep&)> run;
  // The errors that the operation may report instead of the one that the call had: documented ones.
  struct Translation {
    long call;     // SYS_..., or -1: any
    int injected;  // or 0: any
    int reported;
  };
  std::vector<Translation> translations{};
  // Calls without which a child is left, as documented: a refused kill, for example.
  std::vector<long> leaves_child_without{};
  // Calls without which the program is stopped with a message (SIGABRT), as documented.
  std::vector<long> stops_without{};
  // Keeps descriptors after an error, which its object closes: a cache.
  bool keeps_descriptors = false;
  // Also has the terminal back after success: the program has ended.
  bool takes_terminal_back = false;
};

// What was found.
struct Swept {
  std::string skipped;  // the reason, or empty
  int calls = 0;
  int injections = 0;
  int missed = 0;  // runs in which the call did not come
  int failed_allocations = 0;
  std::vector<std::string> complaints;
};

// Sweeps one operation. Without `all`, each call fails with the first of its plausible errors and
// those that ask for a retry.
Swept sweep(const Operation& operation, bool all);

}  // namespace sysfd_test

#endif  // SYSFD_TESTS_FAULTS_SWEEP_HPP
